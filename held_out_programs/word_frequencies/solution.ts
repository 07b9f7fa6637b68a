function wordFrequencies(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const run of text.toLowerCase().split(/[^a-z']+/)) {
    const word = run.replace(/^'+|'+$/g, "");
    if (word !== "") {
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  return counts;
}
