from bisect import bisect_left


def binary_search_first(values: list[int], target: int) -> int | None:
    position = bisect_left(values, target)
    if position < len(values) and values[position] == target:
        return position
    return None
