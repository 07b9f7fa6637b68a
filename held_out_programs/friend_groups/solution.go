package main

import "sort"

type friendships map[string]string

func (f friendships) root(name string) string {
	parent, known := f[name]
	if !known {
		f[name] = name
		return name
	}
	if parent == name {
		return name
	}
	root := f.root(parent)
	f[name] = root
	return root
}

func friendGroups(pairs [][]string) [][]string {
	parents := make(friendships)
	for _, pair := range pairs {
		parents[parents.root(pair[0])] = parents.root(pair[1])
	}
	byRoot := make(map[string][]string)
	for name := range parents {
		root := parents.root(name)
		byRoot[root] = append(byRoot[root], name)
	}
	var groups [][]string
	for _, group := range byRoot {
		sort.Strings(group)
		groups = append(groups, group)
	}
	sort.Slice(groups, func(i, j int) bool { return groups[i][0] < groups[j][0] })
	return groups
}
