"""What every vendor server does with a request: count it, spoil it, admit it, answer it.

A vendor is a subclass that says whom it admits (`admit`); its routes are functions
that get what `admit` made of the request. Changes go into the store's history with
what they did, whether they came over the API or by hand.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from uar.demo.vendors.control import PREFIX, Counts, Kills, control
from uar.demo.vendors.faults import Faults, spoil
from uar.demo.vendors.server import Request, Response, json_answer, reason
from uar.demo.vendors.store import Op, Row, Store


class Refusal(Exception):
    """A request that the vendor refuses, with its status, message and headers."""

    def __init__(self, status: int, message: str = "", **headers: str) -> None:
        self.status = status
        self.message = message or reason(status)
        self.headers = headers
        super().__init__(self.message)

    def body(self) -> Row:
        """The body of the answer."""
        return {"message": self.message}

    def answer(self) -> Response:
        """The whole answer."""
        return json_answer(self.body(), self.status, **self.headers)


@dataclass(frozen=True, slots=True)
class Written:
    """What a write answers, and the operations that make it true."""

    answer: Response
    ops: list[Op]


@dataclass(frozen=True, slots=True)
class Route:
    """One method and path template, and the rights of which a caller needs one."""

    method: str
    template: str
    answer: Callable[[Any], Response | Written]
    rights: tuple[str, ...]

    def match(self, parts: list[str]) -> dict[str, str] | None:
        """The ids in a path of as many segments, or None for another path."""
        ids: dict[str, str] = {}
        for wanted, part in zip(self.template.split("/"), parts, strict=True):
            if wanted.startswith("{"):
                ids[wanted[1:-1]] = part
            elif wanted != part:
                return None
        return ids


class Serving:
    """A vendor: its store, switches, faults and counts, and the one function that answers.

    `page` answers what is neither API nor control; `settle` is called, with the store's lock
    held, before every read and write, for what becomes due with time. Switches have
    `latency_ms`, `lag_s`, `prepared`.
    """

    api: ClassVar[tuple[str, ...]] = ("/api/",)
    """The beginnings of the paths that are the vendor's API."""

    def __init__(self, store: Store, switches: Any, *, may_kill: bool = False) -> None:
        self.store = store
        self.faults = Faults()
        self.counts = Counts()
        self.kills = Kills()
        self.may_kill = may_kill
        self.page: Callable[[Request], Response] = lambda _request: Response(404)
        self.settle: Callable[[Store], None] = lambda _store: None
        self._routes: dict[int, list[Route]] = {}
        self._kept: dict[Any, Any] = {}
        self._kept_version = -1
        self.switches = switches
        self.switch(switches)

    def admit(self, route: Route | None, request: Request, ids: dict[str, str]) -> Any:
        """What a route's function gets. Raises Refusal for whoever may not, or no such route."""
        raise NotImplementedError

    def call_by_hand(self, request: Request, ids: dict[str, str]) -> Any:
        """What a route's function gets for a change at the console."""
        raise NotImplementedError

    def reads(self, route: Route) -> bool:
        """Say whether a route only reads."""
        return route.method == "GET"

    def counts_to_kill(self, route: Route) -> bool:
        """Say whether a write is one of those around which a process may be killed."""
        return not self.reads(route)

    def is_fleeting(self, _request: Request) -> bool:
        """Say whether an answer must not be kept although nothing changes."""
        return bool(self.switches.lag_s > 0)

    def switch(self, switches: Any) -> None:
        """Put other switches in force at once."""
        with self.store.lock:
            self.switches = switches
            self.store.lag_s = switches.lag_s
            self._kept_version = -1

    def route(
        self, method: str, template: str, answer: Callable[[Any], Response | Written], *rights: str
    ) -> None:
        """Let a function answer a method and path such as /api/v2/usergroups/{id}."""
        route = Route(method, template, answer, rights)
        self._routes.setdefault(template.count("/"), []).append(route)

    def answer(self, request: Request) -> Response:
        """Answer any request: the hidden door, the page, or the vendor's API."""
        if request.path.startswith(PREFIX):
            return control(self, request)
        if not request.path.startswith(self.api):
            return self.page(request)
        self.counts.enter()
        route, ids = self._find(request)
        status = 0
        try:
            answer = self._spoilt(route, ids, request)
            status = answer.status
        finally:
            name = route.template if route else "(no such route)"
            self.counts.leave(f"{request.method} {name}", status)
        return answer

    def by_hand(self, request: Request) -> Response:
        """Make a change as an administrator at the console does: no key, no faults, no lag."""
        route, ids = self._find(request)
        if route is None or self.reads(route):
            raise ValueError(f"{request.method} {request.path} changes nothing")
        return self._write(route, request, self.call_by_hand(request, ids), by="by hand")

    def keep(self, key: Any, make: Callable[[], Any]) -> Any:
        """What `make` gives, kept until the state or the switches change. Hold the lock."""
        if self._kept_version != self.store.version:
            self._kept.clear()
            self._kept_version = self.store.version
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    def _spoilt(self, route: Route | None, ids: dict[str, str], request: Request) -> Response:
        if self.switches.latency_ms:
            time.sleep(self.switches.latency_ms / 1000)
        fault = self.faults.meet(request)
        if fault:
            return spoil(fault, request, lambda again: self._api(route, ids, again))
        return self._api(route, ids, request)

    def _api(self, route: Route | None, ids: dict[str, str], request: Request) -> Response:
        try:
            call = self.admit(route, request, ids)
            assert route is not None
            if self.reads(route):
                return self._read(route, request, call)
            if self.counts_to_kill(route):
                return self.kills.around(lambda: self._write(route, request, call, by="api"))
            return self._write(route, request, call, by="api")
        except Refusal as refusal:
            return refusal.answer()

    def _read(self, route: Route, request: Request, call: Any) -> Response:
        with self.store.lock:
            self.settle(self.store)
            if not self.switches.prepared or self.is_fleeting(request):
                return _plain(route.answer(call))
            who = request.headers.get("authorization", "")
            key = (id(call.store), who, request.path, request.query_string, request.body)
            answer: Response = self.keep(key, lambda: _plain(route.answer(call)))
            return answer

    def _write(self, route: Route, request: Request, call: Any, *, by: str) -> Response:
        entry = {"by": by, "method": request.method, "path": request.path, "body": _json(request)}
        with self.store.lock:
            self.settle(self.store)
            try:
                written = route.answer(call)
            except Refusal as refusal:
                self.store.commit([], **entry, effect="refused", status=refusal.status)
                return refusal.answer()
            ops = written.ops if isinstance(written, Written) else []
            answer = _plain(written)
            self.store.commit(ops, **entry, effect="applied", status=answer.status)
            return answer

    def _find(self, request: Request) -> tuple[Route | None, dict[str, str]]:
        parts = request.path.rstrip("/").split("/")
        for route in self._routes.get(len(parts) - 1, ()):
            if route.method == request.method:
                ids = route.match(parts)
                if ids is not None:
                    return route, ids
        return None, {}


class Quota:
    """So many requests in a window of time, for each family of routes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counted: dict[str, tuple[int, int]] = {}

    def is_used_up(self, most: int, window_s: float, family: str = "") -> bool:
        """Count one request; say whether it is one too many. `most` of 0 is without limit."""
        if not most:
            return False
        with self._lock:
            window = int(time.monotonic() / window_s)
            before, counted = self._counted.get(family, (window, 0))
            counted = counted + 1 if before == window else 1
            self._counted[family] = (window, counted)
        return counted > most


def _json(request: Request) -> Any:
    try:
        return request.json()
    except ValueError:
        return None


def _plain(answer: Response | Written) -> Response:
    return answer.answer if isinstance(answer, Written) else answer
