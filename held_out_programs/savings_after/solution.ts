function savingsAfter(balance: number, rate: number, deposit: number, years: number): number {
  if (years < 0) {
    throw new Error("the number of years is negative");
  }
  const growth = 1 + rate / 100;
  const saved = Array.from({ length: years }).reduce<number>((sum) => sum * growth + deposit, balance);
  return Math.round(saved * 100) / 100;
}
