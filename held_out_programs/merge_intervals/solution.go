package main

import "sort"

func mergeIntervals(intervals [][]int) [][]int {
	sorted := append([][]int(nil), intervals...)
	sort.Slice(sorted, func(i, j int) bool { return sorted[i][0] < sorted[j][0] })
	var merged [][]int
	for _, interval := range sorted {
		start, end := interval[0], interval[1]
		if last := len(merged) - 1; last >= 0 && start <= merged[last][1] {
			if end > merged[last][1] {
				merged[last][1] = end
			}
			continue
		}
		merged = append(merged, []int{start, end})
	}
	return merged
}
