function splitCents(amount: number, weights: number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (amount < 0 || total <= 0 || Math.min(...weights) < 0) {
    throw new Error("the amount and weights must not be negative, nor all weights 0");
  }
  const parts = weights.map((weight) => Math.floor((amount * weight) / total));
  const lost = weights.map((weight) => (amount * weight) % total);
  const order = [...weights.keys()].sort((a, b) => lost[b] - lost[a] || a - b);
  let left = amount - parts.reduce((sum, part) => sum + part, 0);
  for (const index of order) {
    if (left-- > 0) {
      parts[index]++;
    }
  }
  return parts;
}
