function movingAverage(values, width) {
  if (width < 1 || width > values.length) {
    throw new Error(`${values.length} values have no window of ${width}`);
  }
  return values
    .slice(width - 1)
    .map((_, start) => values.slice(start, start + width).reduce((sum, value) => sum + value, 0) / width);
}
