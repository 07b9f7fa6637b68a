package main

import (
	"strconv"
	"strings"
)

func undoHistory(commands []string) string {
	texts := []string{""}
	now := 0
	for _, command := range commands {
		kind, argument, _ := strings.Cut(command, " ")
		switch kind {
		case "undo":
			if now > 0 {
				now--
			}
		case "redo":
			if now < len(texts)-1 {
				now++
			}
		default:
			text := texts[now]
			if kind == "type" {
				text += argument
			} else if count, _ := strconv.Atoi(argument); count < len(text) {
				text = text[:len(text)-count]
			} else {
				text = ""
			}
			texts = append(texts[:now+1], text)
			now++
		}
	}
	return texts[now]
}
