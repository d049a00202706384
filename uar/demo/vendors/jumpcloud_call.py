"""One request to JumpCloud: who asks about which tenant, and what a write brings about."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from uar.demo.vendors.front import Written
from uar.demo.vendors.jumpcloud_query import Refusal, bad_request
from uar.demo.vendors.jumpcloud_switches import Switches
from uar.demo.vendors.server import Request, Response
from uar.demo.vendors.store import Op, Row, Store, instant


@dataclass(frozen=True, slots=True)
class Call:
    """One authorised request, the store of the tenant it is about, the switches in force."""

    request: Request
    store: Store
    switches: Switches
    ids: dict[str, str]
    keep: Callable[[Any, Callable[[], Any]], Any]

    def memo(self, key: tuple[str, ...], make: Callable[[], Any]) -> Any:
        """What `make` gives, kept until the tenant's state or the switches change."""
        return self.keep((id(self.store), key), make)

    def body(self) -> Row:
        """The JSON object that was sent. Raises Refusal for anything else."""
        try:
            body = self.request.json()
        except ValueError:
            raise bad_request("the body is not JSON") from None
        if not isinstance(body, dict):
            raise bad_request("the body must be an object")
        return body

    def row(self, table: str) -> Row:
        """The row whose id stands in the path. Raises Refusal 404."""
        found = self.store.table(table).get(self.ids["id"])
        if found is None:
            raise Refusal(HTTPStatus.NOT_FOUND)
        return found


@dataclass(frozen=True, slots=True)
class Route:
    """One method and path template, and the scopes of which a key needs one."""

    method: str
    template: str
    answer: Callable[[Call], Response | Written]
    scopes: tuple[str, ...]

    @property
    def reads(self) -> bool:
        """Say whether it only reads: GET, and the two kinds of POST that search."""
        return self.method == "GET" or self.template.startswith(("/api/search/", "/insights/"))

    @property
    def links(self) -> bool:
        """Say whether it changes the graph: members and associations."""
        return not self.reads and self.template.endswith(("/members", "/associations"))


def event(kind: str, **values: Any) -> Op:
    """The operation that adds an event to Directory Insights, dated now."""
    key = new_id()
    whole = {"id": key, "event_type": kind, "timestamp": instant(), "success": True, **values}
    return ["put", "events", key, whole]


def new_id() -> str:
    """A new id as the vendor makes them: 24 hexadecimal digits, beginning with the instant."""
    return f"{int(time.time()):08x}{secrets.token_hex(8)}"
