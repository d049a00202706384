"""Workato's roles in both models: /api/roles (legacy) and /api/environment_roles (RBAC v2).

A workspace is legacy, mixed (both at once, while it migrates) or migrated.
"""

from __future__ import annotations

from http import HTTPStatus

from uar.demo.vendors.server import Response, json_answer
from uar.demo.vendors.serving import Refusal
from uar.demo.vendors.store import Row, instant
from uar.demo.vendors.workato_lists import bare, bracketed
from uar.demo.vendors.workato_members import ENVIRONMENT, HELD
from uar.demo.vendors.workato_vendor import Call, Titled, Workato


def mount(vendor: Workato) -> None:
    """Add the routes of both kinds of roles."""
    vendor.route("GET", "/api/roles", roles)
    vendor.route("GET", "/api/environment_roles", environment_roles)
    vendor.route("GET", "/api/environment_roles/{id}", environment_role)


def roles(call: Call) -> Response:
    """GET /api/roles: custom roles only; neither system roles nor inherited ones."""
    if _model(call) == "migrated" and call.switches.roles_after_migration != "empty":
        status = int(call.switches.roles_after_migration)
        raise Refusal(status, "Unauthorized" if status == 401 else "Not found")
    rows = [] if _model(call) == "migrated" else call.store.table("roles").values()
    return bare(call, list(rows))


def environment_roles(call: Call) -> Response:
    """GET /api/environment_roles: every kind; 401 as long as the workspace has none."""
    _insist_on_new_model(call)
    counted = _counted(call)
    rows = call.store.table("environment_roles").values()
    return bracketed(call, [_listed(row, counted) for row in rows])


def environment_role(call: Call) -> Response:
    """GET /api/environment_roles/:id."""
    _insist_on_new_model(call)
    row = call.store.table("environment_roles").get(call.ids["id"])
    if row is None:
        raise Titled(HTTPStatus.NOT_FOUND, "Environment role not found")
    return json_answer({"data": _listed(row, _counted(call))})


def whole_role(values: Row) -> Row:
    """A custom role with every field that the vendor's object has."""
    blank: Row = {
        "id": 0, "name": "", "inheritable": False, "folder_ids": [], "created_at": instant(),
        "updated_at": instant(), "privileges": {},
    }  # fmt: skip
    return blank | values


def whole_environment_role(values: Row) -> Row:
    """An environment role; privileges are not listed, only a member's own show them."""
    blank: Row = {
        "id": 0, "name": "", "type": "custom", "created_at": instant(), "updated_at": instant(),
        "privileges": None,
    }  # fmt: skip
    return blank | values


def _model(call: Call) -> str:
    return str(call.store.table("workspace")["own"]["model"])


def _insist_on_new_model(call: Call) -> None:
    if _model(call) == "legacy":  # its box cannot be ticked before
        raise Titled(HTTPStatus.UNAUTHORIZED, "Unauthorized")


def _listed(row: Row, counted: dict[str, int]) -> Row:
    kept = {name: value for name, value in row.items() if name != "privileges"}
    return {**kept, "members_count": counted.get(row["name"], 0)}


def _counted(call: Call) -> dict[str, int]:
    counted: dict[str, set[str]] = {}
    for end, members in call.store.relation(HELD).back.items():
        _, kind, name = end.split("/", 2)
        if kind == ENVIRONMENT:
            counted.setdefault(name, set()).update(members)
    return {name: len(members) for name, members in counted.items()}
