"""Read what SCIM servers send, in every shape that they have been seen to send it.

Names of attributes have no case (RFC 7643, 2.1), null is absence (2.5), and the
rest is habit: booleans as text, one value where several may be, ids as numbers.
Nothing here does I/O or raises.
"""

from datetime import UTC, datetime
from typing import Any

TRUE, FALSE = frozenset({"true", "1", "yes"}), frozenset({"false", "0", "no"})


def get(row: Any, name: str) -> Any:
    """An attribute by any spelling of its case; None if there is none."""
    if not isinstance(row, dict):
        return None
    if name in row:
        return row[name]
    wanted = name.lower()
    for key, value in row.items():
        if isinstance(key, str) and key.lower() == wanted:
            return value
    return None


def text(value: Any) -> str:
    """A value as text: "" for null, for a list and for an object without `value`."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        inner = get(value, "value")
        return "" if isinstance(inner, dict) else text(inner)
    return str(value) if isinstance(value, int | float) else ""


def flag(value: Any) -> bool | None:
    """A boolean, also one that is sent as text or number; None if it is neither."""
    if isinstance(value, bool):
        return value
    said = text(value).strip().lower()
    return True if said in TRUE else False if said in FALSE else None


def resource_id(row: Any) -> str:
    """The id of a resource, "" if it has none that could be used."""
    value = get(row, "id")
    if isinstance(value, str):
        return value
    return str(value) if type(value) is int else ""


def elements(value: Any) -> list[Any] | None:
    """The values of an attribute that may have several; None if it is of no known shape."""
    if value is None:
        return []
    if isinstance(value, list):
        return value
    return [value] if isinstance(value, dict | str) else None


def value_of(element: Any) -> str:
    """What one of several values is: its `value`, or what comes nearest; "" if nothing is."""
    if not isinstance(element, dict):
        return text(element) if text(element).strip() else ""
    names = ("value", "display", "name")
    return next((said for name in names if (said := text(get(element, name))).strip()), "")


def instant(value: Any) -> datetime | None:
    """A timestamp, in UTC where it names no zone; None if it is unreadable."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
