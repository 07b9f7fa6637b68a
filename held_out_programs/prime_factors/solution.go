package main

import "fmt"

func primeFactors(number int) ([]int, error) {
	if number < 1 {
		return nil, fmt.Errorf("%d has no prime factors", number)
	}
	var factors []int
	for divisor := 2; divisor*divisor <= number; divisor++ {
		for number%divisor == 0 {
			factors = append(factors, divisor)
			number /= divisor
		}
	}
	if number > 1 {
		factors = append(factors, number)
	}
	return factors, nil
}
