"""The hidden door of every vendor server, /_control: switches, faults, history, counts, kills.

It is not part of any vendor's API. It answers only requests that name a loopback
host, so a page elsewhere in the browser cannot reach it by a name that resolves here.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from uar.demo.vendors.faults import Faults
from uar.demo.vendors.server import Request, Response, json_answer
from uar.demo.vendors.store import Store
from uar.demo.vendors.switches import changed

PREFIX = "/_control/"


@dataclass(slots=True)
class Counts:
    """How many requests came, by route and by status, and how many at once."""

    routes: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    most_at_once: int = 0
    now: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def enter(self) -> None:
        """A request has come."""
        with self.lock:
            self.now += 1
            self.most_at_once = max(self.most_at_once, self.now)

    def leave(self, route: str, status: int) -> None:
        """Its answer is about to go."""
        with self.lock:
            self.now -= 1
            self.routes[route] += 1
            self.statuses[status] += 1

    def shown(self) -> dict[str, Any]:
        """The counts as JSON."""
        with self.lock:
            return {
                "total": sum(self.routes.values()),
                "routes": dict(self.routes),
                "statuses": {str(status): n for status, n in self.statuses.items()},
                "most_at_once": self.most_at_once,
            }

    def reset(self) -> None:
        """Start counting anew."""
        with self.lock:
            self.routes.clear()
            self.statuses.clear()
            self.most_at_once = self.now


class Kills:
    """Orders to kill a process at the exact instant of one of its writes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[dict[str, Any]] = []
        self.fired: list[dict[str, Any]] = []

    def order(self, values: dict[str, Any]) -> None:
        """Kill values["pid"] "before" or "after" the nth next write. Raises ValueError."""
        pid, when, nth = values.get("pid"), values.get("when"), values.get("nth", 1)
        if type(pid) is not int or pid <= 1 or pid == os.getpid():
            raise ValueError("pid must be the id of another process")
        if when not in ("before", "after") or type(nth) is not int or nth < 1:
            raise ValueError("when is before or after, nth is 1 or more")
        with self._lock:
            self._waiting.append({"pid": pid, "when": when, "nth": nth})

    def due(self) -> tuple[dict[str, Any], ...]:
        """Count one write; the orders whose turn it is."""
        if not self._waiting:
            return ()
        with self._lock:
            for order in self._waiting:
                order["nth"] -= 1
            due = tuple(order for order in self._waiting if order["nth"] <= 0)
            self._waiting = [order for order in self._waiting if order["nth"] > 0]
            return due

    def fire(self, order: dict[str, Any]) -> None:
        """Send the signal now."""
        try:
            os.kill(order["pid"], signal.SIGKILL)
        except ProcessLookupError:
            order["missed"] = True
        self.fired.append({k: v for k, v in order.items() if k != "nth"})

    def around(self, write: Callable[[], Response]) -> Response:
        """Make one write, killing before or after it if that was ordered.

        A process killed before its write never made it, so nothing is applied.
        """
        due = self.due()
        for order in due:
            if order["when"] == "before":
                self.fire(order)
                return Response(cut_at=-1)
        answer = write()
        for order in due:
            self.fire(order)
        return answer


class Controlled(Protocol):
    """What a vendor server offers to its hidden door."""

    store: Store
    faults: Faults
    counts: Counts
    kills: Kills
    may_kill: bool

    @property
    def switches(self) -> Any:
        """The switches in force, a frozen dataclass."""

    def switch(self, switches: Any) -> None:
        """Put other switches in force."""


def control(vendor: Controlled, request: Request) -> Response:
    """Answer a request to /_control/…; mistakes are 400 with a sentence."""
    if not named_loopback(request):
        return json_answer({"message": "loopback only"}, 403)
    verb = f"{request.method} {request.path.removeprefix(PREFIX)}"
    try:
        return _act(vendor, verb, request)
    except (ValueError, TypeError) as problem:
        return json_answer({"message": str(problem)}, 400)


def _act(vendor: Controlled, verb: str, request: Request) -> Response:
    match verb:
        case "GET switches":
            return json_answer(asdict(vendor.switches))
        case "POST switches":
            vendor.switch(changed(vendor.switches, _object(request)))
            return json_answer(asdict(vendor.switches))
        case "GET history":
            with vendor.store.lock:
                return json_answer(vendor.store.history)
        case "GET requests":
            return json_answer(vendor.counts.shown())
        case "POST reset-counts":
            _object(request)
            vendor.counts.reset()
            return json_answer({})
    return _harm(vendor, verb, request)


def _harm(vendor: Controlled, verb: str, request: Request) -> Response:
    match verb:
        case "POST faults":
            vendor.faults.add(_object(request))
        case "DELETE faults":
            _object(request)
            vendor.faults.clear()
        case "POST kill" if not vendor.may_kill:
            return json_answer({"message": "start the server with --allow-kill"}, 403)
        case "POST kill":
            vendor.kills.order(_object(request))
    if verb.endswith(" faults"):
        return json_answer([asdict(rule) for rule in vendor.faults.rules])
    if verb.endswith(" kill"):
        return json_answer({"fired": vendor.kills.fired})
    return json_answer({"message": "no such control"}, 404)


def _object(request: Request) -> dict[str, Any]:
    # a form of another page cannot send this type without asking first (CORS)
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise ValueError("send Content-Type: application/json")
    value = request.json()
    if not isinstance(value, dict):
        raise ValueError("send a JSON object")
    return value


def named_loopback(request: Request) -> bool:
    """Say whether the request was made to a loopback name, not to one that resolves to it."""
    host = request.headers.get("host", "").rsplit(":", 1)[0]
    return host in ("127.0.0.1", "localhost", "[::1]")
