package main

import "fmt"

func movingAverage(values []float64, width int) ([]float64, error) {
	if width < 1 || width > len(values) {
		return nil, fmt.Errorf("%d values have no window of %d", len(values), width)
	}
	means := make([]float64, 0, len(values)-width+1)
	for start := 0; start+width <= len(values); start++ {
		sum := 0.0
		for _, value := range values[start : start+width] {
			sum += value
		}
		means = append(means, sum/float64(width))
	}
	return means, nil
}
