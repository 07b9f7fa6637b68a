function longestIncreasingSubsequence(values) {
  const lengths = values.map(() => 1);
  values.forEach((value, end) => {
    for (let before = 0; before < end; before++) {
      if (values[before] < value) {
        lengths[end] = Math.max(lengths[end], lengths[before] + 1);
      }
    }
  });
  return Math.max(0, ...lengths);
}
