"""Lists of SCIM: filter, order, and both ways of paging (RFC 7644, 3.4.2; RFC 9865)."""

from __future__ import annotations

import base64
import binascii
import random
import time
from collections.abc import Callable, Mapping
from typing import Any

from uar.demo.vendors.scim_filter import filter_of, values
from uar.demo.vendors.scim_names import MESSAGES, Refusal, answer, key_of
from uar.demo.vendors.scim_switches import Switches
from uar.demo.vendors.server import Response
from uar.demo.vendors.store import Row


def listed(
    rows: list[Row], view: Callable[[Row], Row], asked: Mapping[str, Any], switches: Switches
) -> Response:
    """Answer a list; `asked` holds the parameters by name, from the query or from a search."""
    shown = view
    if asked.get("filter") and switches.filters != "ignored":
        if switches.filters == "none":
            raise Refusal(501, "filters are not supported", "invalidFilter")
        test = filter_of(str(asked["filter"]), only_eq=switches.filters == "eq")
        rows = [row for row in rows if test(view(row))]
    rows = _ordered(rows, view, asked, switches)
    by_cursor = "cursor" in asked or (
        "startIndex" not in asked
        and (
            switches.paging == "cursor"
            or (switches.paging == "both" and switches.default_paging == "cursor")
        )
    )
    if by_cursor:
        return _by_cursor(rows, shown, asked, switches)
    return _by_index(rows, shown, asked, switches)


def projected(row: Row, asked: Mapping[str, Any]) -> Row:
    """Only the attributes that were asked for, or all but the excluded ones; always the id."""
    wanted = _names(asked.get("attributes"))
    if wanted:
        kept = {key_of(row, name.partition(".")[0]) for name in wanted} | {"id", "schemas"}
        return {name: value for name, value in row.items() if name in kept}
    excluded = {key_of(row, name) for name in _names(asked.get("excludedAttributes"))}
    return {name: value for name, value in row.items() if name not in excluded - {"id"}}


def _by_index(
    rows: list[Row], view: Callable[[Row], Row], asked: Mapping[str, Any], switches: Switches
) -> Response:
    start = max(1, _whole(asked.get("startIndex", 1), "startIndex"))
    if not switches.honours_start_index:
        start = 1
    size = _size(asked, switches)
    page = rows[start - 1 :][:size] if switches.honours_count else rows[start - 1 :]
    body: Row = {"startIndex": start}
    return _page(body, rows, [projected(view(row), asked) for row in page], switches)


def _by_cursor(
    rows: list[Row], view: Callable[[Row], Row], asked: Mapping[str, Any], switches: Switches
) -> Response:
    if switches.paging == "index":
        raise Refusal(501, "cursors are not supported")
    if "startIndex" in asked:
        raise Refusal(400, "cursor and startIndex exclude each other", "invalidValue")
    size = _size(asked, switches)
    at = 0
    if asked.get("cursor"):
        at, then, issued = _cursor(str(asked["cursor"]))
        if then != size:
            raise Refusal(400, "count has changed", "invalidCount")
        if time.monotonic() - issued > switches.cursor_seconds:
            raise Refusal(400, "the cursor has expired", "expiredCursor")
    page = rows[at : at + size]
    body: Row = {}
    if at + size < len(rows):
        body["nextCursor"] = _written(at + size, size)
    if at:
        body["previousCursor"] = _written(max(0, at - size), size)
    return _page(body, rows, [projected(view(row), asked) for row in page], switches)


def _page(body: Row, rows: list[Row], page: list[Row], switches: Switches) -> Response:
    body["schemas"] = [MESSAGES + "ListResponse"]
    if switches.total_results != "absent":
        n = len(rows)
        body["totalResults"] = str(n) if switches.total_results == "text" else n
    if switches.items_per_page != "absent":
        body["itemsPerPage"] = len(page) if switches.items_per_page == "right" else 0
    if page or switches.resources_when_empty:
        body["Resources"] = page
    return answer(body)


def _ordered(
    rows: list[Row], view: Callable[[Row], Row], asked: Mapping[str, Any], switches: Switches
) -> list[Row]:
    by = str(asked.get("sortBy") or "")
    if by and switches.sort:
        descending = asked.get("sortOrder") == "descending"
        return sorted(rows, key=lambda row: str(values(view(row), "", by)[:1]), reverse=descending)
    if switches.stable_order:
        return rows
    return random.sample(rows, len(rows))


def _size(asked: Mapping[str, Any], switches: Switches) -> int:
    count = asked.get("count")
    if count in (None, ""):
        return min(switches.default_page, switches.max_results)
    return min(max(0, _whole(count, "count")), switches.max_results)


def _whole(value: Any, name: str) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise Refusal(400, f"{name} is no number", "invalidValue") from None


def _written(at: int, size: int) -> str:
    text = f"{at}:{size}:{time.monotonic()}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _cursor(text: str) -> tuple[int, int, float]:
    try:
        plain = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
        at, size, issued = plain.split(":")
        return int(at), int(size), float(issued)
    except (ValueError, binascii.Error):
        raise Refusal(400, "this is no cursor", "invalidCursor") from None


def _names(value: Any) -> list[str]:
    if isinstance(value, str):
        value = value.split(",")
    return [str(name).strip() for name in value or () if str(name).strip()]
