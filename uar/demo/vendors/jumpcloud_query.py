"""How JumpCloud reads limit, skip, sort, fields and filter, in both its dialects.

v1 separates by spaces and writes operators with a dollar sign; v2 separates by
commas and writes them bare (vendor's OpenAPI, "List Parameters").
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import Any

from uar.demo.vendors import serving
from uar.demo.vendors.server import Request, reason
from uar.demo.vendors.store import Row

V1_OPERATORS = {"$eq": "eq", "$ne": "ne", "$gt": "gt", "$gte": "ge", "$lt": "lt", "$lte": "le"}
V2_OPERATORS = ("eq", "ne", "gt", "ge", "lt", "le", "between", "search", "in")
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
}
Test = Callable[[Row], bool]


class Refusal(serving.Refusal):
    """A request that the vendor refuses; `bare` gives the old body with only a message."""

    def __init__(
        self, status: int, message: str = "", *, bare: bool = False, details: Any = None
    ) -> None:
        super().__init__(status, message)
        self.bare = bare
        self.details = details

    def body(self) -> Row:
        """The body of the answer (vendor's OpenAPI; the old shape from its own scripts)."""
        if self.bare:
            return super().body()
        body = {"code": self.status, "status": reason(self.status), "message": self.message}
        return {**body, "details": self.details} if self.details else body


def bad_request(message: str, details: Any = None) -> Refusal:
    """A refusal with status 400."""
    return Refusal(HTTPStatus.BAD_REQUEST, message, details=details)


def window(limit: Any, skip: Any, *, default: int, most: int, reject: bool) -> slice:
    """The rows that limit and skip ask for. Raises Refusal for what is no number."""
    size = default if limit in (None, "") else _whole(limit, "limit", 1)
    if size > most and reject:
        raise bad_request(f"limit must be at most {most}")
    start = 0 if skip in (None, "") else _whole(skip, "skip", 0)
    return slice(start, start + min(size, most))


def sort_rows(rows: Iterable[Row], names: Sequence[str]) -> list[Row]:
    """Rows in the order of the named fields; a leading dash is descending."""
    ordered = list(rows)
    for name in reversed(names):
        field = name.lstrip("-")
        ordered.sort(key=lambda row: _rank(dig(row, field)), reverse=name.startswith("-"))
    return ordered


def shuffled(rows: Iterable[Row]) -> list[Row]:
    """Rows in another order each time."""
    mixed = list(rows)
    random.shuffle(mixed)
    return mixed


def project(row: Row, names: Sequence[str], key: str) -> Row:
    """Only the named fields and the id; everything when none is named."""
    if not names:
        return row
    return {name: row[name] for name in (key, *names) if name in row}


def words(text: Any) -> list[str]:
    """A list of names as v1 writes it; its own scripts also put commas between."""
    return [word for word in re.split(r"[\s,]+", str(text or "")) if word]


def commas(text: str) -> list[str]:
    """A list of names as v2 writes it."""
    return [part.strip() for part in text.split(",") if part.strip()]


def v1_filter(request: Request) -> Test:
    """The test that filter, filter[0], filter[or][0] ask for; all must hold, one of the or's."""
    every: list[Test] = []
    some: list[Test] = []
    for name, value in request.query:
        if name == "filter" or re.fullmatch(r"filter\[(and\]\[)?\d+\]", name):
            every.append(_v1_test(value))
        elif re.fullmatch(r"filter\[or\]\[\d+\]", name):
            some.append(_v1_test(value))
    return lambda row: all(t(row) for t in every) and (not some or any(t(row) for t in some))


def v2_filter(request: Request) -> Test:
    """The test that v2's filter asks for: field:op:value, several in a comma list."""
    tests: list[Test] = []
    for name, value in request.query:
        if name == "filter":
            # values of in and between may hold commas: a new test starts with field:op:
            operators = "|".join(V2_OPERATORS)
            parts = re.split(rf",(?=[\w.]+:(?:{operators}):)", value)
            tests += [_v2_test(part) for part in parts]
    return lambda row: all(test(row) for test in tests)


def body_filter(wanted: Any) -> Test:
    """The test of a search body's filter: a list or object of conditions, or and/or of them."""
    if not wanted:
        return lambda _row: True
    if isinstance(wanted, list):
        return _all([body_filter(each) for each in wanted])
    if not isinstance(wanted, dict):
        raise bad_request("filter must be an object or an array")
    tests: list[Test] = []
    for name, value in wanted.items():
        if name in ("and", "or", "$and", "$or"):
            parts = [body_filter(each) for each in value]
            tests.append(_all(parts) if name.endswith("and") else _any(parts))
        else:
            tests.append(_mongo(name, value))
    return _all(tests)


def search_filter(wanted: Any) -> Test:
    """The test of searchFilter: a partial match of any term in any of the fields."""
    if not wanted:
        return lambda _row: True
    if not isinstance(wanted, dict) or not wanted.get("fields"):
        raise bad_request("searchFilter needs searchTerm and fields")
    terms = wanted.get("searchTerm", "")
    sought = [str(each).lower() for each in (terms if isinstance(terms, list) else [terms])]
    fields = wanted["fields"] if isinstance(wanted["fields"], list) else words(wanted["fields"])

    def test(row: Row) -> bool:
        texts = [str(dig(row, name) or "").lower() for name in fields]
        return any(term in text for term in sought for text in texts)

    return test


def _v1_test(text: str) -> Test:
    parts = text.split(":", 2)
    if len(parts) != 3 or parts[1] not in V1_OPERATORS:
        raise bad_request(f"invalid filter {text!r}")
    return _test(parts[0], V1_OPERATORS[parts[1]], parts[2], wildcards=False)


def _v2_test(text: str) -> Test:
    parts = text.split(":", 2)
    if len(parts) != 3 or parts[1] not in V2_OPERATORS:
        raise bad_request(f"invalid filter {text!r}")
    return _test(parts[0], parts[1], parts[2], wildcards=True)


def _test(field: str, operator: str, value: str, *, wildcards: bool) -> Test:
    pieces = value.split("*") if wildcards else [value]
    wild = re.compile(".*".join(map(re.escape, pieces)))

    def test(row: Row) -> bool:
        held = dig(row, field)
        text = _text(held)
        match operator:
            case "eq":
                return wild.fullmatch(text) is not None
            case "ne":
                return wild.fullmatch(text) is None
            case "in":
                return text in commas(value.strip("[]").replace("|", ","))
            case "between":
                low, _, high = value.partition(",")
                return low <= text <= high
            case "search":
                return value.lower() in text.lower()
        return held is not None and COMPARISONS[operator](text, value)

    return test


def _mongo(field: str, value: Any) -> Test:
    conditions = value if isinstance(value, dict) else {"$eq": value}

    def one(row: Row, operator: str, wanted: Any) -> bool:
        held = dig(row, field)
        match operator:
            case "$eq":
                return bool(held == wanted) or _text(held) == _text(wanted)
            case "$ne":
                return _text(held) != _text(wanted)
            case "$in":
                return _text(held) in [_text(each) for each in wanted]
            case "$regex":
                return held is not None and re.search(str(wanted), _text(held)) is not None
        if operator not in V1_OPERATORS:
            raise bad_request(f"unknown operator {operator!r}")
        return held is not None and COMPARISONS[V1_OPERATORS[operator]](_text(held), _text(wanted))

    return lambda row: all(one(row, *condition) for condition in conditions.items())


def _all(tests: Sequence[Test]) -> Test:
    return lambda row: all(test(row) for test in tests)


def _any(tests: Sequence[Test]) -> Test:
    return lambda row: any(test(row) for test in tests)


def dig(row: Row, name: str) -> Any:
    """The value under a dotted name, None where there is none."""
    held: Any = row
    for part in name.split("."):
        held = held.get(part) if isinstance(held, dict) else None
    return held


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _rank(value: Any) -> tuple[int, Any]:
    if value is None:
        return (0, 0)
    if isinstance(value, (int, float)):
        return (1, value)
    return (2, str(value))


def _whole(value: Any, name: str, least: int) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise bad_request(f"{name} must be a whole number") from None
    if number < least:
        raise bad_request(f"{name} must be at least {least}")
    return number
