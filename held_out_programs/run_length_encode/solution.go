package main

import (
	"strconv"
	"strings"
)

func runLengthEncode(text string) string {
	var encoded strings.Builder
	runes := []rune(text)
	for start := 0; start < len(runes); {
		end := start
		for end < len(runes) && runes[end] == runes[start] {
			end++
		}
		if end-start > 1 {
			encoded.WriteString(strconv.Itoa(end - start))
		}
		encoded.WriteRune(runes[start])
		start = end
	}
	return encoded.String()
}
