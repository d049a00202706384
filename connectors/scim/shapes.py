"""Add a value to an attribute, or take it out, without changing the shape that the server has.

Nothing here does I/O.
"""

from collections.abc import Callable
from typing import Any

from connectors.scim.values import elements, get

Same = Callable[[Any], bool]


def with_value(now: Any, new: dict[str, Any]) -> list[Any]:
    """The values with one more; texts stay texts."""
    before = elements(now) or []
    is_text = bool(before) and all(isinstance(each, str) for each in before)
    return [*before, new["value"] if is_text else new]


def without_value(now: Any, same: Same) -> list[Any]:
    """The values without those that are meant."""
    return [each for each in elements(now) or [] if not same(each)]


def spelled(row: dict[str, Any], name: str) -> str:
    """How a resource spells an attribute; the standard's way if it has none."""
    found = [key for key in row if key.lower() == name.lower()]
    return found[0] if found else name


def replaced(row: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    """A whole resource for PUT, with one attribute changed and nothing that only servers set."""
    kept = {key: each for key, each in row.items() if key.lower() not in ("meta", "groups")}
    if isinstance(get(row, name), dict) and isinstance(value, list):
        value = value[0] if len(value) == 1 else value  # it had one value where several may be
    return {**kept, spelled(row, name): value}
