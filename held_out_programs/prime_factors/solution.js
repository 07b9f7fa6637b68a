function primeFactors(number) {
  if (number < 1) {
    throw new Error(`${number} has no prime factors`);
  }
  for (let divisor = 2; divisor * divisor <= number; divisor++) {
    if (number % divisor === 0) {
      return [divisor, ...primeFactors(number / divisor)];
    }
  }
  return number === 1 ? [] : [number];
}
