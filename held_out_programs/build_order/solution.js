function buildOrder(needs) {
  const waiting = new Map([...needs].sort(([a], [b]) => (a < b ? -1 : 1)));
  const order = [];
  const built = new Set();
  while (waiting.size > 0) {
    const next = [...waiting.keys()].find((name) => waiting.get(name).every((need) => built.has(need)));
    if (next === undefined) {
      throw new Error(`packages need each other: ${[...waiting.keys()]}`);
    }
    order.push(next);
    built.add(next);
    waiting.delete(next);
  }
  return order;
}
