package main

var openings = map[rune]rune{')': '(', ']': '[', '}': '{'}

func bracketError(text string) (int, bool) {
	var opened []int
	for position, character := range text {
		switch character {
		case '(', '[', '{':
			opened = append(opened, position)
		case ')', ']', '}':
			last := len(opened) - 1
			if last < 0 || rune(text[opened[last]]) != openings[character] {
				return position, true
			}
			opened = opened[:last]
		}
	}
	if len(opened) == 0 {
		return 0, false
	}
	return opened[len(opened)-1], true
}
