package main

import (
	"errors"
	"strings"
)

var lines = [8][3]int{{0, 1, 2}, {3, 4, 5}, {6, 7, 8}, {0, 3, 6}, {1, 4, 7}, {2, 5, 8}, {0, 4, 8}, {2, 4, 6}}

func ticTacToe(board []string) (string, error) {
	squares := strings.Join(board, "")
	difference := strings.Count(squares, "x") - strings.Count(squares, "o")
	if difference < -1 || difference > 1 {
		return "", errors.New("somebody moved twice")
	}
	winner := byte('-')
	for _, line := range lines {
		square := squares[line[0]]
		if square == '.' || square != squares[line[1]] || square != squares[line[2]] {
			continue
		}
		if winner != '-' && winner != square {
			return "", errors.New("both have won")
		}
		winner = square
	}
	return string(winner), nil
}
