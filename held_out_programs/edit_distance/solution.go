package main

func editDistance(first string, second string) int {
	previous := make([]int, len(second)+1)
	for column := range previous {
		previous[column] = column
	}
	for i := range first {
		current := []int{i + 1}
		for j := range second {
			shortest := previous[j]
			if first[i] != second[j] {
				shortest++
			}
			if deleted := previous[j+1] + 1; deleted < shortest {
				shortest = deleted
			}
			if inserted := current[j] + 1; inserted < shortest {
				shortest = inserted
			}
			current = append(current, shortest)
		}
		previous = current
	}
	return previous[len(second)]
}
