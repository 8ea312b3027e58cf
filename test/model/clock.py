"""Instants and calendar of a program: milliseconds since 1970, dates in the program's zone."""

from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

SECOND = 1000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def parse(text):
    """Milliseconds of an RFC 3339 time; what is finer is cut off."""
    return (datetime.fromisoformat(text.replace("Z", "+00:00")) - EPOCH) // timedelta(milliseconds=1)


def moment(ms, zone):
    return (EPOCH + timedelta(milliseconds=ms)).astimezone(ZoneInfo(zone))


def local_date(ms, zone):
    return moment(ms, zone).date()


@lru_cache(maxsize=100_000)
def start_of_day(day, zone):
    """The first instant of a date, also where the clocks skip midnight: found by halving, not by arithmetic."""
    low = (datetime(day.year, day.month, day.day, tzinfo=timezone.utc) - EPOCH) // timedelta(milliseconds=1) - 20 * HOUR
    high = low + 40 * HOUR
    while high - low > 1:
        middle = (low + high) // 2
        if local_date(middle, zone) < day:
            low = middle
        else:
            high = middle
    return high


def midnight_after(ms, zone):
    """The first start of a day later than ms."""
    return start_of_day(local_date(ms, zone) + timedelta(days=1), zone)


def year_start(year, zone):
    return start_of_day(date(year, 1, 1), zone)


def last_day(year, month):
    return (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day


def period_of(ms, per, zone):
    """The calendar period that an instant lies in: day, week (from Monday), month, year or ever."""
    day = local_date(ms, zone)
    return {
        "day": ("d", day.toordinal()),
        "week": ("w", (day - timedelta(days=day.weekday())).toordinal()),
        "month": ("m", day.year, day.month),
        "year": ("y", day.year),
        "calendar_year": ("y", day.year),
        "ever": ("e",),
    }[per]


def expiry(start, validity, zone):
    """Semantics 2: 00:00 of the day after the last valid day; None without a validity."""
    if not validity:
        return None
    years = months = days = 0
    number = ""
    for c in validity["period"]:
        if c.isdigit():
            number += c
            continue
        years, months, days = (years + int(number) * (c == "y"), months + int(number) * (c == "m"), days + int(number) * (c == "d"))
        number = ""
    first = local_date(start, zone)
    total = first.year * 12 + first.month - 1 + 12 * years + months
    year, month = divmod(total, 12)
    month += 1
    last = date(year, month, min(first.day, last_day(year, month))) + timedelta(days=days)
    rounding = validity.get("rounding", "day")
    if rounding == "month":
        last = date(last.year, last.month, last_day(last.year, last.month))
    elif rounding == "quarter":
        month = (last.month + 2) // 3 * 3
        last = date(last.year, month, last_day(last.year, month))
    elif rounding == "year":
        last = date(last.year, 12, 31)
    return start_of_day(last + timedelta(days=1), zone)
