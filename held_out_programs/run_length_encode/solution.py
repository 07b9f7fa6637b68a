from itertools import groupby


def run_length_encode(text: str) -> str:
    parts = []
    for character, run in groupby(text):
        length = sum(1 for _ in run)
        parts.append(character if length == 1 else f"{length}{character}")
    return "".join(parts)
