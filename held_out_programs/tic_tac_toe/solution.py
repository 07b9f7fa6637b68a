def tic_tac_toe(board: list[str]) -> str:
    squares = "".join(board)
    if abs(squares.count("x") - squares.count("o")) > 1:
        raise ValueError("somebody moved twice")
    rows = [squares[k : k + 3] for k in (0, 3, 6)]
    columns = [squares[k::3] for k in range(3)]
    diagonals = [squares[::4], squares[2:7:2]]
    lines = rows + columns + diagonals
    winners = [player for player in "xo" if player * 3 in lines]
    if len(winners) > 1:
        raise ValueError("both have won")
    return winners[0] if winners else "-"
