from itertools import zip_longest


def compare_versions(first: str, second: str) -> int:
    pairs = list(zip_longest(_numbers(first), _numbers(second), fillvalue=0))
    differences = (one - other for one, other in pairs)
    difference = next(filter(None, differences), 0)
    return (difference > 0) - (difference < 0)


def _numbers(version: str) -> list[int]:
    parts = version.split(".")
    if not all(part.isdecimal() for part in parts):
        raise ValueError(f"{version!r} is no version")
    return [int(part) for part in parts]
