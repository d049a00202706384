"""Words for durations, instants and lists, for sentences that leave the domain.

Pages have filters of their own (``uar.web.filters``); messages, refusals and the
record are written here, where no page is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

HOUR = 60
DAY = 24 * HOUR
COVERAGE = {
    "full": "everything",
    "scoped": "what the settings name",
    "partial": "only a part",
    "unknown": "an unknown part",
}
KINDS = {"credential": "account", "app": "application"}


def duration(minutes: int) -> str:
    """Say a length of time exactly: "30 min", "1 h 30 min", "1 day", "2 days 4 h"."""
    days, hours, rest = minutes // DAY, minutes // HOUR % 24, minutes % HOUR
    parts = [
        f"{days} day" + ("" if days == 1 else "s") if days else "",
        f"{hours} h" if hours else "",
        f"{rest} min" if rest or not minutes else "",
    ]
    return " ".join(part for part in parts if part)


def moment(at: datetime, zone: tzinfo) -> str:
    """Say an instant so that nobody can misread it: "Thursday 12 March 2026, 10:42 CET"."""
    local = at.astimezone(zone)
    return f"{local:%A} {local.day} {local:%B} {local.year}, {local:%H:%M %Z}"


def ago(at: datetime, now: datetime) -> str:
    """Say how long ago in one unit: "a minute ago", "12 min ago", "3 h ago", "2 days ago"."""
    minutes = max(int((now - at).total_seconds()) // 60, 0)
    if minutes < 2:
        return "a minute ago"
    if minutes < HOUR:
        return f"{minutes} min ago"
    if minutes < DAY:
        return f"{minutes // HOUR} h ago"
    return f"{duration(minutes // DAY * DAY)} ago"


def access_name(app: str, resource: str, entitlement: str) -> str:
    """Name access so that one recognises it: "JumpCloud · crm-admins · Member".

    A resource that the entitlement names already is not said twice; ``app`` may
    be empty where the page is about one.
    """
    parts = (app, "" if resource in entitlement else resource, entitlement)
    return " · ".join(part for part in parts if part)


def kind_name(resource_type: str) -> str:
    """Say what kind of thing access is to, where a vendor's own word would not be understood."""
    return KINDS.get(resource_type, resource_type.replace("_", " "))


def coverage(completeness: str) -> str:
    """Say how much of a vendor's population was read, as in "read …" or "covers …"."""
    return COVERAGE.get(completeness, completeness)


def n_rows(n: int) -> str:
    """Count rows in a sentence: "one row", "17 rows"."""
    return "one row" if n == 1 else f"{n} rows"


def either(names: Sequence[str], most: int = 3) -> str:
    """Join names of which any one will do: "Max Roth or Rita Ortiz", "… or 4 others"."""
    if not names:
        return "nobody"
    shown = list(names[:most])
    if len(names) > most:
        rest = len(names) - most
        shown.append("one other" if rest == 1 else f"{rest} others")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"
