function friendGroups(pairs: string[][]): string[][] {
  const groupOf = new Map<string, Set<string>>();
  for (const [one, other] of pairs) {
    const merged = new Set([one, other, ...(groupOf.get(one) ?? []), ...(groupOf.get(other) ?? [])]);
    for (const name of merged) {
      groupOf.set(name, merged);
    }
  }
  const groups = [...new Set(groupOf.values())].map((group) => [...group].sort());
  return groups.sort((a, b) => (a[0] < b[0] ? -1 : 1));
}
