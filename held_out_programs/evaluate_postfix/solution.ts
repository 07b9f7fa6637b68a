function evaluatePostfix(expression: string): number {
  const values: number[] = [];
  for (const word of expression.split(" ")) {
    if (/^-?\d+$/.test(word)) {
      values.push(Number(word));
      continue;
    }
    const [left, right] = values.splice(-2);
    if (right === undefined) {
      throw new Error(`${word} lacks an operand`);
    }
    switch (word) {
      case "+":
        values.push(left + right);
        break;
      case "-":
        values.push(left - right);
        break;
      case "*":
        values.push(left * right);
        break;
      default:
        throw new Error(`unknown word ${word}`);
    }
  }
  const [result, ...others] = values;
  if (result === undefined || others.length > 0) {
    throw new Error(`${values.length} values are left`);
  }
  return result;
}
