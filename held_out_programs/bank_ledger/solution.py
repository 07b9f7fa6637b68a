def bank_ledger(transactions: list[str]) -> dict[str, int]:
    balances: dict[str, int] = {}

    def change(name: str, amount: int) -> None:
        if name not in balances:
            raise ValueError(f"{name} has no account")
        if balances[name] + amount < 0:
            raise ValueError(f"{name} has only {balances[name]}")
        balances[name] += amount

    for transaction in transactions:
        match transaction.split():
            case ["open", name]:
                if name in balances:
                    raise ValueError(f"{name} has an account already")
                balances[name] = 0
            case ["deposit", name, amount]:
                change(name, _positive(amount))
            case ["withdraw", name, amount]:
                change(name, -_positive(amount))
            case ["transfer", payer, payee, amount]:
                change(payer, -_positive(amount))
                change(payee, _positive(amount))
    return balances


def _positive(amount: str) -> int:
    if int(amount) <= 0:
        raise ValueError(f"{amount} is not positive")
    return int(amount)
