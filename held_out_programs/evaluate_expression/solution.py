import re


def evaluate_expression(expression: str) -> int:
    tokens = re.findall(r"\d+|\S", expression)
    value = _sum(tokens)
    if tokens:
        raise ValueError(f"unexpected {tokens[0]!r}")
    return value


def _sum(tokens: list[str]) -> int:
    value = _product(tokens)
    while tokens and tokens[0] in "+-":
        operator = tokens.pop(0)
        operand = _product(tokens)
        value += operand if operator == "+" else -operand
    return value


def _product(tokens: list[str]) -> int:
    value = _factor(tokens)
    while tokens and tokens[0] in "*/":
        operator = tokens.pop(0)
        operand = _factor(tokens)
        if operator == "*":
            value *= operand
        elif operand == 0:
            raise ValueError("division by zero")
        else:
            quotient = abs(value) // abs(operand)
            value = quotient if (value < 0) == (operand < 0) else -quotient
    return value


def _factor(tokens: list[str]) -> int:
    token = tokens.pop(0) if tokens else "the end"
    if token == "-":
        return -_factor(tokens)
    if token == "(":
        value = _sum(tokens)
        if not tokens or tokens.pop(0) != ")":
            raise ValueError("a bracket is not closed")
        return value
    if not token.isdigit():
        raise ValueError(f"unexpected {token!r}")
    return int(token)
