package main

import (
	"strconv"
	"strings"
)

func compareVersions(first string, second string) (int, error) {
	one, err := numbers(first)
	if err != nil {
		return 0, err
	}
	other, err := numbers(second)
	if err != nil {
		return 0, err
	}
	for len(one) < len(other) {
		one = append(one, 0)
	}
	for len(other) < len(one) {
		other = append(other, 0)
	}
	for k := range one {
		if one[k] < other[k] {
			return -1, nil
		}
		if one[k] > other[k] {
			return 1, nil
		}
	}
	return 0, nil
}

func numbers(version string) ([]uint64, error) {
	var parsed []uint64
	for _, part := range strings.Split(version, ".") {
		number, err := strconv.ParseUint(part, 10, 32)
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, number)
	}
	return parsed, nil
}
