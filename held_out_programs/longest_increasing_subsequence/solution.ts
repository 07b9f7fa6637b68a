function longestIncreasingSubsequence(values: number[]): number {
  const tails: number[] = [];
  for (const value of values) {
    const place = tails.findIndex((tail) => tail >= value);
    if (place === -1) {
      tails.push(value);
    } else {
      tails[place] = value;
    }
  }
  return tails.length;
}
