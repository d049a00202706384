"""Workato's collaborators: /api/members, their roles by environment, invitations.

A role is held by name, one in each environment; nobody without any is "No access".
"""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Any

from uar.demo.vendors import workato_privileges
from uar.demo.vendors.server import Response, json_answer
from uar.demo.vendors.serving import Refusal, Written
from uar.demo.vendors.store import Op, Row, Store, instant
from uar.demo.vendors.workato_lists import whole
from uar.demo.vendors.workato_vendor import NO_ACCESS, Call, Invalid, Workato

HELD = "roles"
LEGACY, ENVIRONMENT = "privilege_group", "environment"
TYPES = (LEGACY, ENVIRONMENT)


def mount(vendor: Workato) -> None:
    """Add the routes of /api/members and /api/member_invitations."""
    every, one = "/api/members", "/api/members/{id}"
    vendor.route("GET", every, members)
    vendor.route("POST", every, add_member)
    vendor.route("GET", one, member)
    vendor.route("PUT", one, update_member)
    vendor.route("DELETE", one, delete_member)
    vendor.route("GET", f"{one}/privileges", privileges)
    vendor.route("POST", "/api/member_invitations", invite)


def members(call: Call) -> Response:
    """GET /api/members: everybody at once; `email` finds parts of addresses."""
    part = call.request.first("email").lower()
    rows = call.store.table("members").values()
    return whole(call, [shown(call, row) for row in rows if part in row["email"].lower()])


def member(call: Call) -> Response:
    """GET /api/members/:id."""
    row = shown(call, call.row("members"))
    return json_answer({"data": row} if call.switches.member_wrapper == "data" else row)


def privileges(call: Call) -> Response:
    """GET /api/members/:id/privileges: one element for each environment."""
    held = held_by(call, call.row("members")["id"])
    return whole(call, [_may(call, environment, *held[environment]) for environment in held])


def update_member(call: Call) -> Written:
    """PUT /api/members/:id: roles by name; environments that are not named stay as they are."""
    row = call.row("members")
    wanted = asked_roles(call, call.body().get("env_roles"))
    ops = change_ops(call.store, str(row["id"]), wanted)
    match call.switches.put_answer:
        case "nothing":
            return Written(Response(200), ops)
        case "member":
            held = held_by(call, row["id"]) | wanted
            return Written(json_answer({**shown(call, row), "roles": _roles(call, held)}), ops)
    return Written(json_answer({"result": "ok"}), ops)


def add_member(call: Call) -> Written:
    """POST /api/members: adds somebody who has a Workato account, without mail."""
    email = str(call.body().get("email") or "")
    if "@" not in email:
        raise Invalid("email", "is invalid")
    _insist_on_new(call.store, email)
    user = call.store.table("users").get(email.lower())
    if user is None:
        raise Refusal(HTTPStatus.NOT_FOUND, "User not found")
    row = whole_member({"id": next_id(call.store), "email": email, "name": user["name"]})
    return Written(json_answer({"result": "ok"}), [["put", "members", str(row["id"]), row]])


def delete_member(call: Call) -> Written:
    """DELETE /api/members/:id: gone at once and for good."""
    key = str(call.row("members")["id"])
    ops: list[Op] = [["unlink", HELD, key, b] for b in call.store.relation(HELD).there.get(key, ())]
    groups = call.store.relation("groups").back.get(key, ())
    ops += [["unlink", "groups", group, key] for group in groups]
    grants = call.store.table("project_grants").values()
    ops += [["del", "project_grants", row["id"]] for row in grants if row["user"] == key]
    ops.append(["del", "members", key])
    if call.switches.delete_status == HTTPStatus.NO_CONTENT:
        return Written(Response(204), ops)
    return Written(json_answer({"result": "ok"}), ops)


def invite(call: Call) -> Written:
    """POST /api/member_invitations: pending until accepted, and in no list before that."""
    body = call.body()
    name, email = str(body.get("name") or ""), str(body.get("email") or "")
    if not name:
        raise Invalid("name", "can't be blank")
    if "@" not in email:
        raise Invalid("email", "is invalid")
    _insist_on_new(call.store, email)
    deprecated = [{"environment_type": "dev", "name": body.get("role_name")}]
    wanted = asked_roles(
        call, body.get("env_roles") or (deprecated if body.get("role_name") else [])
    )
    groups = [str(each) for each in body.get("user_group_ids") or ()]
    if not wanted and not groups:
        raise Invalid("env_roles", "can't be blank")
    for group in groups:
        if group not in call.store.table("groups"):
            raise Refusal(HTTPStatus.BAD_REQUEST, f"Collaborator group {group} not found")
    known = call.store.table("invitations").get(email.lower())
    now = time.time()
    if known and now - known["at"] < call.switches.invitation_window_s:
        raise Refusal(call.switches.invited_again, "You can invite this user again later")
    roles = {environment: list(role) for environment, role in wanted.items()}
    row = {"email": email, "name": name, "at": now, "roles": roles, "groups": groups}
    return Written(json_answer({"result": "ok"}), [["put", "invitations", email.lower(), row]])


