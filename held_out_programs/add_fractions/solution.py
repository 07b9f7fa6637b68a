from fractions import Fraction


def add_fractions(fractions: list[str]) -> str:
    total = Fraction(0)
    for text in fractions:
        numerator, *denominators = map(int, text.split("/"))
        denominator = denominators.pop() if denominators else 1
        if denominator == 0 or denominators:
            raise ValueError(f"{text!r} is no fraction")
        total += Fraction(numerator, denominator)
    return str(total)
