const PAIRS = new Map([
  [")", "("],
  ["]", "["],
  ["}", "{"],
]);

function bracketError(text: string): number | null {
  const opened: number[] = [];
  for (const [position, character] of [...text].entries()) {
    const wanted = PAIRS.get(character);
    if (/[([{]/.test(character)) {
      opened.push(position);
    } else if (wanted !== undefined) {
      const last = opened.pop();
      if (last === undefined || text[last] !== wanted) {
        return position;
      }
    }
  }
  return opened.at(-1) ?? null;
}
