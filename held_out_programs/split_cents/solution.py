def split_cents(amount: int, weights: list[int]) -> list[int]:
    total = sum(weights)
    if amount < 0 or total <= 0 or min(weights) < 0:
        raise ValueError("the amount and weights must not be negative, nor all weights 0")
    parts = [amount * weight // total for weight in weights]
    lost = [amount * weight % total for weight in weights]
    order = sorted(range(len(weights)), key=lambda k: -lost[k])
    for k in order[: amount - sum(parts)]:
        parts[k] += 1
    return parts
