function wrapText(text: string, width: number): string[] {
  const words = text.match(/\S+/g) ?? [];
  return words.reduce<string[]>((lines, word) => {
    const joined = `${lines.at(-1)} ${word}`;
    return lines.length > 0 && joined.length <= width ? [...lines.slice(0, -1), joined] : [...lines, word];
  }, []);
}
