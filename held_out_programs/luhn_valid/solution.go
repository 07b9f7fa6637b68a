package main

import "strings"

func luhnValid(number string) bool {
	digits := strings.ReplaceAll(number, " ", "")
	if len(digits) < 2 {
		return false
	}
	sum := 0
	for place, character := range digits {
		if character < '0' || character > '9' {
			return false
		}
		digit := int(character - '0')
		if (len(digits)-place)%2 == 0 {
			digit *= 2
			if digit > 9 {
				digit -= 9
			}
		}
		sum += digit
	}
	return sum%10 == 0
}
