def next_permutation(values: list[int]) -> list[int] | None:
    for pivot in reversed(range(len(values) - 1)):
        if values[pivot] < values[pivot + 1]:
            break
    else:
        return None
    head, tail = values[:pivot], values[pivot:]
    larger = min(value for value in tail if value > values[pivot])
    tail.remove(larger)
    return [*head, larger, *sorted(tail)]
