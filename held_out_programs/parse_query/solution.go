package main

import (
	"net/url"
	"strings"
)

func parseQuery(query string) (map[string][]string, error) {
	values := make(map[string][]string)
	for _, part := range strings.Split(query, "&") {
		if part == "" {
			continue
		}
		key, value, _ := strings.Cut(part, "=")
		key, err := url.QueryUnescape(key)
		if err != nil {
			return nil, err
		}
		value, err = url.QueryUnescape(value)
		if err != nil {
			return nil, err
		}
		values[key] = append(values[key], value)
	}
	return values, nil
}
