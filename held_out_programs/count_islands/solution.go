package main

func countIslands(rows []string) int {
	type place struct{ y, x int }
	land := make(map[place]bool)
	for y, row := range rows {
		for x, square := range row {
			if square == '#' {
				land[place{y, x}] = true
			}
		}
	}
	islands := 0
	for len(land) > 0 {
		islands++
		var reached []place
		for start := range land {
			reached = append(reached, start)
			break
		}
		for len(reached) > 0 {
			last := reached[len(reached)-1]
			reached = reached[:len(reached)-1]
			if !land[last] {
				continue
			}
			delete(land, last)
			y, x := last.y, last.x
			reached = append(reached, place{y - 1, x}, place{y + 1, x}, place{y, x - 1}, place{y, x + 1})
		}
	}
	return islands
}
