"""Percipio's user management: list, look up, create, change, and no way to delete."""

from __future__ import annotations

import time
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from uar.demo.vendors.front import Written
from uar.demo.vendors.percipio_call import (
    Call,
    Refusal,
    bad_request,
    micros,
    new_id,
    parsed,
)
from uar.demo.vendors.percipio_vendor import Percipio
from uar.demo.vendors.server import Response, json_answer
from uar.demo.vendors.store import Op, Row

USERS = "/user-management/v1/organizations/{org}/users"
ROLES = ("LEARNER", "ADMIN", "CONTENT_CURATOR", "CONTENT_COORDINATOR", "LEARNING_ADMIN", "MANAGER")
TEXTS = ("externalUserId", "email", "firstName", "lastName", "loginName", "jobTitle", "jobRole")
FLAGS = ("isActive", "isInstructor")


def mount(vendor: Percipio) -> None:
    """Add the routes of users."""
    vendor.route("GET", USERS, users)
    vendor.route("POST", USERS, create)
    vendor.route("GET", USERS + "/{id}", user)
    vendor.route("PATCH", USERS + "/{id}", change)
    for name, fields in (
        ("external-user-id", ("externalUserId",)),
        ("login-name", ("loginName",)),
        ("login-name-or-email", ("loginName", "email")),
    ):
        vendor.route("GET", f"{USERS}/{name}/{{key}}", _look_up(fields))
    vendor.route("PATCH", USERS + "/external-user-id/{key}", _upsert("externalUserId"))
    vendor.route("PATCH", USERS + "/login-name/{key}", _upsert("loginName"))


def users(call: Call) -> Response:
    """GET …/users: a bare array, the total in x-total-count."""
    asked, since, switches = call.window(default=1000), call.since(), call.switches
    rows: Iterable[Row] = call.store.table("users").values()
    if since is not None:
        rows = (row for row in rows if parsed(row["updatedAt"], "updatedAt") > since)
    if not switches.inactive_users:
        rows = (row for row in rows if row["isActive"])
    active = call.request.first("isActive")
    if switches.active_filter and active:
        rows = (row for row in rows if row["isActive"] is (active == "true"))
    found = list(rows)
    headers = {"x_total_count": str(len(found))} if switches.users_total else {}
    return json_answer([_seen(call, row) for row in found[asked]], 200, **headers)


def user(call: Call) -> Response:
    """GET …/users/{id}."""
    return json_answer(_seen(call, _held(call)))


def create(call: Call) -> Written:
    """POST …/users: externalUserId is required."""
    row, op = _created(call, call.body())
    return Written(json_answer(_shown(row), call.switches.create_status), [op])


def change(call: Call) -> Written:
    """PATCH …/users/{id}: any subset of the fields, in force at once."""
    return _changed(call, _held(call), call.body())


def whole_user(values: Row) -> Row:
    """A user with every field that the vendor's object has."""
    blank: Row = {
        "id": "", "externalUserId": "", "email": "", "isActive": True, "loginName": None,
        "firstName": "", "lastName": "", "role": "LEARNER", "updatedAt": "",
        "customAttributes": [], "jobTitle": None, "jobRole": None, "approvalManager": {},
        "directHrManager": {}, "isInstructor": False, "hasCoaching": False,
        "hasEnterpriseCoaching": False, "hasEnterpriseCoachingDashboard": False,
    }  # fmt: skip
    return blank | values


def _look_up(fields: tuple[str, ...]) -> Any:
    def look_up(call: Call) -> Response:
        found = _by(call, fields)
        if found is None:
            raise Refusal(HTTPStatus.NOT_FOUND, "there is no such user")
        return json_answer(_seen(call, found))

    return look_up


def _upsert(field: str) -> Any:
    def upsert(call: Call) -> Written:
        found, body = _by(call, (field,)), call.body()
        if found is not None:
            return _changed(call, found, body)
        row, op = _created(call, {field: call.ids["key"], **body})
        return Written(json_answer(_shown(row), call.switches.create_status), [op])

    return upsert


def _by(call: Call, fields: tuple[str, ...]) -> Row | None:
    key = call.ids["key"].lower()
    rows = call.store.table("users").values()
    return next((row for row in rows for f in fields if str(row[f] or "").lower() == key), None)


def _held(call: Call) -> Row:
    found = call.store.table("users").get(call.ids["id"])
    if found is None:
        raise Refusal(HTTPStatus.NOT_FOUND, "there is no such user")
    return found


def _created(call: Call, body: Row) -> tuple[Row, Op]:
    sent = _checked(body)
    key = sent.get("externalUserId")
    if not key:
        raise bad_request("externalUserId is required")
    if any(row["externalUserId"] == key for row in call.store.table("users").values()):
        raise Refusal(HTTPStatus.CONFLICT, "externalUserId is already taken")
    row = whole_user({**sent, "id": new_id(), "updatedAt": micros()})
    return row, ["put", "users", row["id"], row]


def _changed(call: Call, held: Row, body: Row) -> Written:
    row = {**held, **_checked(body), "updatedAt": micros()}
    row["_before"], row["_changed"] = _shown(held), time.time()
    ops: list[Op] = [["put", "users", row["id"], row]]
    match call.switches.patch_answer:
        case "204":
            return Written(Response(204), ops)
        case "empty":
            return Written(Response(200), ops)
    return Written(json_answer(_shown(row)), ops)


def _checked(body: Row) -> Row:
    if "role" in body and body["role"] not in ROLES:
        raise bad_request(f"role must be one of {', '.join(ROLES)}")
    for name in FLAGS:
        if name in body and not isinstance(body[name], bool):
            raise bad_request(f"{name} must be true or false")
    names = (*TEXTS, *FLAGS, "role", "customAttributes")
    return {name: body[name] for name in names if name in body}


def _seen(call: Call, row: Row) -> Row:
    """A user as reads show it: as it was, while reads lag."""
    if call.switches.patch_lag_s and time.time() < row.get("_changed", 0.0) + (
        call.switches.patch_lag_s
    ):
        before: Row = row["_before"]
        return before
    return _shown(row)


def _shown(row: Row) -> Row:
    return {name: value for name, value in row.items() if not name.startswith("_")}
