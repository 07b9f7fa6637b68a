package main

import "errors"

func treeHeight(parents []int) (int, error) {
	children := make(map[int][]int)
	for node, parent := range parents {
		children[parent] = append(children[parent], node)
	}
	height, reached := 0, 0
	for level := children[-1]; len(level) > 0; height++ {
		reached += len(level)
		var next []int
		for _, node := range level {
			next = append(next, children[node]...)
		}
		level = next
	}
	if reached < len(parents) {
		return 0, errors.New("a node is its own ancestor")
	}
	return height, nil
}
