package main

import (
	"container/list"
	"fmt"
	"strings"
)

type entry struct{ key, value string }

func lruCache(capacity int, operations []string) ([]string, error) {
	if capacity < 1 {
		return nil, fmt.Errorf("a cache of %d entries holds nothing", capacity)
	}
	elements := make(map[string]*list.Element)
	used := list.New()
	var answers []string
	for _, operation := range operations {
		words := strings.Fields(operation)
		element, known := elements[words[1]]
		if known {
			used.MoveToFront(element)
		}
		switch {
		case words[0] == "get" && known:
			answers = append(answers, element.Value.(*entry).value)
		case words[0] == "get":
			answers = append(answers, "-")
		case known:
			element.Value.(*entry).value = words[2]
		default:
			elements[words[1]] = used.PushFront(&entry{words[1], words[2]})
		}
		if used.Len() > capacity {
			oldest := used.Remove(used.Back()).(*entry)
			delete(elements, oldest.key)
		}
	}
	return answers, nil
}
