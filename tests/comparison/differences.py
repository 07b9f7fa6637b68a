"""Differences between mixtures as a comparison gives them."""


def difference(low: float, high: float) -> dict:
    return {"mean": (low + high) / 2, "low": low, "high": high, "standard_error": 0.01}
