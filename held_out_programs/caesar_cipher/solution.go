package main

import "strings"

func caesarCipher(text string, shift int) string {
	forward := rune((shift%26 + 26) % 26)
	return strings.Map(func(letter rune) rune {
		switch {
		case letter >= 'a' && letter <= 'z':
			return 'a' + (letter-'a'+forward)%26
		case letter >= 'A' && letter <= 'Z':
			return 'A' + (letter-'A'+forward)%26
		}
		return letter
	}, text)
}
