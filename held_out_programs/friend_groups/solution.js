function friendGroups(pairs) {
  const friends = new Map();
  const befriend = (one, other) => friends.set(one, [...(friends.get(one) ?? []), other]);
  for (const [one, other] of pairs) {
    befriend(one, other);
    befriend(other, one);
  }
  const seen = new Set();
  const reach = (name) => {
    if (seen.has(name)) {
      return [];
    }
    seen.add(name);
    return [name, ...friends.get(name).flatMap(reach)];
  };
  return [...friends.keys()]
    .sort()
    .map((name) => reach(name).sort())
    .filter((group) => group.length > 0);
}
