package main

import (
	"strings"
	"unicode"
)

func camelToSnake(name string) string {
	var snake strings.Builder
	runes := []rune(name)
	for k, letter := range runes {
		if k > 0 && unicode.IsUpper(letter) {
			afterCapital := unicode.IsUpper(runes[k-1])
			beforeSmall := k+1 < len(runes) && unicode.IsLower(runes[k+1])
			if !afterCapital || beforeSmall {
				snake.WriteByte('_')
			}
		}
		snake.WriteRune(unicode.ToLower(letter))
	}
	return snake.String()
}
