function anagramGroups(words) {
  const groups = new Map();
  for (const word of words) {
    const letters = [...word].sort().join("");
    if (!groups.has(letters)) {
      groups.set(letters, []);
    }
    groups.get(letters).push(word);
  }
  return [...groups.values()];
}
