package main

import (
	"errors"
	"math"
)

func savingsAfter(balance float64, rate float64, deposit float64, years int) (float64, error) {
	if years < 0 {
		return 0, errors.New("the number of years is negative")
	}
	for year := 0; year < years; year++ {
		balance += balance*rate/100 + deposit
	}
	return math.Round(balance*100) / 100, nil
}
