package main

import "errors"

func checkoutTime(minutes []int, tills int) (int, error) {
	if tills < 1 {
		return 0, errors.New("there is no till")
	}
	freeAt := make([]int, tills)
	last := 0
	for _, needed := range minutes {
		first := 0
		for till, free := range freeAt {
			if free < freeAt[first] {
				first = till
			}
		}
		freeAt[first] += needed
		if freeAt[first] > last {
			last = freeAt[first]
		}
	}
	return last, nil
}
