function fewestCoins(coins: number[], amount: number): number | null {
  const fewest = new Array<number>(amount + 1).fill(Infinity);
  fewest[0] = 0;
  for (const coin of coins) {
    for (let total = coin; total <= amount; total++) {
      fewest[total] = Math.min(fewest[total], fewest[total - coin] + 1);
    }
  }
  return Number.isFinite(fewest[amount]) ? fewest[amount] : null;
}
