"""JumpCloud as one process: who may call, which tenant is meant, and which route answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus

from uar.demo.vendors.control import PREFIX, Counts, Kills, control
from uar.demo.vendors.faults import Faults
from uar.demo.vendors.front import RateLimit, Written, counted, recorded
from uar.demo.vendors.jumpcloud_call import Call, Route
from uar.demo.vendors.jumpcloud_query import Refusal, bad_request
from uar.demo.vendors.jumpcloud_switches import Switches
from uar.demo.vendors.kept import Kept
from uar.demo.vendors.routes import Routes
from uar.demo.vendors.server import Request, Response, json_answer
from uar.demo.vendors.store import Store

OBJECT_ID = re.compile(r"[0-9a-f]{24}")
API = ("/api/", "/insights/")


class JumpCloud:
    """The vendor: its store, switches, faults and counts, and the one function that answers.

    `page` answers what is neither API nor control; `settle` is called, with the store's lock
    held, before every read and write, for what becomes due with time.
    """

    def __init__(self, store: Store, switches: Switches, *, may_kill: bool = False) -> None:
        self.store = store
        self.faults = Faults()
        self.counts = Counts()
        self.kills = Kills()
        self.may_kill = may_kill
        self.page: Callable[[Request], Response] = lambda _request: Response(404)
        self.settle: Callable[[Store], None] = lambda _store: None
        self._elsewhere = Store()  # every other tenant is empty
        self._routes: Routes[Route] = Routes()
        self._kept = Kept(store)
        self._rate = RateLimit()
        self.switches = switches
        self.switch(switches)

    def switch(self, switches: Switches) -> None:
        """Put other switches in force at once."""
        with self.store.lock:
            self.switches = switches
            self.store.lag_s = switches.lag_s
            self._keys = dict(_key(word) for word in switches.keys.split())
            self._kept.forget()

    def route(
        self, method: str, template: str, answer: Callable[[Call], Response | Written], *scopes: str
    ) -> None:
        """Let a function answer a method and path such as /api/v2/usergroups/{id}."""
        self._routes.add(Route(method, template, answer, scopes))

    def answer(self, request: Request) -> Response:
        """Answer any request: the hidden door, the page, or the vendor's API."""
        if request.path.startswith(PREFIX):
            return control(self, request)
        if not request.path.startswith(API):
            return self.page(request)
        route, ids = self._routes.find(request)
        name = f"{request.method} {route.template if route else '(no such route)'}"
        return counted(self, name, request, lambda again: self._api(route, ids, again))

    def by_hand(self, request: Request) -> Response:
        """Make a change as an administrator at the console does: no key, no faults, no lag."""
        route, ids = self._routes.find(request)
        if route is None or route.reads:
            raise ValueError(f"{request.method} {request.path} changes nothing")
        return self._write(route, self._call(request, self.store, ids), by="by hand")

    def _api(self, route: Route | None, ids: dict[str, str], request: Request) -> Response:
        try:
            if self._rate.is_over(self.switches.rate_limit):
                return self._slow_down()
            scopes = self._scopes(request)
            if route is None:
                raise Refusal(HTTPStatus.NOT_FOUND)
            if scopes is not None and not _allowed(scopes, route.scopes):
                raise Refusal(HTTPStatus.FORBIDDEN)
            call = self._call(request, self._tenant(request, ids), ids)
            return self._read(route, call) if route.reads else self._change(route, call)
        except Refusal as refusal:
            return json_answer(refusal.body(), refusal.status)

    def _call(self, request: Request, store: Store, ids: dict[str, str]) -> Call:
        return Call(request, store, self.switches, ids, self._kept.get)

    def _read(self, route: Route, call: Call) -> Response:
        switches, request = self.switches, call.request
        with self.store.lock:
            self.settle(self.store)
            fleeting = switches.shuffle_unsorted or switches.lag_s > 0
            if fleeting or not switches.prepared or request.path.startswith("/insights/"):
                return _plain(route.answer(call))
            key = (id(call.store), request.path, request.query_string, request.body)
            answer: Response = self._kept.get(key, lambda: _plain(route.answer(call)))
            return answer

    def _change(self, route: Route, call: Call) -> Response:
        if call.store is not self.store:
            raise Refusal(HTTPStatus.FORBIDDEN)  # the other tenants of the demo are read only
        if route.links:
            return self.kills.around(lambda: self._write(route, call, by="api"))
        return self._write(route, call, by="api")

    def _write(self, route: Route, call: Call, *, by: str) -> Response:
        def change() -> Written:
            self.settle(self.store)
            try:
                written = route.answer(call)
            except Refusal as refusal:
                return Written(json_answer(refusal.body(), refusal.status), [])
            return written if isinstance(written, Written) else Written(written, [])

        return recorded(self.store, call.request, by, change)

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

    def _slow_down(self) -> Response:
        refusal = Refusal(HTTPStatus.TOO_MANY_REQUESTS)
        headers = {"Retry_After": "1"} if self.switches.retry_after else {}
        return json_answer(refusal.body(), refusal.status, **headers)


def _key(word: str) -> tuple[str, frozenset[str] | None]:
    key, colon, scopes = word.partition(":")
    return key, frozenset(scopes.split(",")) if colon else None


def _allowed(held: frozenset[str], wanted: tuple[str, ...]) -> bool:
    if "readonly" in held and any(scope.endswith(".readonly") for scope in wanted):
        return True
    return not held.isdisjoint(wanted)


def _plain(answer: Response | Written) -> Response:
    return answer.answer if isinstance(answer, Written) else answer
