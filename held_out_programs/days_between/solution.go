package main

import "time"

func daysBetween(first string, second string) (int, error) {
	start, err := time.Parse("2006-01-02", first)
	if err != nil {
		return 0, err
	}
	end, err := time.Parse("2006-01-02", second)
	if err != nil {
		return 0, err
	}
	return int(end.Sub(start).Hours() / 24), nil
}
