"""What every vendor server does around its API: count, dawdle, spoil, limit, and keep history."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from uar.demo.vendors.control import Controlled
from uar.demo.vendors.faults import spoil
from uar.demo.vendors.server import Request, Response
from uar.demo.vendors.store import Op, Store


@dataclass(frozen=True, slots=True)
class Written:
    """What a write answers, and the operations that make it true."""

    answer: Response
    ops: list[Op]


class RateLimit:
    """Counts requests in windows of time, apart for each key such as an API token."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._window = 0
        self._counted: Counter[str] = Counter()

    def is_over(self, most: int, seconds: int = 1, key: str = "") -> bool:
        """Count one request; say whether there are more than `most` in this window, 0 is never."""
        if not most:
            return False
        with self._lock:
            window = int(time.monotonic() / seconds)
            if window != self._window:
                self._window = window
                self._counted.clear()
            self._counted[key] += 1
            return self._counted[key] > most


def counted(
    vendor: Controlled, name: str, request: Request, api: Callable[[Request], Response]
) -> Response:
    """Answer a request of the API under the name of its route, late or spoilt if so ordered."""
    vendor.counts.enter()
    status = 0
    try:
        answer = _spoilt(vendor, request, api)
        status = answer.status
    finally:
        vendor.counts.leave(name, status)
    return answer


def recorded(store: Store, request: Request, by: str, change: Callable[[], Written]) -> Response:
    """Make a change and its line of history; one that answers 400 or above changes nothing."""
    entry = {"by": by, "method": request.method, "path": request.path, "body": _json(request)}
    with store.lock:
        written = change()
        status = written.answer.status
        effect = "applied" if status < 400 else "refused"
        ops = written.ops if status < 400 else []
        store.commit(ops, **entry, effect=effect, status=status)
        return written.answer


def _spoilt(vendor: Controlled, request: Request, api: Callable[[Request], Response]) -> Response:
    if vendor.switches.latency_ms:
        time.sleep(vendor.switches.latency_ms / 1000)
    fault = vendor.faults.meet(request)
    return spoil(fault, request, api) if fault else api(request)


def _json(request: Request) -> Any:
    try:
        return request.json()
    except ValueError:
        return None
