def prime_factors(number: int) -> list[int]:
    if number < 1:
        raise ValueError(f"{number} has no prime factors")
    factors = []
    divisor = 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            factors.append(divisor)
            number //= divisor
        divisor += 1
    if number > 1:
        factors.append(number)
    return factors
