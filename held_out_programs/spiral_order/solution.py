def spiral_order(table: list[list[int]]) -> list[int]:
    order: list[int] = []
    rows = [list(row) for row in table]
    while rows:
        order += rows.pop(0)
        rows = [list(row) for row in zip(*rows, strict=True)][::-1]  # the rest, its last column on top
    return order
