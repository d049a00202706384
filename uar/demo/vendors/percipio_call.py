"""One request to Percipio: what it asks, what it may be refused for, what a write brings about."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from uar.demo.vendors.front import Written
from uar.demo.vendors.percipio_switches import Switches
from uar.demo.vendors.server import Request, Response, reason
from uar.demo.vendors.store import Row, Store


class Refusal(Exception):
    """A request that the vendor refuses."""

    def __init__(self, status: int, message: str = "") -> None:
        self.status = status
        self.message = message or reason(status)
        super().__init__(self.message)

    def body(self, keys: str) -> Row:
        """The body of the answer: `errors` is known, the keys of its items are not."""
        if keys == "text":
            return {"errors": [self.message]}
        if keys == "error_detail":
            return {"errors": [{"error": str(self.status), "detail": self.message}]}
        return {"errors": [{"code": str(self.status), "message": self.message}]}


def bad_request(message: str) -> Refusal:
    """A refusal with status 400."""
    return Refusal(HTTPStatus.BAD_REQUEST, message)


@dataclass(frozen=True, slots=True)
class Call:
    """One authorised request; `keep` gives what was made before, until something changes."""

    request: Request
    store: Store
    switches: Switches
    ids: dict[str, str]
    keep: Callable[[Any, Callable[[], Any]], Any]

    def body(self) -> Row:
        """The JSON object that was sent. Raises Refusal for anything else."""
        try:
            body = self.request.json()
        except ValueError:
            raise bad_request("the body is not JSON") from None
        if not isinstance(body, dict):
            raise bad_request("the body must be an object")
        return body

    def window(self, *, default: int) -> slice:
        """The rows that max (1 to 1000) and offset ask for."""
        first = self.request.first
        size, start = first("max", str(default)), first("offset", "0")
        if not (size.isdigit() and 1 <= int(size) <= 1000):
            raise bad_request("max must be from 1 to 1000")
        if not start.isdigit():
            raise bad_request("offset must be 0 or more")
        return slice(int(start), int(start) + int(size))

    def since(self) -> datetime | None:
        """The instant that updatedSince names."""
        text = self.request.first("updatedSince")
        return parsed(text, "updatedSince") if text else None


@dataclass(frozen=True, slots=True)
class Route:
    """One method and path template, and the API whose permission a service account needs."""

    method: str
    template: str
    answer: Callable[[Call], Response | Written]
    api: str

    @property
    def reads(self) -> bool:
        """Say whether it changes nothing."""
        return self.method == "GET"


def parsed(text: Any, name: str) -> datetime:
    """An ISO 8601 instant; one without a zone is UTC. Raises Refusal."""
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        raise bad_request(f"{name} is not an ISO 8601 instant") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def micros(at: datetime | None = None) -> str:
    """An instant as users carry it: microseconds and Z. Now unless told."""
    moment = (at or datetime.now(UTC)).astimezone(UTC)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def new_id() -> str:
    """A new id as the vendor makes them."""
    return str(uuid.uuid4())
