function nextPermutation(values) {
  let pivot = values.length - 2;
  while (pivot >= 0 && values[pivot] >= values[pivot + 1]) {
    pivot--;
  }
  if (pivot < 0) {
    return null;
  }
  const tail = values.slice(pivot).sort((a, b) => a - b);
  const place = tail.findIndex((value) => value > values[pivot]);
  const [larger] = tail.splice(place, 1);
  return [...values.slice(0, pivot), larger, ...tail];
}
