package main

import (
	"sort"
	"strings"
)

func completePrefix(used map[string]int, prefix string, limit int) []string {
	var words []string
	for word := range used {
		if strings.HasPrefix(word, prefix) {
			words = append(words, word)
		}
	}
	sort.Slice(words, func(i, j int) bool {
		if used[words[i]] != used[words[j]] {
			return used[words[i]] > used[words[j]]
		}
		return words[i] < words[j]
	})
	if len(words) > limit {
		words = words[:limit]
	}
	return words
}
