const OPERATORS = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
};

function evaluatePostfix(expression) {
  const values = [];
  for (const word of expression.split(" ")) {
    if (/^-?\d+$/.test(word)) {
      values.push(Number(word));
    } else if (word in OPERATORS && values.length >= 2) {
      const right = values.pop();
      values.push(OPERATORS[word](values.pop(), right));
    } else {
      throw new Error(`unexpected ${word}`);
    }
  }
  if (values.length !== 1) {
    throw new Error(`${values.length} values are left`);
  }
  return values[0];
}
