"""Which function answers a method and a path such as /things/{id}, for every vendor server."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from uar.demo.vendors.server import Request


class Templated(Protocol):
    """What a route is found by."""

    @property
    def method(self) -> str:
        """The method, in capitals."""

    @property
    def template(self) -> str:
        """The path, with {names} for the segments that differ."""


R = TypeVar("R", bound=Templated)


class Routes(Generic[R]):
    """The routes of one vendor; of several that fit, the one that was added first answers."""

    def __init__(self) -> None:
        self._by_length: dict[int, list[R]] = {}

    def add(self, route: R) -> None:
        """Take one more route."""
        self._by_length.setdefault(route.template.count("/"), []).append(route)

    def find(self, request: Request) -> tuple[R | None, dict[str, str]]:
        """The route of a request and the names in its path; None if there is none."""
        parts = request.path.rstrip("/").split("/")
        for route in self._by_length.get(len(parts) - 1, ()):
            if route.method == request.method:
                ids = _match(route.template, parts)
                if ids is not None:
                    return route, ids
        return None, {}


def _match(template: str, parts: list[str]) -> dict[str, str] | None:
    ids: dict[str, str] = {}
    for wanted, part in zip(template.split("/"), parts, strict=True):
        if wanted.startswith("{"):
            ids[wanted[1:-1]] = part
        elif wanted != part:
            return None
    return ids
