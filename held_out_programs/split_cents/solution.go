package main

import (
	"errors"
	"sort"
)

func splitCents(amount int, weights []int) ([]int, error) {
	invalid := errors.New("the amount and weights must not be negative, nor all weights 0")
	total := 0
	for _, weight := range weights {
		if weight < 0 {
			return nil, invalid
		}
		total += weight
	}
	if amount < 0 || total == 0 {
		return nil, invalid
	}
	parts := make([]int, len(weights))
	order := make([]int, len(weights))
	left := amount
	for k, weight := range weights {
		parts[k] = amount * weight / total
		order[k] = k
		left -= parts[k]
	}
	sort.SliceStable(order, func(i, j int) bool {
		return amount*weights[order[i]]%total > amount*weights[order[j]]%total
	})
	for _, k := range order[:left] {
		parts[k]++
	}
	return parts, nil
}
