"""A SCIM server as one process: who may call, and which route answers."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from uar.demo.vendors.control import PREFIX, Counts, Kills, control
from uar.demo.vendors.faults import Faults
from uar.demo.vendors.front import RateLimit, Written, counted, recorded
from uar.demo.vendors.scim_discovery import NAMES, discovered
from uar.demo.vendors.scim_lists import listed, projected
from uar.demo.vendors.scim_names import Refusal, answer
from uar.demo.vendors.scim_resources import Resources
from uar.demo.vendors.scim_switches import Switches
from uar.demo.vendors.scim_views import Views
from uar.demo.vendors.server import Request, Response
from uar.demo.vendors.store import Store

BASE = "/scim/v2"


class Scim:
    """The server: its store, switches, faults and counts, and the one function that answers.

    `page` answers what is neither API nor control. `other` answers what the same vendor serves
    beside SCIM under the paths of `other_paths`.
    """

    def __init__(self, store: Store, switches: Switches, *, may_kill: bool = False) -> None:
        self.store = store
        self.faults = Faults()
        self.counts = Counts()
        self.kills = Kills()
        self.may_kill = may_kill
        self.page: Callable[[Request], Response] = lambda _request: Response(404)
        self.other_paths: tuple[str, ...] = ()
        self.other: Callable[[Request], Response] = lambda _request: Response(404)
        self._rate = RateLimit()
        self.switches = switches
        self.switch(switches)

    def switch(self, switches: Switches) -> None:
        """Put other switches in force at once."""
        with self.store.lock:
            self.switches = switches
            self.store.lag_s = switches.lag_s
            self._rights = dict(_right(word) for word in switches.tokens.split())

    def answer(self, request: Request) -> Response:
        """Answer any request: the hidden door, the page, or the API."""
        if request.path.startswith(PREFIX):
            return control(self, request)
        if self.other_paths and request.path.startswith(self.other_paths):
            name = "/".join(request.path.split("/")[:3])
            return counted(self, f"{request.method} {name}", request, self.other)
        if not request.path.startswith(BASE + "/"):
            return self.page(request)
        return counted(self, _name(request), request, self.api)

    def api(self, request: Request) -> Response:
        """Answer a request of the API."""
        try:
            if self._rate.is_over(self.switches.rate_limit):
                return slow_down(self.switches.retry_after)
            return self._answered(request)
        except Refusal as refusal:
            if refusal.status == 401 and self.switches.unauthorised == "text":
                return Response(401, b"unauthorized\n", {"Content-Type": "text/plain"})
            return refusal.answer(number=self.switches.error_status == "number")

    def by_hand(self, request: Request) -> Response:
        """Make a change as an administrator does: no token, no faults, no lag."""
        _, *parts = request.path.removeprefix(BASE).split("/")
        return self._write(request, parts, by="by hand")

    def _answered(self, request: Request) -> Response:
        parts = request.path.removeprefix(BASE).strip("/").split("/")
        if parts[0] in NAMES and self.switches.discovery == "open":
            return self._discovered(request, parts)
        right = self._right_of(request)
        self._insist_on_accept(request)
        if parts[0] in NAMES:
            return self._discovered(request, parts)
        if parts == ["Me"] and request.method == "GET" and self.switches.me:
            return self._read(request, ["Users", self.switches.me])
        if parts[0] in ("Me", "Bulk", ".search"):
            raise Refusal(501, f"{parts[0]} is not supported")
        search = parts[1:] == [".search"] and request.method == "POST"
        _insist_on_right(right, parts[0], reads=search or request.method == "GET")
        if search or request.method == "GET":
            return self._read(request, parts)
        return self.kills.around(lambda: self._write(request, parts, by="api"))

    def _discovered(self, request: Request, parts: list[str]) -> Response:
        if request.method != "GET":
            raise Refusal(405, "discovery is for reading")
        with self.store.lock:
            return discovered(request, parts, self.store, self.switches, _base(request))

    def _read(self, request: Request, parts: list[str]) -> Response:
        with self.store.lock:
            views = Views(self.store, self.switches, _base(request))
            table = self._table(parts)
            asked = _asked(request)
            if len(parts) == 2 and parts[1] != ".search":
                row = Resources(self.store, self.switches, views, table).found(parts[1])
                shown = projected(views.view(table, row, alone=True), asked)
                tag = {"ETag": views.version(row)} if self.switches.etag else {}
                if tag and request.headers.get("if-none-match") == tag["ETag"]:
                    return Response(304, b"", tag)
                return answer(shown, 200, **tag)
            rows = list(self.store.table(table).values())
            return listed(
                rows, lambda row: views.view(table, row, alone=False), asked, self.switches
            )

    def _write(self, request: Request, parts: list[str], *, by: str) -> Response:
        def change() -> Written:
            views = Views(self.store, self.switches, _base(request))
            try:
                resources = Resources(self.store, self.switches, views, self._table(parts))
                return _changed(resources, request, parts)
            except Refusal as refusal:
                number = self.switches.error_status == "number"
                return Written(refusal.answer(number=number), [])

        return recorded(self.store, request, by, change)

    def _table(self, parts: list[str]) -> str:
        """The table of a path. Raises Refusal 404 for one that is not served."""
        table = parts[0]
        known = {each["endpoint"].strip("/") for each in self.store.table("types").values()}
        known |= {"Users"} | ({"Roles"} if self.switches.roles_endpoint else set())
        if table == "Groups" and self.switches.groups_route == "forbidden":
            raise Refusal(403, "these groups are not for you")
        if self.switches.groups_route == "served":
            known.add("Groups")
        if table not in known or len(parts) > 2:
            raise Refusal(404, "no such resource")
        return table

    def _right_of(self, request: Request) -> str:
        """What the token that was sent may do. Raises Refusal 401."""
        sent = request.headers.get("authorization", "")
        match self.switches.auth:
            case "bearer":
                token = sent[7:] if sent.lower().startswith("bearer ") else ""
            case "basic":
                token = _password(sent)
            case "bare":
                token = sent
            case _:
                token = request.headers.get("x-api-key", "")
        if token not in self._rights:
            raise Refusal(401, "Unauthorized")
        return self._rights[token]

    def _insist_on_accept(self, request: Request) -> None:
        wanted = {"scim": "application/scim+json", "json": "application/json"}
        kind = wanted.get(self.switches.accept)
        named = [each.partition(";")[0].strip() for each in
                 request.headers.get("accept", "*/*").split(",")]  # fmt: skip
        if kind and kind not in named:
            raise Refusal(406, f"{kind} is what there is")


def slow_down(how: str) -> Response:
    """A 429 as a gateway sends it, with Retry-After as the switch says."""
    headers = {"Content-Type": "application/json"}
    if how == "seconds":
        headers["Retry-After"] = "1"
    elif how == "date":
        now = datetime.now(UTC)
        headers["Date"] = format_datetime(now, usegmt=True)
        headers["Retry-After"] = format_datetime(now + timedelta(seconds=1), usegmt=True)
    return Response(429, b'{"message":"Too Many Requests"}', headers)


def _changed(resources: Resources, request: Request, parts: list[str]) -> Written:
    match request.method, len(parts):
        case "POST", 1:
            return resources.create(request)
        case "PUT", 2:
            return resources.replace(request, parts[1])
        case "PATCH", 2:
            return resources.patch(request, parts[1])
        case "DELETE", 2:
            return resources.delete(request, parts[1])
    raise Refusal(405, f"{request.method} is not possible here")


def _asked(request: Request) -> Mapping[str, Any]:
    if request.method == "GET":
        return dict(request.query)
    try:
        body = request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refusal(400, "a search is an object", "invalidSyntax")
    return body


def _insist_on_right(right: str, table: str, *, reads: bool) -> None:
    is_enough = (
        right == "all" or (right == "read" and reads) or (right == "users" and table == "Users")
    )
    if not is_enough:
        raise Refusal(403, "this token may not do this")


def _right(word: str) -> tuple[str, str]:
    token, colon, right = word.partition(":")
    return token, right if colon else "all"


def _password(sent: str) -> str:
    if not sent.lower().startswith("basic "):
        return ""
    try:
        return base64.b64decode(sent[6:]).decode().partition(":")[2]
    except (ValueError, binascii.Error):
        return ""


def _base(request: Request) -> str:
    return f"http://{request.headers.get('host', 'localhost')}{BASE}"


def _name(request: Request) -> str:
    parts = request.path.removeprefix(BASE).strip("/").split("/")
    if len(parts) > 1 and parts[1] != ".search":
        parts[1:] = ["{id}"]
    return f"{request.method} /{'/'.join(parts)}"
