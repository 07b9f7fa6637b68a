from datetime import datetime


def days_between(first: str, second: str) -> int:
    start, end = (_date(text) for text in (first, second))
    return (end - start).days


def _date(text: str) -> datetime:
    date = datetime.strptime(text, "%Y-%m-%d")
    if date.strftime("%Y-%m-%d") != text:
        raise ValueError(f"{text!r} is not written as YYYY-MM-DD")
    return date
