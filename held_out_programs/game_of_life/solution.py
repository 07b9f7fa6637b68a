from itertools import product


def game_of_life(board: list[str]) -> list[str]:
    alive = {(y, x) for y, row in enumerate(board) for x, cell in enumerate(row) if cell == "#"}

    def lives_on(y: int, x: int) -> bool:
        around = {(y + dy, x + dx) for dy, dx in product((-1, 0, 1), repeat=2)} - {(y, x)}
        neighbours = len(around & alive)
        return neighbours == 3 or (neighbours == 2 and (y, x) in alive)

    return ["".join("#" if lives_on(y, x) else "." for x in range(len(row))) for y, row in enumerate(board)]
