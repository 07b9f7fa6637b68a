def tree_height(parents: list[int]) -> int:
    height = 0
    for start in range(len(parents)):
        node, depth = start, 0
        while node != -1:
            depth += 1
            if depth > len(parents):
                raise ValueError("a node is its own ancestor")
            node = parents[node]
        height = max(height, depth)
    return height
