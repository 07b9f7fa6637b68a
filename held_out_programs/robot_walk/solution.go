package main

import (
	"fmt"
	"strconv"
	"strings"
)

func robotWalk(commands []string) ([]int, error) {
	steps := [4][2]int{{0, 1}, {1, 0}, {0, -1}, {-1, 0}}
	east, north, direction := 0, 0, 0
	for _, command := range commands {
		switch {
		case command == "L":
			direction = (direction + 3) % 4
		case command == "R":
			direction = (direction + 1) % 4
		case strings.HasPrefix(command, "F"):
			distance, err := strconv.Atoi(command[1:])
			if err != nil {
				return nil, err
			}
			east += steps[direction][0] * distance
			north += steps[direction][1] * distance
		default:
			return nil, fmt.Errorf("unknown command %q", command)
		}
	}
	return []int{east, north, direction}, nil
}
