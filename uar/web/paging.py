"""Pages of a list: a cursor in the address, never an offset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from flask import request

Row = TypeVar("Row")

PAGE = 50
SEPARATOR = "~"


@dataclass(frozen=True, slots=True)
class Slice(Generic[Row]):
    """The rows of one page, and the address of the next one; empty on the last."""

    rows: list[Row]
    next_href: str

    @property
    def more(self) -> str:
        """Return "+" when there are more rows than these, for counts in captions."""
        return "+" if self.next_href else ""


def cut(found: Sequence[Row], *keys: str, size: int = PAGE) -> Slice[Row]:
    """Keep ``size`` of ``size + 1`` rows; the cursor is made of the last row's ``keys``."""
    kept = list(found[:size])
    if len(found) <= size:
        return Slice(kept, "")
    cursor = SEPARATOR.join(str(getattr(kept[-1], key)) for key in keys)
    query: dict[str, Any] = {**request.args.to_dict(), "after": cursor}
    return Slice(kept, f"{request.path}?{urlencode(query)}")


def after_id() -> int | None:
    """Return the id that the page comes after, or None on the first page."""
    return request.args.get("after", type=int)


def after_name() -> tuple[str, int] | None:
    """Return the name and id that the page comes after, or None on the first page."""
    name, separator, id_ = request.args.get("after", "").rpartition(SEPARATOR)
    return (name, int(id_)) if separator and id_.isascii() and id_.isdigit() else None
