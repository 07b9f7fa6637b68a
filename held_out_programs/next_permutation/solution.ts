function nextPermutation(values: number[]): number[] | null {
  const next = [...values];
  let pivot = next.length - 2;
  while (pivot >= 0 && next[pivot] >= next[pivot + 1]) {
    pivot--;
  }
  if (pivot < 0) {
    return null;
  }
  let larger = next.length - 1;
  while (next[larger] <= next[pivot]) {
    larger--;
  }
  [next[pivot], next[larger]] = [next[larger], next[pivot]];
  return [...next.slice(0, pivot + 1), ...next.slice(pivot + 1).reverse()];
}
