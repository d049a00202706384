"""Faults that a vendor server can be told to show: rules that match requests and spoil answers."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlencode

from uar.demo.vendors.server import Request, Response, dumps, json_answer, reason

BEFORE = ("hang", "drop")
SPOILS = ("truncated", "cut", "html", "empty", "same_page", "slow", "blank")
PAGING = (
    *("skip", "offset", "search_after", "startIndex", "cursor"),
    *("page_token", "page", "page[number]"),
)
LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>Log in</title></head><body>Log in</body></html>"


@dataclass(slots=True)
class Fault:
    """One rule.

    kind: a status such as 429, 503, 500 or 401; or hang (wait, then hang up), drop (hang up at
    once), cut (do it, then hang up in the middle of the body, or instead of one), truncated
    (half of the JSON under a true length), html (a 200 with a page), empty (a list without
    rows), blank (a 200 with nothing in it), same_page (the place in the list is ignored), slow
    (wait, then answer).
    path: the prefix that a request must have; `*` stands for anything, and a `$` at the end
    asks for the whole path. method: empty for any.
    after: how many matching requests pass first. times: how many are spoilt, 0 for ever.
    retry_after: sent as the header of that name when not empty (seconds or an HTTP date).
    seconds: how long hang and slow wait.
    """

    kind: str
    path: str = "/"
    method: str = ""
    after: int = 0
    times: int = 1
    retry_after: str = ""
    seconds: float = 30.0
    seen: int = 0
    spoilt: int = 0

    def __post_init__(self) -> None:
        self.kind = str(self.kind)
        status = self.kind.isdigit() and 400 <= int(self.kind) <= 599
        if not status and self.kind not in BEFORE + SPOILS:
            raise ValueError(f"there is no fault {self.kind!r}")

    def fits(self, path: str) -> bool:
        """Say whether a path is one of those that the rule is about."""
        whole = self.path.endswith("$")
        return fnmatchcase(path, self.path[:-1] if whole else self.path + "*")


class Faults:
    """The rules in force; the first that matches a request wins."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.rules: list[Fault] = []

    def add(self, values: dict[str, Any]) -> None:
        """Add a rule. Raises ValueError for an unknown kind or name."""
        kinds = {each.name: each for each in fields(Fault)}
        for name in values:
            if name not in kinds or name in ("seen", "spoilt"):
                raise ValueError(f"a fault has no {name!r}")
        whole = {name: _number(name, value) for name, value in values.items()}
        with self._lock:
            self.rules.append(Fault(**whole))

    def clear(self) -> None:
        """Forget all rules."""
        with self._lock:
            self.rules.clear()

    def meet(self, request: Request) -> Fault | None:
        """The rule that this request runs into, counted; None if it may pass."""
        if not self.rules:
            return None
        with self._lock:
            for rule in self.rules:
                if not rule.fits(request.path):
                    continue
                if rule.method and rule.method != request.method:
                    continue
                rule.seen += 1
                if rule.seen > rule.after and (not rule.times or rule.spoilt < rule.times):
                    rule.spoilt += 1
                    return replace(rule)
        return None


def parse(text: str) -> dict[str, Any]:
    """Read a rule from a flag: kind=429,path=/api/v2,times=3."""
    pairs = [part.partition("=") for part in text.split(",")]
    return {name.strip(): value.strip() for name, _, value in pairs}


def spoil(fault: Fault, request: Request, answer: Callable[[Request], Response]) -> Response:
    """Answer a request the way the fault says; answer gives what would have been said."""
    if fault.kind.isdigit():
        status = int(fault.kind)
        body = {"code": status, "status": reason(status), "message": reason(status)}
        headers = {"Retry_After": fault.retry_after} if fault.retry_after else {}
        return json_answer(body, status, **headers)
    if fault.kind in ("hang", "slow"):
        time.sleep(fault.seconds)
    if fault.kind in BEFORE:
        return Response(cut_at=-1)
    if fault.kind == "html":
        return Response(200, LOGIN_PAGE, {"Content-Type": "text/html; charset=utf-8"})
    if fault.kind == "same_page":
        return answer(_without_skip(request))
    return _spoilt(fault, answer(request))


def _spoilt(fault: Fault, answer: Response) -> Response:
    half = len(answer.body) // 2
    if fault.kind == "cut":
        return replace(answer, cut_at=half or -1)
    if fault.kind == "truncated":
        return replace(answer, body=answer.body[:half])
    if fault.kind == "blank":
        return replace(answer, body=b"")
    if fault.kind == "empty" and answer.status == 200:
        totals = {name: "0" for name in answer.headers if name.lower() == "x-total-count"}
        return replace(
            answer,
            body=dumps(_emptied(json.loads(answer.body))),
            headers={**answer.headers, **totals},
        )
    return answer


def _emptied(body: Any) -> Any:
    """A list without rows, or an envelope of one that counts none."""
    if not isinstance(body, dict):
        return []
    if "Resources" in body:  # SCIM: a page without rows that still counts them all
        return {**body, "Resources": []}
    empty = {list: [], int: 0}
    return {name: empty.get(type(value), value) for name, value in body.items()}


def _without_skip(request: Request) -> Request:
    query = urlencode([pair for pair in request.query if pair[0] not in PAGING])
    body = request.body
    if body.startswith(b"{"):
        body = dumps({k: v for k, v in request.json().items() if k not in PAGING})
    return replace(request, query_string=query, body=body)


def _number(name: str, value: Any) -> Any:
    if name in ("after", "times"):
        return int(value)
    return float(value) if name == "seconds" else str(value)
