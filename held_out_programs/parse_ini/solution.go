package main

import (
	"fmt"
	"strings"
)

func parseIni(lines []string) (map[string]map[string]string, error) {
	sections := make(map[string]map[string]string)
	var section map[string]string
	for number, line := range lines {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, ";") || strings.HasPrefix(line, "#") {
			continue
		}
		if strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]") {
			name := strings.TrimSpace(line[1 : len(line)-1])
			if name == "" {
				return nil, fmt.Errorf("line %d: a section has no name", number+1)
			}
			if sections[name] == nil {
				sections[name] = make(map[string]string)
			}
			section = sections[name]
			continue
		}
		key, value, isSetting := strings.Cut(line, "=")
		key = strings.TrimSpace(key)
		if section == nil || !isSetting || key == "" {
			return nil, fmt.Errorf("line %d cannot be read: %s", number+1, line)
		}
		section[key] = strings.TrimSpace(value)
	}
	return sections, nil
}
