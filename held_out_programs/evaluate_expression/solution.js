function evaluateExpression(expression) {
  const tokens = expression.match(/\d+|\S/g) ?? [];

  const sum = () => {
    let value = product();
    while (tokens[0] === "+" || tokens[0] === "-") {
      value += tokens.shift() === "+" ? product() : -product();
    }
    return value;
  };

  const product = () => {
    let value = factor();
    while (tokens[0] === "*" || tokens[0] === "/") {
      if (tokens.shift() === "*") {
        value *= factor();
      } else {
        const divisor = factor();
        if (divisor === 0) {
          throw new Error("division by zero");
        }
        value = Math.trunc(value / divisor);
      }
    }
    return value;
  };

  const factor = () => {
    const token = tokens.shift();
    if (token === "-") {
      return -factor();
    }
    if (token === "(") {
      const value = sum();
      if (tokens.shift() !== ")") {
        throw new Error("a bracket is not closed");
      }
      return value;
    }
    if (!/^\d+$/.test(token ?? "")) {
      throw new Error(`unexpected ${token ?? "end"}`);
    }
    return Number(token);
  };

  const value = sum();
  if (tokens.length > 0) {
    throw new Error(`unexpected ${tokens[0]}`);
  }
  return value;
}
