package main

import (
	"fmt"
	"sort"
)

func buildOrder(needs map[string][]string) ([]string, error) {
	missing := make(map[string]int, len(needs))
	neededBy := make(map[string][]string)
	var ready []string
	for name, needed := range needs {
		missing[name] = len(needed)
		for _, other := range needed {
			neededBy[other] = append(neededBy[other], name)
		}
		if len(needed) == 0 {
			ready = append(ready, name)
		}
	}
	var order []string
	for len(ready) > 0 {
		sort.Strings(ready)
		next := ready[0]
		ready = ready[1:]
		order = append(order, next)
		for _, name := range neededBy[next] {
			if missing[name]--; missing[name] == 0 {
				ready = append(ready, name)
			}
		}
	}
	if len(order) < len(needs) {
		return nil, fmt.Errorf("%d packages need each other", len(needs)-len(order))
	}
	return order, nil
}
