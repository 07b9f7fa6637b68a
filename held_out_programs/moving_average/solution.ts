function movingAverage(values: number[], width: number): number[] {
  if (width < 1 || width > values.length) {
    throw new Error(`${values.length} values have no window of ${width}`);
  }
  const sums = [0];
  for (const value of values) {
    sums.push(sums[sums.length - 1] + value);
  }
  return sums.slice(width).map((sum, start) => (sum - sums[start]) / width);
}
