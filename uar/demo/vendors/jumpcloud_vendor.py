"""JumpCloud as one process: who may call, which tenant is meant, and which route answers."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import ClassVar

from uar.demo.vendors.jumpcloud_call import Call
from uar.demo.vendors.jumpcloud_query import Refusal, bad_request
from uar.demo.vendors.jumpcloud_switches import Switches
from uar.demo.vendors.server import Request
from uar.demo.vendors.serving import Quota, Route, Serving
from uar.demo.vendors.store import Store

OBJECT_ID = re.compile(r"[0-9a-f]{24}")


class JumpCloud(Serving):
    """The vendor: whom it admits, and the tenant that they mean."""

    api: ClassVar[tuple[str, ...]] = ("/api/", "/insights/")
    switches: Switches

    def __init__(self, store: Store, switches: Switches, *, may_kill: bool = False) -> None:
        self._elsewhere = Store()  # every other tenant is empty
        self._quota = Quota()
        super().__init__(store, switches, may_kill=may_kill)

    def switch(self, switches: Switches) -> None:
        """Put other switches in force at once."""
        with self.store.lock:
            super().switch(switches)
            self._keys = dict(_key(word) for word in switches.keys.split())

    def admit(self, route: Route | None, request: Request, ids: dict[str, str]) -> Call:
        """Who asks about which tenant: 429, then 401, 404, 403, then the tenant's failures."""
        if self._quota.is_used_up(self.switches.rate_limit, 1.0):
            raise self._slow_down()
        scopes = self._scopes(request)
        if route is None:
            raise Refusal(HTTPStatus.NOT_FOUND)
        if scopes is not None and not _allowed(scopes, route.rights):
            raise Refusal(HTTPStatus.FORBIDDEN)
        store = self._tenant(request, ids)
        if store is not self.store and not self.reads(route):
            raise Refusal(HTTPStatus.FORBIDDEN)  # the other tenants of the demo are read only
        return self._call(request, store, ids)

    def call_by_hand(self, request: Request, ids: dict[str, str]) -> Call:
        """A change at the console is about the first tenant."""
        return self._call(request, self.store, ids)

    def reads(self, route: Route) -> bool:
        """Say whether it only reads: GET, and the two kinds of POST that search."""
        return route.method == "GET" or route.template.startswith(("/api/search/", "/insights/"))

    def counts_to_kill(self, route: Route) -> bool:
        """Say whether it changes the graph: members and associations."""
        return not self.reads(route) and route.template.endswith(("/members", "/associations"))

    def is_fleeting(self, request: Request) -> bool:
        """Say whether rows come in another order each time, late, or counted back from now."""
        insights = request.path.startswith("/insights/")
        return self.switches.shuffle_unsorted or insights or super().is_fleeting(request)

    def _call(self, request: Request, store: Store, ids: dict[str, str]) -> Call:
        return Call(request, store, self.switches, ids, self.keep)

    def _scopes(self, request: Request) -> frozenset[str] | None:
        """The scopes of the key that was sent, None for every scope. Raises Refusal 401."""
        key = request.headers.get("x-api-key", "")
        if key not in self._keys:
            raise Refusal(HTTPStatus.UNAUTHORIZED, self.switches.unauthorised_message)
        return self._keys[key]

    def _tenant(self, request: Request, ids: dict[str, str]) -> Store:
        """Which tenant's store is meant: x-org-id and its five failures (vendor's OpenAPI)."""
        sent = request.headers.get("x-org-id", "")
        tenantless = request.path.startswith(("/api/organizations", "/api/v2/organizations"))
        if not sent:
            if self.switches.multi_tenant and not tenantless:
                raise Refusal(HTTPStatus.UNAUTHORIZED, "x-org-id is required")
            return self.store
        if not OBJECT_ID.fullmatch(sent):
            raise bad_request("x-org-id is not an organization id")
        if tenantless:
            if ids.get("id", sent) != sent:
                raise bad_request("x-org-id and the path name different organizations")
            raise Refusal(HTTPStatus.FORBIDDEN, "this route does not accept x-org-id")
        known = list(self.store.table("organizations"))
        if sent == known[0]:
            return self.store
        if self.switches.multi_tenant and sent in known:
            return self._elsewhere
        raise Refusal(HTTPStatus.NOT_FOUND, "unknown organization")

    def _slow_down(self) -> Refusal:
        refusal = Refusal(HTTPStatus.TOO_MANY_REQUESTS)
        if self.switches.retry_after:
            refusal.headers = {"Retry_After": "1"}
        return refusal


def _key(word: str) -> tuple[str, frozenset[str] | None]:
    key, colon, scopes = word.partition(":")
    return key, frozenset(scopes.split(",")) if colon else None


def _allowed(held: frozenset[str], wanted: tuple[str, ...]) -> bool:
    if "readonly" in held and any(scope.endswith(".readonly") for scope in wanted):
        return True
    return not held.isdisjoint(wanted)
