function addFractions(fractions) {
  const gcd = (a, b) => (b === 0 ? Math.abs(a) : gcd(b, a % b));
  let [numerator, denominator] = [0, 1];
  for (const text of fractions) {
    const match = /^(-?\d+)(?:\/(-?\d+))?$/.exec(text);
    const [top, bottom] = match ? [Number(match[1]), Number(match[2] ?? 1)] : [0, 0];
    if (bottom === 0) {
      throw new Error(`no fraction: ${text}`);
    }
    numerator = numerator * bottom + top * denominator;
    denominator *= bottom;
    const divisor = gcd(numerator, denominator) * Math.sign(denominator);
    numerator /= divisor;
    denominator /= divisor;
  }
  return denominator === 1 ? `${numerator}` : `${numerator}/${denominator}`;
}
