"""JumpCloud's Directory Insights, /insights/directory/v1: who signed in, who changed what.

A list is continued by sending the same body with `search_after`. The token comes with
every answer, the last one too: only X-Result-Count below X-Limit ends a list (vendor's
OpenAPI).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from uar.demo.vendors.jumpcloud_call import Call
from uar.demo.vendors.jumpcloud_query import Test, bad_request, dig
from uar.demo.vendors.jumpcloud_vendor import JumpCloud
from uar.demo.vendors.server import Response, json_answer
from uar.demo.vendors.store import Row

READ = ("directoryinsights.readonly",)
PREFIX = "/insights/directory/v1"
SERVICES = frozenset(
    {"all", "directory", "sso", "radius", "ldap", "systems", "mdm", "software", "password_manager",
     "object_storage", "notifications", "reports", "alerts", "access_management"}
)  # fmt: skip
FIELDS = frozenset(
    {"id", "timestamp", "event_type", "service", "success", "client_ip", "initiated_by", "mfa",
     "resource", "association", "changes", "organization", "application", "username",
     "provider", "error_message", "geoip", "useragent", "auth_method", "@version"}
)  # fmt: skip
DEFAULT_LIMIT, MOST = 1000, 10_000


def mount(vendor: JumpCloud) -> None:
    """Add the routes of Directory Insights."""
    vendor.route("POST", f"{PREFIX}/events", events, *READ)
    vendor.route("POST", f"{PREFIX}/events/count", count, *READ)


def events(call: Call) -> Response:
    """POST …/events: a bare array; paging in the X- headers."""
    body = call.body()
    limit, sort = body.get("limit", DEFAULT_LIMIT), body.get("sort", call.switches.events_sort)
    if type(limit) is not int or not 1 <= limit <= MOST:
        raise bad_request(f"limit must be between 1 and {MOST}")
    if sort not in ("ASC", "DESC"):
        raise bad_request("sort must be ASC or DESC")
    found = sorted(_found(call, body), key=_token, reverse=sort == "DESC")
    if after := body.get("search_after"):
        found = _after(found, after, sort)
    page = found[:limit]
    shown = [_projected(row, body.get("fields")) for row in page]
    last = _token(page[-1]) if page else body.get("search_after") or [0, ""]
    answer = json_answer(shown)
    answer.headers |= {
        "X-Result-Count": str(len(page)),
        "X-Limit": str(limit),
        "X-Sort": sort,
        "X-Search_after": json.dumps(last, separators=(",", ":")),
        "X-Request-Id": secrets.token_hex(16),
    }
    return answer


def count(call: Call) -> Response:
    """POST …/events/count: how many the same body would list."""
    return json_answer({"count": len(_found(call, call.body()))})


def _found(call: Call, body: Row) -> list[Row]:
    services, begin, end = body.get("service"), body.get("start_time"), body.get("end_time")
    if not isinstance(services, list) or not services or not SERVICES.issuperset(services):
        raise bad_request("service must be a list of known services")
    oldest = datetime.now(UTC) - timedelta(days=call.switches.retention_days)
    since = max(_instant(begin, "start_time"), oldest)
    until = _instant(end, "end_time") if end else datetime.max.replace(tzinfo=UTC)
    fields = body.get("fields") or []
    if not isinstance(fields, list) or not FIELDS.issuperset(fields):
        raise bad_request("fields names an unknown field")
    tests = [_term_test(body.get("search_term")), _text_test(body)]
    return [
        row
        for row in call.store.table("events").values()
        if ("all" in services or row["service"] in services)
        and since <= _instant(row["timestamp"], "timestamp") < until
        and all(test(row) for test in tests)
    ]


def _term_test(terms: Any) -> Test:
    if not terms:
        return lambda _row: True
    if not isinstance(terms, dict) or not {"and", "or", "not"}.issuperset(terms):
        raise bad_request("search_term takes and, or, not")
    every = [_one_of(*pair) for pair in _pairs(terms.get("and"))]
    some = [_one_of(*pair) for pair in _pairs(terms.get("or"))]
    none = [_one_of(*pair) for pair in _pairs(terms.get("not"))]
    return lambda row: (
        all(test(row) for test in every)
        and (not some or any(test(row) for test in some))
        and not any(test(row) for test in none)
    )


def _pairs(conditions: Any) -> Iterable[tuple[str, Any]]:
    for each in conditions or []:
        if not isinstance(each, dict):
            raise bad_request("search_term takes lists of {field: value}")
        yield from each.items()


def _one_of(name: str, values: Any) -> Test:
    wanted = [str(each).lower() for each in (values if isinstance(values, list) else [values])]
    return lambda row: str(dig(row, name)).lower() in wanted


def _text_test(body: Row) -> Test:
    sought = str(body.get("q") or "").lower()
    if not sought:
        return lambda _row: True
    if body.get("exact_match"):
        return lambda row: f'"{sought}"' in json.dumps(row, ensure_ascii=False).lower()
    return lambda row: sought in json.dumps(row, ensure_ascii=False).lower()


def _after(found: list[Row], token: Any, sort: str) -> list[Row]:
    whole = isinstance(token, list) and len(token) == 2
    if not whole or type(token[0]) is not int or type(token[1]) is not str:
        raise bad_request("search_after must be the value of X-Search_after")
    if sort == "ASC":
        return [row for row in found if _token(row) > token]
    return [row for row in found if _token(row) < token]


def _projected(row: Row, fields: Any) -> Row:
    if not fields:
        return row
    return {name: row[name] for name in fields if name in row}


def _token(row: Row) -> list[Any]:
    return [round(_instant(row["timestamp"], "timestamp").timestamp() * 1000), row["id"]]


def _instant(text: Any, name: str) -> datetime:
    try:
        at = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        raise bad_request(f"{name} must be an RFC 3339 instant") from None
    if at.tzinfo is None:
        raise bad_request(f"{name} must name its time zone")
    return at
