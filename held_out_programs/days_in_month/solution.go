package main

import "fmt"

func daysInMonth(year int, month int) (int, error) {
	switch month {
	case 1, 3, 5, 7, 8, 10, 12:
		return 31, nil
	case 4, 6, 9, 11:
		return 30, nil
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29, nil
		}
		return 28, nil
	}
	return 0, fmt.Errorf("there is no month %d", month)
}
