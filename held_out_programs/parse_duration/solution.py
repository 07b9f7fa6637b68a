import re
from datetime import timedelta

PATTERN = re.compile(r" *(?:(\d+)d)? *(?:(\d+)h)? *(?:(\d+)m)? *(?:(\d+)s)? *")


def parse_duration(text: str) -> int:
    match = PATTERN.fullmatch(text)
    if match is None or not any(match.groups()):
        raise ValueError(f"{text!r} is no duration")
    days, hours, minutes, seconds = (int(number or 0) for number in match.groups())
    return int(timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds())
