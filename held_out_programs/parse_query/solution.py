import re


def parse_query(query: str) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for part in filter(None, query.split("&")):
        key, _, value = part.partition("=")
        values.setdefault(_decoded(key), []).append(_decoded(value))
    return values


def _decoded(text: str) -> str:
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise ValueError(f"{text!r} has a per cent sign without a number")
    return re.sub(r"%(..)", lambda match: chr(int(match[1], 16)), text.replace("+", " "))
