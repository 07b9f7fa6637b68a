package main

import "sort"

func longestIncreasingSubsequence(values []int) int {
	var tails []int
	for _, value := range values {
		place := sort.SearchInts(tails, value)
		if place == len(tails) {
			tails = append(tails, value)
		} else {
			tails[place] = value
		}
	}
	return len(tails)
}
