function lruCache(capacity: number, operations: string[]): string[] {
  if (capacity < 1) {
    throw new Error(`a cache of ${capacity} entries holds nothing`);
  }
  const cache = new Cache<string, string>(capacity);
  const answers: string[] = [];
  for (const operation of operations) {
    const [kind, key, value] = operation.split(" ");
    if (kind === "put") {
      cache.put(key, value);
    } else {
      answers.push(cache.get(key) ?? "-");
    }
  }
  return answers;
}

class Cache<Key, Value> {
  private readonly entries = new Map<Key, Value>();

  constructor(private readonly capacity: number) {}

  get(key: Key): Value | undefined {
    const value = this.entries.get(key);
    if (value !== undefined) {
      this.put(key, value);
    }
    return value;
  }

  put(key: Key, value: Value): void {
    this.entries.delete(key);
    this.entries.set(key, value);
    if (this.entries.size > this.capacity) {
      const [oldest] = this.entries.keys();
      this.entries.delete(oldest);
    }
  }
}
