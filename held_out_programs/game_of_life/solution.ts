function gameOfLife(board: string[]): string[] {
  const counts = board.map((row) => [...row].map(() => 0));
  board.forEach((row, y) => {
    [...row].forEach((cell, x) => {
      if (cell !== "#") {
        return;
      }
      for (let near = y - 1; near <= y + 1; near++) {
        for (let beside = x - 1; beside <= x + 1; beside++) {
          if ((near !== y || beside !== x) && counts[near]?.[beside] !== undefined) {
            counts[near][beside]++;
          }
        }
      }
    });
  });
  return counts.map((row, y) =>
    row.map((count, x) => (count === 3 || (count === 2 && board[y][x] === "#") ? "#" : ".")).join(""),
  );
}
