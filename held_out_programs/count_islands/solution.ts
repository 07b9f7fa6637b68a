function countIslands(rows: string[]): number {
  const land = new Set<string>();
  rows.forEach((row, y) => [...row].forEach((square, x) => square === "#" && land.add(`${y},${x}`)));
  let islands = 0;
  for (const start of land) {
    islands++;
    const reached = [start];
    for (let place = reached.pop(); place !== undefined; place = reached.pop()) {
      land.delete(place);
      const [y, x] = place.split(",").map(Number);
      const neighbours = [`${y - 1},${x}`, `${y + 1},${x}`, `${y},${x - 1}`, `${y},${x + 1}`];
      reached.push(...neighbours.filter((neighbour) => land.has(neighbour)));
    }
  }
  return islands;
}
