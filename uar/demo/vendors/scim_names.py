"""SCIM's long names, and attributes found by any spelling of their case (RFC 7643, 2.1)."""

from __future__ import annotations

from typing import Any

from uar.demo.vendors.server import Response, dumps
from uar.demo.vendors.store import Row

CORE = "urn:ietf:params:scim:schemas:core:2.0:"
USER = CORE + "User"
GROUP = CORE + "Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MESSAGES = "urn:ietf:params:scim:api:messages:2.0:"
EXACT = frozenset({"id", "externalid", "members.value", "groups.value", "version"})


class Refusal(Exception):
    """A request that the server refuses (RFC 7644, 3.12)."""

    def __init__(self, status: int, detail: str, scim_type: str = "") -> None:
        self.status = status
        self.detail = detail
        self.scim_type = scim_type
        super().__init__(detail)

    def answer(self, *, number: bool = False) -> Response:
        """The answer; `status` in it is text, as the RFC has it, unless told otherwise."""
        body: Row = {
            "schemas": [MESSAGES + "Error"],
            "status": self.status if number else str(self.status),
            "detail": self.detail,
        }
        if self.scim_type:
            body["scimType"] = self.scim_type
        return answer(body, self.status)


def answer(body: Any, status: int = 200, **headers: str) -> Response:
    """A SCIM answer; header names are given with underscores for dashes."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Response(status, dumps(body), {"Content-Type": "application/scim+json", **named})


def key_of(row: Row, name: str) -> str:
    """The spelling under which a row has an attribute, or the name itself."""
    if name in row:
        return name
    wanted = name.lower()
    return next((key for key in row if key.lower() == wanted), name)


def get(row: Any, name: str) -> Any:
    """An attribute of a row, None if it has none."""
    return row.get(key_of(row, name)) if isinstance(row, dict) else None


def split(name: str) -> tuple[str, str]:
    """Take the schema off an attribute's name: (extension or "", the rest)."""
    lowered = name.lower()
    if lowered.startswith(ENTERPRISE.lower()):
        return ENTERPRISE, name[len(ENTERPRISE) :].lstrip(":")
    for core in (USER, GROUP):
        if lowered.startswith(core.lower() + ":"):
            return "", name[len(core) + 1 :]
    if lowered.startswith("urn:"):
        raise Refusal(400, f"no attribute {name}", "invalidPath")
    return "", name
