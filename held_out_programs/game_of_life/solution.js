function gameOfLife(board) {
  const isAlive = (y, x) => board[y]?.[x] === "#";
  const steps = [-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => [dy, dx])).filter(([dy, dx]) => dy || dx);
  return board.map((row, y) =>
    [...row]
      .map((_, x) => {
        const neighbours = steps.filter(([dy, dx]) => isAlive(y + dy, x + dx)).length;
        return neighbours === 3 || (neighbours === 2 && isAlive(y, x)) ? "#" : ".";
      })
      .join(""),
  );
}
