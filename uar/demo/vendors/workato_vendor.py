"""Workato as one process: which tokens are known, what they may call, and how often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from uar.demo.vendors.server import Request
from uar.demo.vendors.serving import Quota, Refusal, Route, Serving
from uar.demo.vendors.store import Row, Store
from uar.demo.vendors.workato_switches import Switches

NO_ACCESS = "No access"
SLOWDOWN = "Too many requests"


@dataclass(frozen=True, slots=True)
class Token:
    """What an API client may do: its client role, its environment, its projects."""

    readonly: bool = False
    nothing: bool = False
    environment: str = "dev"
    projects: frozenset[str] | None = None
    unticked: frozenset[str] = frozenset()

    def may(self, route: Route) -> bool:
        """Say whether the client role ticks an endpoint, in the client's environment."""
        if self.nothing or f"{route.method}{route.template}" in self.unticked:
            return False
        if self.readonly and route.method != "GET":
            return False
        # "API clients require access to the DEV environment to manage collaborators."
        return self.environment == "dev" or not route.template.startswith("/api/member")

    def sees(self, project: str | None) -> bool:
        """Say whether the client is allowed a project; what is in none is open to all."""
        return self.projects is None or project is None or project in self.projects


@dataclass(frozen=True, slots=True)
class Call:
    """One admitted request, the token it came with, the store and the switches in force."""

    request: Request
    store: Store
    switches: Switches
    ids: dict[str, str]
    token: Token
    keep: Callable[[Any, Callable[[], Any]], Any]

    def body(self) -> Row:
        """The JSON object that was sent. Raises Refusal for anything else."""
        try:
            body = self.request.json()
        except ValueError:
            raise Invalid("body", "is not JSON") from None
        if not isinstance(body, dict):
            raise Invalid("body", "must be an object")
        return body

    def row(self, table: str) -> Row:
        """The row whose id stands in the path. Raises Refusal 404."""
        found = self.store.table(table).get(self.ids["id"])
        if found is None:
            raise Refusal(HTTPStatus.NOT_FOUND, "Not found")
        return found

    @property
    def environments(self) -> list[str]:
        """The environments of the workspace, dev first."""
        return list(self.store.table("workspace")["own"]["environments"])


class Invalid(Refusal):
    """A request that Workato's validation refuses because of one field."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(HTTPStatus.BAD_REQUEST, why)
        self.field = field

    def body(self) -> Row:
        """Message and errors by field (vendor's OpenAPI, ValidationError)."""
        return {"message": "Validation failed", "errors": {self.field: [self.message]}}


class Titled(Refusal):
    """A refusal in the newer endpoints' shape."""

    def body(self) -> Row:
        """A list of errors with titles."""
        return {"errors": [{"title": self.message}]}


class Workato(Serving):
    """The vendor: whom it admits to one workspace."""

    switches: Switches

    def __init__(self, store: Store, switches: Switches, *, may_kill: bool = False) -> None:
        self._quota = Quota()
        super().__init__(store, switches, may_kill=may_kill)

    def switch(self, switches: Switches) -> None:
        """Put other switches in force at once."""
        with self.store.lock:
            super().switch(switches)
            self._tokens = dict(_token(word) for word in switches.tokens.split())

    def admit(self, route: Route | None, request: Request, ids: dict[str, str]) -> Call:
        """Check token, quota and client role, in this order."""
        scheme, _, sent = request.headers.get("authorization", "").partition(" ")
        token = self._tokens.get(sent) if scheme.lower() == "bearer" else None
        if token is None:  # the e-mail and key headers of old are rejected since 2024
            raise Refusal(HTTPStatus.UNAUTHORIZED, "Unauthorized")
        if route is None:
            raise Refusal(HTTPStatus.NOT_FOUND, "Not found")
        switches = self.switches
        if self._quota.is_used_up(switches.quota, switches.quota_window_s, family(route)):
            after = {"Retry_After": f"{switches.quota_window_s:g}"} if switches.retry_after else {}
            raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, SLOWDOWN, **after)
        if not token.may(route):
            raise Refusal(switches.unticked_status, "Unauthorized")
        return Call(request, self.store, switches, ids, token, self.keep)

    def call_by_hand(self, request: Request, ids: dict[str, str]) -> Call:
        """A change at the console: no token and none of its limits."""
        plain = replace(self.switches, no_access_put=True)
        return Call(request, self.store, plain, ids, Token(), self.keep)


def family(route: Route) -> str:
    """The endpoints that share a quota: folders and projects have one together."""
    word = route.template.split("/")[2]
    if word == "member_invitations":
        return word
    if word == "projects" and route.template.endswith("project_grants"):
        return "project_grants"
    return {"folders": "projects", "users": "members"}.get(word, word)


def _token(word: str) -> tuple[str, Token]:
    name, _, limits = word.partition(":")
    parts = [part for part in limits.split(",") if part]
    given = dict(part.split("=", 1) for part in parts if "=" in part)
    projects = given.get("projects")
    return name, Token(
        readonly="readonly" in parts,
        nothing="none" in parts,
        environment=given.get("env", "dev"),
        projects=None if projects is None else frozenset(projects.split("+")),
        unticked=frozenset(part[1:] for part in parts if part.startswith("-")),
    )
