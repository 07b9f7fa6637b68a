from collections import OrderedDict


def lru_cache(capacity: int, operations: list[str]) -> list[str]:
    if capacity < 1:
        raise ValueError(f"a cache of {capacity} entries holds nothing")
    entries: OrderedDict[str, str] = OrderedDict()
    answers = []
    for operation in operations:
        kind, key, *value = operation.split()
        if kind == "put":
            entries[key] = value[0]
        else:
            answers.append(entries.get(key, "-"))
        if key in entries:
            entries.move_to_end(key)
        if len(entries) > capacity:
            entries.popitem(last=False)
    return answers
