function completePrefix(used: Map<string, number>, prefix: string, limit: number): string[] {
  const words = [...used.keys()].filter((word) => word.startsWith(prefix)).sort();
  words.sort((a, b) => used.get(b)! - used.get(a)!);
  return words.slice(0, limit);
}
