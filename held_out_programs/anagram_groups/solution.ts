function anagramGroups(words: string[]): string[][] {
  const groups = new Map<string, string[]>();
  for (const word of words) {
    const letters = [...word].sort().join("");
    groups.set(letters, [...(groups.get(letters) ?? []), word]);
  }
  return Array.from(groups.values());
}
