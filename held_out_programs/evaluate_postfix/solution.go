package main

import (
	"fmt"
	"strconv"
	"strings"
)

func evaluatePostfix(expression string) (int, error) {
	var values []int
	for _, word := range strings.Fields(expression) {
		if number, err := strconv.Atoi(word); err == nil {
			values = append(values, number)
			continue
		}
		last := len(values) - 2
		if last < 0 {
			return 0, fmt.Errorf("%s lacks an operand", word)
		}
		left, right := values[last], values[last+1]
		values = values[:last+1]
		switch word {
		case "+":
			values[last] = left + right
		case "-":
			values[last] = left - right
		case "*":
			values[last] = left * right
		default:
			return 0, fmt.Errorf("unknown word %s", word)
		}
	}
	if len(values) != 1 {
		return 0, fmt.Errorf("%d values are left", len(values))
	}
	return values[0], nil
}
