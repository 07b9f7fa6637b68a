import heapq


def checkout_time(minutes: list[int], tills: int) -> int:
    if tills < 1:
        raise ValueError("there is no till")
    free_at = [0] * tills
    for needed in minutes:
        heapq.heapreplace(free_at, free_at[0] + needed)
    return max(free_at)
