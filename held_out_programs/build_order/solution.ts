function buildOrder(needs: Map<string, string[]>): string[] {
  const waiting = [...needs.keys()].sort();
  const built = new Set<string>();
  while (waiting.length > 0) {
    const next = waiting.findIndex((name) => needs.get(name)!.every((need) => built.has(need)));
    if (next === -1) {
      throw new Error(`packages need each other: ${waiting.join(", ")}`);
    }
    built.add(waiting[next]);
    waiting.splice(next, 1);
  }
  return [...built];
}
