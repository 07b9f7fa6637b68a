package main

import "strings"

func passwordProblems(password string) []string {
	var problems []string
	note := func(isProblem bool, name string) {
		if isProblem {
			problems = append(problems, name)
		}
	}
	lacks := func(first, last rune) bool {
		return strings.IndexFunc(password, func(character rune) bool {
			return first <= character && character <= last
		}) < 0
	}
	repeats := false
	for k := 2; k < len(password); k++ {
		if password[k] == password[k-1] && password[k] == password[k-2] {
			repeats = true
		}
	}
	note(len(password) < 8, "short")
	note(lacks('A', 'Z'), "upper")
	note(lacks('a', 'z'), "lower")
	note(lacks('0', '9'), "digit")
	note(strings.Contains(password, " "), "space")
	note(repeats, "repeat")
	return problems
}
