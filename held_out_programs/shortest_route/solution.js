function shortestRoute(roads, start, goal) {
  const distances = new Map([[start, 0]]);
  const open = new Set([start]);
  while (open.size > 0) {
    const place = [...open].reduce((a, b) => (distances.get(a) <= distances.get(b) ? a : b));
    open.delete(place);
    for (const [neighbour, length] of roads.get(place) ?? []) {
      const distance = distances.get(place) + length;
      if (distance < (distances.get(neighbour) ?? Infinity)) {
        distances.set(neighbour, distance);
        open.add(neighbour);
      }
    }
  }
  return distances.get(goal) ?? null;
}
