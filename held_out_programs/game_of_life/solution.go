package main

import "strings"

type board []string

func (b board) isAlive(y, x int) bool {
	return y >= 0 && y < len(b) && x >= 0 && x < len(b[y]) && b[y][x] == '#'
}

func (b board) neighbours(y, x int) int {
	count := 0
	for dy := -1; dy <= 1; dy++ {
		for dx := -1; dx <= 1; dx++ {
			if (dy != 0 || dx != 0) && b.isAlive(y+dy, x+dx) {
				count++
			}
		}
	}
	return count
}

func gameOfLife(board []string) []string {
	return next(board)
}

func next(now board) []string {
	rows := make([]string, len(now))
	for y, row := range now {
		var line strings.Builder
		for x := range row {
			count := now.neighbours(y, x)
			if count == 3 || count == 2 && now.isAlive(y, x) {
				line.WriteByte('#')
			} else {
				line.WriteByte('.')
			}
		}
		rows[y] = line.String()
	}
	return rows
}
