package main

import "sort"

func nextPermutation(values []int) ([]int, bool) {
	next := append([]int(nil), values...)
	pivot := len(next) - 2
	for pivot >= 0 && next[pivot] >= next[pivot+1] {
		pivot--
	}
	if pivot < 0 {
		return nil, false
	}
	tail := next[pivot+1:]
	sort.Ints(tail)
	larger := sort.SearchInts(tail, next[pivot]+1)
	next[pivot], tail[larger] = tail[larger], next[pivot]
	return next, true
}
