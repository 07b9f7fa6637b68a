function runLengthEncode(text) {
  return text.replace(/(.)\1+/gs, (run, character) => `${run.length}${character}`);
}
