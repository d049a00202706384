"""Percipio as one process: whose token it is, which organisation is meant, which route answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate
from http import HTTPStatus

from uar.demo.vendors.control import PREFIX, Counts, Kills, control
from uar.demo.vendors.faults import Faults
from uar.demo.vendors.front import RateLimit, Written, counted, recorded
from uar.demo.vendors.kept import Kept
from uar.demo.vendors.percipio_call import Call, Refusal, Route
from uar.demo.vendors.percipio_switches import Switches
from uar.demo.vendors.percipio_tokens import account_id, claims_of
from uar.demo.vendors.routes import Routes
from uar.demo.vendors.server import Request, Response, json_answer
from uar.demo.vendors.store import Store

API = ("/user-management/", "/content-discovery/", "/reporting/")
WINDOW_S = 20  # the rate limit counts in windows of so many seconds


class Percipio:
    """The vendor: its store, switches, faults and counts, and the one function that answers.

    `page` answers what is neither API nor control.
    """

    def __init__(self, store: Store, switches: Switches, *, may_kill: bool = False) -> None:
        self.store = store
        self.faults = Faults()
        self.counts = Counts()
        self.kills = Kills()
        self.may_kill = may_kill
        self.page: Callable[[Request], Response] = lambda _request: Response(404)
        self._routes: Routes[Route] = Routes()
        self._kept = Kept(store)
        self._rate = RateLimit()
        self.switches = switches
        self.switch(switches)

    def switch(self, switches: Switches) -> None:
        """Put other switches in force at once."""
        with self.store.lock:
            self.switches = switches
            self._accounts = dict(_account(word) for word in switches.accounts.split())
            self._kept.forget()

    def route(
        self, method: str, template: str, answer: Callable[[Call], Response | Written]
    ) -> None:
        """Let a function answer a path such as /reporting/v1/organizations/{org}/…."""
        self._routes.add(Route(method, template, answer, template.split("/")[1]))

    def answer(self, request: Request) -> Response:
        """Answer any request: the hidden door, the page, or the vendor's API."""
        if request.path.startswith(PREFIX):
            return control(self, request)
        if not request.path.startswith(API):
            return self.page(request)
        route, ids = self._routes.find(request)
        name = f"{request.method} {route.template if route else '(no such route)'}"
        answer = counted(self, name, request, lambda again: self._api(route, ids, again))
        return replace(answer, headers={"Date": formatdate(usegmt=True), **answer.headers})

    def by_hand(self, request: Request) -> Response:
        """Make a change as an administrator does on the site: no token, no faults, no lag."""
        route, ids = self._routes.find(request)
        if route is None or route.reads:
            raise ValueError(f"{request.method} {request.path} changes nothing")
        return self._write(route, self._call(request, ids), by="by hand")

    def _api(self, route: Route | None, ids: dict[str, str], request: Request) -> Response:
        try:
            self._admit(route, ids, request)
            assert route is not None
            call = self._call(request, ids)
            if route.reads:
                with self.store.lock:
                    return _plain(route.answer(call))
            if route.api == "user-management":
                return self.kills.around(lambda: self._write(route, call, by="api"))
            return self._write(route, call, by="api")
        except Refusal as refusal:
            return self._refused(refusal)

    def _admit(self, route: Route | None, ids: dict[str, str], request: Request) -> None:
        """Raise Refusal unless this token may make this call."""
        kind, _, text = request.headers.get("authorization", "").partition(" ")
        claims = claims_of(text.strip()) if kind == "Bearer" else None
        account = claims["service_account_id"] if claims else ""
        if claims is None or account not in self._accounts:
            raise Refusal(HTTPStatus.UNAUTHORIZED, "the token is not valid")
        if self._rate.is_over(self.switches.rate_limit, WINDOW_S, account):
            raise Refusal(HTTPStatus.TOO_MANY_REQUESTS)
        if route is None:
            raise Refusal(HTTPStatus.NOT_FOUND)
        if ids["org"] != claims["organization_id"]:
            raise Refusal(HTTPStatus.FORBIDDEN, "the token is for another organization")
        apis = self._accounts[account]
        if apis is not None and route.api not in apis:
            raise Refusal(HTTPStatus.FORBIDDEN, f"the service account has no {route.api}")

    def _call(self, request: Request, ids: dict[str, str]) -> Call:
        return Call(request, self.store, self.switches, ids, self._kept.get)

    def _write(self, route: Route, call: Call, *, by: str) -> Response:
        def change() -> Written:
            try:
                written = route.answer(call)
            except Refusal as refusal:
                return Written(self._refused(refusal), [])
            return written if isinstance(written, Written) else Written(written, [])

        return recorded(self.store, call.request, by, change)

    def _refused(self, refusal: Refusal) -> Response:
        waits = refusal.status == HTTPStatus.TOO_MANY_REQUESTS and self.switches.retry_after
        headers = {"Retry_After": str(WINDOW_S)} if waits else {}
        return json_answer(refusal.body(self.switches.error_keys), refusal.status, **headers)


def _account(word: str) -> tuple[str, frozenset[str] | None]:
    name, colon, apis = word.partition(":")
    return account_id(name), frozenset(apis.split(",")) if colon else None


def _plain(answer: Response | Written) -> Response:
    return answer.answer if isinstance(answer, Written) else answer
