package main

import (
	"fmt"
	"regexp"
)

var field = regexp.MustCompile(`\{\{ *(\w+) *\}\}`)

func fillTemplate(template string, values map[string]string) (string, error) {
	var failure error
	filled := field.ReplaceAllStringFunc(template, func(match string) string {
		name := field.FindStringSubmatch(match)[1]
		value, known := values[name]
		if !known {
			failure = fmt.Errorf("%s has no value", name)
		}
		return value
	})
	return filled, failure
}
