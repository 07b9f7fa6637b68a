import operator

OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul}


def evaluate_postfix(expression: str) -> int:
    values: list[int] = []
    for word in expression.split():
        if word not in OPERATORS:
            values.append(int(word))
            continue
        if len(values) < 2:
            raise ValueError(f"{word} lacks an operand")
        right, left = values.pop(), values.pop()
        values.append(OPERATORS[word](left, right))
    if len(values) != 1:
        raise ValueError(f"{len(values)} values are left")
    return values[0]
