function editDistance(first: string, second: string): number {
  const known = new Map<string, number>();

  function distance(i: number, j: number): number {
    if (i === 0 || j === 0) {
      return i + j;
    }
    const key = `${i},${j}`;
    let shortest = known.get(key);
    if (shortest === undefined) {
      const replaced = distance(i - 1, j - 1) + (first[i - 1] === second[j - 1] ? 0 : 1);
      shortest = Math.min(distance(i - 1, j) + 1, distance(i, j - 1) + 1, replaced);
      known.set(key, shortest);
    }
    return shortest;
  }

  return distance(first.length, second.length);
}
