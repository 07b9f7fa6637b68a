function shortestRoute(roads: Map<string, Map<string, number>>, start: string, goal: string): number | null {
  const distances = new Map<string, number>([[start, 0]]);
  const queue: string[] = [start];
  for (let place = queue.shift(); place !== undefined; place = queue.shift()) {
    for (const [neighbour, length] of roads.get(place) ?? []) {
      const distance = distances.get(place)! + length;
      if (distance < (distances.get(neighbour) ?? Infinity)) {
        distances.set(neighbour, distance);
        queue.push(neighbour);
      }
    }
  }
  return distances.get(goal) ?? null;
}
