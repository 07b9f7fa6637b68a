function evaluateExpression(expression: string): number {
  const values: number[] = [];
  const operators: string[] = [];
  let operandExpected = true;
  for (const token of expression.match(/\d+|\S/g) ?? []) {
    const isOperand = /^\d+$/.test(token);
    if (operandExpected !== (isOperand || token === "(" || (token === "-" && operandExpected))) {
      throw new Error(`unexpected ${token}`);
    }
    if (isOperand) {
      values.push(Number(token));
      operandExpected = false;
    } else if (token === "(") {
      operators.push(token);
    } else if (token === ")") {
      applyWhile(values, operators, (operator) => operator !== "(");
      if (operators.pop() !== "(") {
        throw new Error("a bracket was not opened");
      }
    } else {
      const operator = operandExpected ? "negate" : token;
      const own = priority(operator);
      applyWhile(values, operators, (waiting) => operator !== "negate" && priority(waiting) >= own);
      operators.push(operator);
      operandExpected = true;
    }
  }
  applyWhile(values, operators, () => true);
  if (values.length !== 1 || operandExpected) {
    throw new Error("the expression is not well formed");
  }
  return values[0];
}

function priority(operator: string): number {
  const found = ["(", "+-", "*/", "negate"].findIndex((group) => group.includes(operator));
  if (found === -1) {
    throw new Error(`unknown operator ${operator}`);
  }
  return found;
}

function applyWhile(values: number[], operators: string[], isDue: (operator: string) => boolean): void {
  while (operators.length > 0 && isDue(operators[operators.length - 1])) {
    const operator = operators.pop()!;
    const right = values.pop()!;
    if (operator === "negate") {
      values.push(-right);
      continue;
    }
    const left = values.pop()!;
    if (operator === "(" || (operator === "/" && right === 0)) {
      throw new Error(operator === "(" ? "a bracket is not closed" : "division by zero");
    }
    const results: Record<string, number> = {
      "+": left + right,
      "-": left - right,
      "*": left * right,
      "/": Math.trunc(left / right),
    };
    values.push(results[operator]);
  }
}
