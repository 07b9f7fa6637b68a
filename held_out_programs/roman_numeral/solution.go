package main

import (
	"fmt"
	"strings"
)

var numerals = []struct {
	value   int
	letters string
}{
	{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"},
	{50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"},
}

func romanNumeral(number int) (string, error) {
	if number < 1 || number > 3999 {
		return "", fmt.Errorf("%d has no Roman numeral", number)
	}
	var numeral strings.Builder
	for _, one := range numerals {
		for number >= one.value {
			numeral.WriteString(one.letters)
			number -= one.value
		}
	}
	return numeral.String(), nil
}
