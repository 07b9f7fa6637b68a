package main

import "strings"

func wordFrequencies(text string) map[string]int {
	isOutside := func(character rune) bool {
		return character != '\'' && (character < 'a' || character > 'z')
	}
	counts := make(map[string]int)
	for _, word := range strings.FieldsFunc(strings.ToLower(text), isOutside) {
		if word = strings.Trim(word, "'"); word != "" {
			counts[word]++
		}
	}
	return counts
}
