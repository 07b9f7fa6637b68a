package main

import "fmt"

func turnstile(events []string) ([]int, error) {
	var passed, returned, refused int
	locked := true
	for _, event := range events {
		switch {
		case event == "coin" && locked:
			locked = false
		case event == "coin":
			returned++
		case event == "push" && locked:
			refused++
		case event == "push":
			passed++
			locked = true
		default:
			return nil, fmt.Errorf("unknown event %q", event)
		}
	}
	return []int{passed, returned, refused}, nil
}
