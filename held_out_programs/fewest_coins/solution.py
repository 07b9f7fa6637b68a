def fewest_coins(coins: list[int], amount: int) -> int | None:
    fewest: list[int | None] = [0]
    for total in range(1, amount + 1):
        options = [fewest[total - coin] for coin in coins if coin <= total]
        fewest.append(min((option + 1 for option in options if option is not None), default=None))
    return fewest[amount]
