from datetime import date as Date
from datetime import timedelta


def add_business_days(date: str, days: int) -> str:
    if days < 0:
        raise ValueError("the number of days is negative")
    day = Date.fromisoformat(date)
    while days > 0:
        day += timedelta(days=1)
        if day.weekday() < 5:
            days -= 1
    return day.isoformat()
