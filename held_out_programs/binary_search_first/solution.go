package main

import "sort"

func binarySearchFirst(values []int, target int) (int, bool) {
	position := sort.SearchInts(values, target)
	return position, position < len(values) && values[position] == target
}
