"""Lists as JumpCloud answers them, in both dialects: paging, order, projection."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from uar.demo.vendors.jumpcloud_call import Call
from uar.demo.vendors.jumpcloud_query import (
    Test,
    bad_request,
    commas,
    project,
    shuffled,
    sort_rows,
    v2_filter,
    window,
    words,
)
from uar.demo.vendors.server import Response, json_answer
from uar.demo.vendors.store import Row


def v1_list(
    call: Call, table: str, view: Callable[[Row], Row], test: Test,
    *, most: int, page: int = 10, sort: str = "", fixed: bool = False,
) -> Response:  # fmt: skip
    """Answer a v1 list from the query string; `page` is the size when no limit is sent."""
    request = call.request
    return v1_answer(
        call, table, view, test,
        fields=words(request.first("fields")), sort=words(request.first("sort", sort)),
        limit=request.first("limit"), skip=request.first("skip"), most=most, page=page, fixed=fixed,
    )  # fmt: skip


def v1_answer(
    call: Call, table: str, view: Callable[[Row], Row], test: Test,
    *, fields: list[str], sort: list[str], limit: Any, skip: Any,
    most: int, page: int = 10, fixed: bool = False,
) -> Response:  # fmt: skip
    """Answer a v1 list: {"results", "totalCount"}. A `fixed` list is never shuffled."""
    reject = call.switches.over_limit == "reject"
    asked = window(limit, skip, default=page, most=most, reject=reject)
    rows = call.memo((table, *sort), lambda: sort_rows(call.store.table(table).values(), sort))
    if not sort and not fixed and call.switches.shuffle_unsorted:
        rows = shuffled(rows)
    found = [row for row in rows if test(row)]
    results = [project(view(row), fields, "_id") for row in found[asked]]
    return json_answer({"results": results, "totalCount": len(found)})


def v2_list(call: Call, rows: Iterable[Row], memo: str = "") -> Response:
    """Answer a v2 list; `memo` names the rows when they are a whole table."""
    sort = commas(call.request.first("sort"))
    fields = commas(call.request.first("fields"))
    if {name.lstrip("-") for name in sort} & {"id", "_id"}:
        if call.switches.v2_sort_id == "rejected":
            raise bad_request("invalid sort field")
        if call.switches.v2_sort_id == "ignored":
            sort = []
    test, asked = v2_filter(call.request), v2_window(call)
    if not sort and call.switches.shuffle_unsorted:
        ordered = shuffled(rows)
    elif memo:
        ordered = call.memo((memo, *sort), lambda: sort_rows(rows, sort))
    else:
        ordered = sort_rows(rows, sort)
    found = [row for row in ordered if test(row)]
    return v2_page([project(row, fields, "id") for row in found[asked]], len(found))


def v2_page(rows: list[Row], total: int) -> Response:
    """A v2 page: a bare array, the total in x-total-count."""
    return json_answer(rows, x_total_count=str(total))


def v2_window(call: Call) -> slice:
    """The rows that a v2 request asks for: 10 unless told, 100 at most."""
    reject = call.switches.over_limit == "reject"
    first = call.request.first
    return window(first("limit"), first("skip"), default=10, most=100, reject=reject)


def visible(row: Row) -> Row:
    """A row without what only the server knows: names with an underscore, save _id."""
    return {name: value for name, value in row.items() if not name.startswith("_") or name == "_id"}
