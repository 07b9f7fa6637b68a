function splitCents(amount, weights) {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (amount < 0 || total <= 0 || weights.some((weight) => weight < 0)) {
    throw new Error("the amount and weights must not be negative, nor all weights 0");
  }
  const shares = weights.map((weight, index) => ({
    index,
    part: Math.floor((amount * weight) / total),
    lost: (amount * weight) % total,
  }));
  const left = shares.reduce((rest, { part }) => rest - part, amount);
  const lucky = [...shares].sort((a, b) => b.lost - a.lost).slice(0, left);
  return shares.map((share) => share.part + (lucky.includes(share) ? 1 : 0));
}
