package main

import (
	"fmt"
	"strconv"
)

func formatMoney(cents int64, currency string) string {
	sign := ""
	if cents < 0 {
		sign = "-"
		cents = -cents
	}
	whole := strconv.FormatInt(cents/100, 10)
	for end := len(whole) - 3; end > 0; end -= 3 {
		whole = whole[:end] + "," + whole[end:]
	}
	return fmt.Sprintf("%s%s%s.%02d", sign, currency, whole, cents%100)
}
