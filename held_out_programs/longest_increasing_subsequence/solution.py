from bisect import bisect_left


def longest_increasing_subsequence(values: list[int]) -> int:
    tails: list[int] = []  # tails[k]: the smallest value that ends a subsequence of length k + 1
    for value in values:
        place = bisect_left(tails, value)
        tails[place : place + 1] = [value]
    return len(tails)
