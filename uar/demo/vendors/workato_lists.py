"""Lists as Workato answers them: whole, by page and per_page, or by page[number] and page[size]."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from uar.demo.vendors.server import Response, json_answer
from uar.demo.vendors.serving import Refusal
from uar.demo.vendors.store import Row
from uar.demo.vendors.workato_vendor import Call, Titled

MOST = 100  # default and maximum (vendor's pages of each endpoint)


def whole(call: Call, rows: Sequence[Row]) -> Response:
    """Everything in one envelope."""
    return json_answer(_envelope(call, rows, len(rows)))


def bare(call: Call, rows: Sequence[Row]) -> Response:
    """One page as a bare array, by page and per_page."""
    first = call.request.first
    return json_answer(_page(call, rows, first("page"), first("per_page"), Refusal)[0])


def bracketed(call: Call, rows: Sequence[Row]) -> Response:
    """One page in an envelope, by page[number] and page[size]; `name` filters."""
    first = call.request.first
    name = first("name")
    found = [row for row in rows if not name or row.get("name") == name]
    shown, number, size = _page(call, found, first("page[number]"), first("page[size]"), Titled)
    page = {"number": number, "size": size}
    return json_answer({**_envelope(call, shown, len(found)), "page": page})


def _envelope(call: Call, rows: Sequence[Row], total: int) -> Row:
    return {"data": list(rows), **({"total": total} if call.switches.totals else {})}


def _page(
    call: Call, rows: Sequence[Row], page: str, size: str, refusal: type[Refusal]
) -> tuple[Sequence[Row], int, int]:
    number, most = _whole(page, 1, refusal), _whole(size, MOST, refusal) or MOST
    if most > MOST and call.switches.over_limit == "reject":
        raise refusal(HTTPStatus.BAD_REQUEST, f"At most {MOST} rows a page")
    most = min(most, MOST)
    if number < 1:
        if call.switches.page_zero == "reject":
            raise refusal(HTTPStatus.BAD_REQUEST, "Pages are counted from 1")
        if call.switches.page_zero == "empty":
            return [], number, most
        number = 1
    return rows[(number - 1) * most : number * most], number, most


def _whole(text: str, default: int, refusal: type[Refusal]) -> int:
    if not text:
        return default
    if not text.isdigit():
        raise refusal(HTTPStatus.BAD_REQUEST, f"{text} is not a number")
    return int(text)
