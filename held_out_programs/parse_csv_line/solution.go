package main

import (
	"errors"
	"strings"
)

func parseCsvLine(line string) ([]string, error) {
	var fields []string
	for {
		if !strings.HasPrefix(line, `"`) {
			field, rest, more := strings.Cut(line, ",")
			fields = append(fields, field)
			if !more {
				return fields, nil
			}
			line = rest
			continue
		}
		var field strings.Builder
		line = line[1:]
		for {
			part, rest, closed := strings.Cut(line, `"`)
			if !closed {
				return nil, errors.New("a quote is not closed")
			}
			field.WriteString(part)
			line = rest
			if !strings.HasPrefix(line, `"`) {
				break
			}
			field.WriteByte('"')
			line = line[1:]
		}
		fields = append(fields, field.String())
		if line == "" {
			return fields, nil
		}
		if line[0] != ',' {
			return nil, errors.New("a quoted field is not followed by a comma")
		}
		line = line[1:]
	}
}
