def count_islands(rows: list[str]) -> int:
    land = {(y, x) for y, row in enumerate(rows) for x, square in enumerate(row) if square == "#"}
    islands = 0
    while land:
        islands += 1
        reached = [land.pop()]
        while reached:
            y, x = reached.pop()
            for neighbour in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                if neighbour in land:
                    land.remove(neighbour)
                    reached.append(neighbour)
    return islands
