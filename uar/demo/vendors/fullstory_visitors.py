"""Fullstory's server API: whose key it is, and the visitors whose sessions were recorded.

Sources: the vendor's OpenAPI (users.sdk.swagger.json), developer pages on /me, on
listing users and on limits.
"""

from __future__ import annotations

import base64
import binascii
import time

from uar.demo.vendors.front import RateLimit, Written, recorded
from uar.demo.vendors.fullstory_switches import Switches
from uar.demo.vendors.scim_vendor import Scim
from uar.demo.vendors.server import Request, Response, json_answer
from uar.demo.vendors.store import Row

PATHS = ("/me", "/v2/")
USERS = "/v2/users"
READING = ("ADMIN", "ARCHITECT")
APP = "https://app.fullstory.com/ui/ABC12"


class Refusal(Exception):
    """A refusal in the server API's own shape."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.answer = json_answer({"message": message, "code": code}, status)
        super().__init__(message)


def mount(vendor: Scim) -> None:
    """Serve the server API beside SCIM."""
    rate = RateLimit()
    vendor.other_paths = PATHS
    vendor.other = lambda request: _answered(vendor, request, rate)


def _answered(vendor: Scim, request: Request, rate: RateLimit) -> Response:
    switches = vendor.switches
    assert isinstance(switches, Switches)
    try:
        if rate.is_over(switches.rate_limit):
            refusal = Refusal(429, "too_many_requests", "too many requests")
            refusal.answer.headers["Retry-After"] = "1"  # always whole seconds
            raise refusal
        answer = _routed(vendor, request, switches)
    except Refusal as refusal:
        answer = refusal.answer
    answer.headers["x-fullstory-data-realm"] = switches.data_realm
    return answer


def _routed(vendor: Scim, request: Request, switches: Switches) -> Response:
    role = _role(request, switches)
    if request.path == "/me" and request.method == "GET":
        return json_answer({"email": switches.key_owner, "orgId": "ABC12", "role": role})
    if role not in READING:
        raise Refusal(403, "forbidden", "this key may not read users")
    key = request.path.removeprefix(USERS).strip("/")
    if not request.path.startswith(USERS) or "/" in key:
        raise Refusal(404, "resource_not_found", "no such resource")
    if request.method == "GET":
        with vendor.store.lock:
            return _one(vendor, key) if key else _page(vendor, request, switches)
    if request.method == "DELETE" and key:
        return vendor.kills.around(lambda: _delete(vendor, request, key))
    raise Refusal(404, "resource_not_found", "no such method here")


def _role(request: Request, switches: Switches) -> str:
    """The role of the key, which stands bare after Basic."""
    sent = request.headers.get("authorization", "")
    keys = dict(word.rpartition(":")[::2] for word in switches.keys.split())
    key = sent[6:] if sent.startswith("Basic ") else ""
    if key not in keys:
        raise Refusal(401, "unauthorized", "unauthorized")
    return keys[key]


def _page(vendor: Scim, request: Request, switches: Switches) -> Response:
    asked = dict(request.query)
    rows = [row for row in _visitors(vendor).values() if _fits(row, asked, switches)]
    at = _place(asked.get("page_token", ""))
    page = rows[at : at + switches.people_page]
    body: Row = {"results": [_shown(row) for row in page], "total_records": str(len(rows))}
    if at + switches.people_page < len(rows):
        body["next_page_token"] = _token(at + switches.people_page)
    elif switches.last_page == "empty":
        body["next_page_token"] = ""
    return json_answer({**body, "app_url": f"{APP}/segments/everyone"})


def _visitors(vendor: Scim) -> dict[str, Row]:
    """The visitors who are not erased yet."""
    switches = vendor.switches
    assert isinstance(switches, Switches)
    kept = time.time() - switches.erase_seconds
    rows = vendor.store.table("visitors")
    return {key: row for key, row in rows.items() if row.get("_deleted_at", kept) >= kept}


def _fits(row: Row, asked: dict[str, str], switches: Switches) -> bool:
    for name in ("uid", "email", "display_name"):
        if name in asked and row.get(name) != asked[name]:
            return False
    wanted = asked.get("is_identified")
    if wanted is None or not switches.anonymous_filter:
        return True
    return bool(row.get("uid")) == (wanted == "true")


def _one(vendor: Scim, key: str) -> Response:
    row = _visitors(vendor).get(key)
    if row is None:
        raise Refusal(404, "user_not_found", "no such user")
    return json_answer(_shown(row))


def _delete(vendor: Scim, request: Request, key: str) -> Response:
    """Begin to erase a visitor; she is still shown, as one who is being deleted."""

    def change() -> Written:
        row = _visitors(vendor).get(key)
        if row is None:
            return Written(Refusal(404, "user_not_found", "no such user").answer, [])
        gone = {**row, "is_being_deleted": True, "_deleted_at": time.time()}
        return Written(json_answer({}), [["put", "visitors", key, gone]])

    return recorded(vendor.store, request, "api", change)


def _shown(row: Row) -> Row:
    whole = {"display_name": "", "email": "", "is_being_deleted": False, "properties": {}}
    known = {name: value for name, value in row.items() if not name.startswith("_")}
    return {**whole, "uid": "", **known, "app_url": f"{APP}/people/{row['id']}"}


def _token(at: int) -> str:
    return base64.urlsafe_b64encode(f"page:{at}".encode()).decode()


def _place(token: str) -> int:
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("page:"))
    except (ValueError, binascii.Error):
        raise Refusal(400, "invalid_page_token", "this is no page token") from None
