function runLengthEncode(text: string): string {
  return text.replace(/(.)\1+/gs, (run: string, character: string) => `${run.length}${character}`);
}
