package main

func spiralOrder(table [][]int) []int {
	var order []int
	top, bottom := 0, len(table)-1
	left, right := 0, -1
	if len(table) > 0 {
		right = len(table[0]) - 1
	}
	for top <= bottom && left <= right {
		order = append(order, table[top][left:right+1]...)
		top++
		for row := top; row <= bottom; row++ {
			order = append(order, table[row][right])
		}
		right--
		if top <= bottom {
			for column := right; column >= left; column-- {
				order = append(order, table[bottom][column])
			}
			bottom--
		}
		if left <= right {
			for row := bottom; row >= top; row-- {
				order = append(order, table[row][left])
			}
			left++
		}
	}
	return order
}
