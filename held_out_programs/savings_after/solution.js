function savingsAfter(balance, rate, deposit, years) {
  if (years < 0) {
    throw new Error("the number of years is negative");
  }
  let saved = balance;
  for (let year = 1; year <= years; year++) {
    saved += (saved * rate) / 100 + deposit;
  }
  return Number(saved.toFixed(2));
}
