function luhnValid(number) {
  const digits = number.replaceAll(" ", "");
  if (!/^\d{2,}$/.test(digits)) {
    return false;
  }
  const doubled = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9];
  const sum = [...digits]
    .reverse()
    .map(Number)
    .reduce((total, digit, place) => total + (place % 2 === 1 ? doubled[digit] : digit), 0);
  return sum % 10 === 0;
}
