function lruCache(capacity, operations) {
  if (capacity < 1) {
    throw new Error(`a cache of ${capacity} entries holds nothing`);
  }
  const entries = new Map(); // in the order of use
  const use = (key, value) => {
    entries.delete(key);
    entries.set(key, value);
  };
  const answers = [];
  for (const operation of operations) {
    const [kind, key, value] = operation.split(" ");
    if (kind === "put") {
      use(key, value);
      if (entries.size > capacity) {
        entries.delete(entries.keys().next().value);
      }
    } else if (entries.has(key)) {
      use(key, entries.get(key));
      answers.push(entries.get(key));
    } else {
      answers.push("-");
    }
  }
  return answers;
}
