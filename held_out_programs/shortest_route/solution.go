package main

import "container/heap"

type stop struct {
	place    string
	distance int
}

type stops []stop

func (s stops) Len() int            { return len(s) }
func (s stops) Less(i, j int) bool  { return s[i].distance < s[j].distance }
func (s stops) Swap(i, j int)       { s[i], s[j] = s[j], s[i] }
func (s *stops) Push(x interface{}) { *s = append(*s, x.(stop)) }
func (s *stops) Pop() interface{} {
	last := len(*s) - 1
	popped := (*s)[last]
	*s = (*s)[:last]
	return popped
}

func shortestRoute(roads map[string]map[string]int, start string, goal string) (int, bool) {
	settled := make(map[string]bool)
	queue := &stops{{start, 0}}
	for queue.Len() > 0 {
		next := heap.Pop(queue).(stop)
		if next.place == goal {
			return next.distance, true
		}
		if settled[next.place] {
			continue
		}
		settled[next.place] = true
		for place, length := range roads[next.place] {
			heap.Push(queue, stop{place, next.distance + length})
		}
	}
	return 0, false
}
