PAIRS = {")": "(", "]": "[", "}": "{"}


def bracket_error(text: str) -> int | None:
    opened: list[tuple[int, str]] = []
    for position, character in enumerate(text):
        if character in PAIRS.values():
            opened.append((position, character))
        elif character in PAIRS and (not opened or opened.pop()[1] != PAIRS[character]):
            return position
    return opened[-1][0] if opened else None
