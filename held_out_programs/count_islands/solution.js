function countIslands(rows) {
  const map = rows.map((row) => [...row]);

  const sink = (y, x) => {
    if (map[y]?.[x] !== "#") {
      return 0;
    }
    map[y][x] = ".";
    sink(y - 1, x);
    sink(y + 1, x);
    sink(y, x - 1);
    sink(y, x + 1);
    return 1;
  };

  return map.reduce((islands, row, y) => row.reduce((sum, _, x) => sum + sink(y, x), islands), 0);
}
