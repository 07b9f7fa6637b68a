def free_slots(meetings: list[list[int]], opens: int, closes: int, shortest: int) -> list[list[int]]:
    slots = []
    free_from = opens
    for start, end in [*sorted(meetings), [closes, closes]]:
        if min(start, closes) - free_from >= shortest:
            slots.append([free_from, min(start, closes)])
        free_from = max(free_from, end)
    return slots
