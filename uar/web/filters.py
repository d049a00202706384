"""Words for instants, durations and counts, as Jinja filters.

Every filter is a pure function: the present and the organisation's time zone are
arguments, which register() binds. Nothing here asks a clock or reads a setting.
The words of until() are repeated in static/app.js, which keeps them fresh.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo

from flask import Flask

MINUTE, HOUR, DAY = 60, 60 * 60, 24 * 60 * 60


def iso(instant: date | datetime) -> str:
    """Return the machine's form for <time datetime>: UTC to the second, or a plain date."""
    if isinstance(instant, datetime):
        return instant.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return instant.isoformat()


def short_date(instant: date | datetime, *, now: datetime, zone: tzinfo) -> str:
    """Return "12 Mar", with the year when it is not this one. Dates are those of the zone."""
    day = _day(instant, zone)
    year = "" if day.year == _day(now, zone).year else f" {day.year}"
    return f"{day.day} {day:%b}{year}"


def full_instant(instant: date | datetime, *, zone: tzinfo) -> str:
    """Return everything a person may want to know: "Thursday 12 March 2026, 10:42 CET"."""
    day = _day(instant, zone)
    words = f"{day:%A} {day.day} {day:%B} {day.year}"
    return (
        f"{words}, {instant.astimezone(zone):%H:%M %Z}" if isinstance(instant, datetime) else words
    )


def clock_time(instant: datetime, *, now: datetime, zone: tzinfo) -> str:
    """Return "10:42" for today, otherwise "12 Mar, 10:42", in the zone."""
    time = f"{instant.astimezone(zone):%H:%M}"
    if _day(instant, zone) == _day(now, zone):
        return time
    return f"{short_date(instant, now=now, zone=zone)}, {time}"


def ago(instant: datetime, *, now: datetime, zone: tzinfo) -> str:
    """Return how long ago in one unit: "12 min ago", "yesterday", "5 days ago", then the date.

    Hours count on the same day of the zone; what has not come yet is "just now".
    """
    seconds = int((now - instant).total_seconds())
    days = (_day(now, zone) - _day(instant, zone)).days
    if seconds < MINUTE:
        return "just now"
    if seconds < HOUR:
        return f"{seconds // MINUTE} min ago"
    if days == 0:
        return f"{seconds // HOUR} h ago"
    if days == 1:
        return "yesterday"
    return f"{days} days ago" if days <= 30 else short_date(instant, now=now, zone=zone)


def until(instant: datetime, *, now: datetime, zone: tzinfo) -> str:
    """Return the time left in words: "in 2 h 10 min", "now" for its first minute, then as ago()."""
    seconds = int((instant - now).total_seconds())
    if seconds <= -MINUTE:
        return ago(instant, now=now, zone=zone)
    if seconds < 1:
        return "now"
    if seconds < MINUTE:
        return f"in {seconds} s"
    if seconds < DAY:
        return f"in {duration(seconds // MINUTE)}"
    days, hours = seconds // DAY, seconds % DAY // HOUR
    return f"in {plural(days, 'day')}" + (f" {hours} h" if hours and days < 3 else "")


def duration(minutes: int | timedelta) -> str:
    """Return a length of time exactly: "30 min", "1 h 30 min", "3 days". An int is minutes."""
    if isinstance(minutes, timedelta):
        minutes = int(minutes.total_seconds()) // 60
    days, hours, rest = minutes // (24 * 60), minutes // 60 % 24, minutes % 60
    words = [
        plural(days, "day") if days else "",
        f"{hours} h" if hours else "",
        f"{rest} min" if rest or not minutes else "",
    ]
    return " ".join(word for word in words if word)


def plural(count: int, one: str, many: str = "") -> str:
    """Return "1 person", "6 people"; many is one plus "s" unless given. Thousands are grouped."""
    return f"{count:,} {one if count == 1 else many or one + 's'}".replace(",", " ")


def register(app: Flask, *, now: Callable[[], datetime], zone: tzinfo) -> None:
    """Make the filters known to the templates of this app.

    now is asked once per use and returns an aware instant; zone is the
    organisation's, in which all dates and times of day are said.
    """
    app.jinja_env.filters.update(
        iso=iso,
        short_date=lambda instant: short_date(instant, now=now(), zone=zone),
        full_instant=lambda instant: full_instant(instant, zone=zone),
        clock_time=lambda instant: clock_time(instant, now=now(), zone=zone),
        ago=lambda instant: ago(instant, now=now(), zone=zone),
        until=lambda instant: until(instant, now=now(), zone=zone),
        duration=duration,
        plural=plural,
    )


def _day(instant: date | datetime, zone: tzinfo) -> date:
    return instant.astimezone(zone).date() if isinstance(instant, datetime) else instant