def accept(store: Store, email: str) -> None:
    """Let an invited person accept: only now there is a collaborator, with an id."""
    with store.lock:
        row = store.table("invitations")[email.lower()]
        made = whole_member(
            {"id": next_id(store), "email": row["email"], "name": row["name"],
             "created_at": instant()}
        )  # fmt: skip
        key = str(made["id"])
        ops: list[Op] = [["put", "members", key, made], ["del", "invitations", email.lower()]]
        ops += [["link", HELD, key, link(e, *role)] for e, role in row["roles"].items()]
        ops += [["link", "groups", group, key] for group in row["groups"]]
        store.commit(
            ops, by="by hand", method="POST", path="/accept", body={"email": email},
            effect="applied", status=200,
        )  # fmt: skip


def shown(call: Call, row: Row) -> Row:
    """A collaborator as the API shows her, with one role for each environment."""
    return {**row, "roles": _roles(call, held_by(call, row["id"]))}


def held_by(call: Call, member_id: Any) -> dict[str, tuple[str, str]]:
    """(role name, role type) by environment, as reads show it."""
    held = {environment: (NO_ACCESS, default_type(call.store)) for environment in call.environments}
    for end in call.store.seen(HELD, str(member_id)):
        environment, kind, name = end.split("/", 2)
        held[environment] = (name, kind)
    return held


def link(environment: str, name: str, kind: str) -> str:
    """The far end of a link that says which role somebody has in an environment."""
    return f"{environment}/{kind}/{name}"


def default_type(store: Store) -> str:
    """The role type that is meant where none is said."""
    return ENVIRONMENT if store.table("workspace")["own"]["model"] == "migrated" else LEGACY


def asked_roles(call: Call, asked: Any) -> dict[str, tuple[str, str]]:
    """The roles that a body asks for, checked. Raises Refusal 400 in the vendor's words."""
    if not isinstance(asked, list):
        raise Invalid("env_roles", "must be an array")
    wanted: dict[str, tuple[str, str]] = {}
    for each in asked:
        if not isinstance(each, dict):
            raise Invalid("env_roles", "must hold objects")
        environment, name = each.get("environment_type"), str(each.get("name") or "")
        if environment not in call.environments:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"Environment {environment} not found")
        kind = each.get("role_type") or LEGACY  # "The default value is privilege_group."
        if kind not in TYPES or not _exists(call, name, kind):
            raise Refusal(HTTPStatus.BAD_REQUEST, f"Role {name} not found")
        wanted[str(environment)] = (name, kind)
    return wanted


def change_ops(store: Store, key: str, wanted: dict[str, tuple[str, str]]) -> list[Op]:
    """What makes a collaborator have these roles, in these environments only."""
    ops: list[Op] = []
    for environment, (name, kind) in wanted.items():
        ops += [
            ["unlink", HELD, key, end]
            for end in store.relation(HELD).there.get(key, ())
            if end.startswith(f"{environment}/")
        ]
        if name != NO_ACCESS:
            ops.append(["link", HELD, key, link(environment, name, kind)])
    return ops


def whole_member(values: Row) -> Row:
    """A collaborator with every field that the vendor's object has; roles are links."""
    blank: Row = {
        "id": 0, "grant_type": "team", "external_id": None, "name": "", "email": "",
        "time_zone": "UTC", "created_at": instant(), "last_activity_log": None,
    }  # fmt: skip
    return blank | values


def next_id(store: Store) -> int:
    """An id that nobody has had."""
    return max((row["id"] for row in store.table("members").values()), default=3000) + 1


def _exists(call: Call, name: str, kind: str) -> bool:
    if name == NO_ACCESS:
        return call.switches.no_access_put
    store = call.store
    model = store.table("workspace")["own"]["model"]
    if kind == ENVIRONMENT:
        rows = store.table("environment_roles").values()
        return model != "legacy" and any(row["name"] == name for row in rows)
    if model == "migrated":
        return False
    named = [*store.table("roles").values(), *store.table("inherited_roles").values()]
    return name in workato_privileges.SYSTEM or any(row["name"] == name for row in named)


def _insist_on_new(store: Store, email: str) -> None:
    if any(row["email"].lower() == email.lower() for row in store.table("members").values()):
        raise Refusal(HTTPStatus.CONFLICT, "User is already a member of this workspace")


def _roles(call: Call, held: dict[str, tuple[str, str]]) -> list[Row]:
    return [
        {"environment_type": environment, "role_name": name,
         **({"role_type": kind} if call.switches.role_type_shown else {})}
        for environment, (name, kind) in held.items()
    ]  # fmt: skip


def _may(call: Call, environment: str, name: str, kind: str) -> Row:
    store = call.store
    if kind == ENVIRONMENT and not call.switches.member_privileges:
        found: Row | None = {"privileges": {}, "folder_ids": []}
    else:
        tables = ("environment_roles",) if kind == ENVIRONMENT else ("roles", "inherited_roles")
        named = (row for table in tables for row in store.table(table).values())
        found = next((row for row in named if row["name"] == name), None)
    may = found.get("privileges") if found else None
    folders = list(found.get("folder_ids", ())) if found else []
    if not folders and name != NO_ACCESS and call.switches.unrestricted_folders == "all":
        folders = [row["id"] for row in store.table("folders").values()]
    return {
        "environment_type": environment, "name": name,
        "privileges": workato_privileges.of(name) if may is None else may,
        "folder_ids": folders,
    }  # fmt: skip
