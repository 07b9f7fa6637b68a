def savings_after(balance: float, rate: float, deposit: float, years: int) -> float:
    if years < 0:
        raise ValueError("the number of years is negative")
    for _ in range(years):
        balance = balance * (1 + rate / 100) + deposit
    return round(balance, 2)
