package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var duration = regexp.MustCompile(`^ *(?:(\d+)d)? *(?:(\d+)h)? *(?:(\d+)m)? *(?:(\d+)s)? *$`)

func parseDuration(text string) (int, error) {
	parts := duration.FindStringSubmatch(text)
	if parts == nil || strings.TrimSpace(text) == "" {
		return 0, fmt.Errorf("no duration: %q", text)
	}
	total := 0
	for unit, seconds := range []int{86400, 3600, 60, 1} {
		number, _ := strconv.Atoi(parts[unit+1])
		total += number * seconds
	}
	return total, nil
}
