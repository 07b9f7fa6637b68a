const SECONDS: Record<string, number> = { d: 86_400, h: 3_600, m: 60, s: 1 };

function parseDuration(text: string): number {
  let total = 0;
  let last = Infinity;
  const rest = text.replace(/(\d+)([dhms])/g, (_, number: string, unit: string) => {
    if (SECONDS[unit] >= last) {
      throw new Error(`${unit} is out of order`);
    }
    last = SECONDS[unit];
    total += Number(number) * last;
    return "";
  });
  if (rest.trim() !== "" || last === Infinity) {
    throw new Error(`no duration: ${text}`);
  }
  return total;
}
