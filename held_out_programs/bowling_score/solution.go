package main

import "errors"

func bowlingScore(rolls []int) (int, error) {
	for _, pins := range rolls {
		if pins < 0 || pins > 10 {
			return 0, errors.New("a roll is not from 0 to 10")
		}
	}
	score, first, end := 0, 0, 0
	for frame := 0; frame < 10; frame++ {
		if first+2 > len(rolls) {
			return 0, errors.New("rolls are missing")
		}
		isStrike := rolls[first] == 10
		pins := rolls[first] + rolls[first+1]
		end = first + 2
		if isStrike || pins == 10 {
			end++
		} else if pins > 10 {
			return 0, errors.New("a frame has more than ten pins")
		}
		if end > len(rolls) {
			return 0, errors.New("rolls are missing")
		}
		for _, pins := range rolls[first:end] {
			score += pins
		}
		first += 2
		if isStrike {
			first--
		}
	}
	if end != len(rolls) {
		return 0, errors.New("rolls are left over")
	}
	return score, nil
}
