package main

import "sort"

func freeSlots(meetings [][]int, opens int, closes int, shortest int) [][]int {
	sorted := append([][]int{{closes, closes}}, meetings...)
	sort.Slice(sorted, func(i, j int) bool { return sorted[i][0] < sorted[j][0] })
	var slots [][]int
	free := opens
	for _, meeting := range sorted {
		until := meeting[0]
		if until > closes {
			until = closes
		}
		if until-free >= shortest {
			slots = append(slots, []int{free, until})
		}
		if meeting[1] > free {
			free = meeting[1]
		}
	}
	return slots
}
