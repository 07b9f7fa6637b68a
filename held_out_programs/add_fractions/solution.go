package main

import (
	"fmt"
	"math/big"
	"strings"
)

func addFractions(fractions []string) (string, error) {
	total := new(big.Rat)
	for _, text := range fractions {
		top, bottom, isFraction := strings.Cut(text, "/")
		if !isFraction {
			bottom = "1"
		}
		numerator, topOk := new(big.Int).SetString(top, 10)
		denominator, bottomOk := new(big.Int).SetString(bottom, 10)
		if !topOk || !bottomOk || denominator.Sign() == 0 {
			return "", fmt.Errorf("no fraction: %q", text)
		}
		total.Add(total, new(big.Rat).SetFrac(numerator, denominator))
	}
	return total.RatString(), nil
}
