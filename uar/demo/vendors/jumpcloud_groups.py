"""JumpCloud's user groups, /api/v2/usergroups, and the small v2 collections beside them."""

from __future__ import annotations

from http import HTTPStatus

from uar.demo.vendors.front import Written
from uar.demo.vendors.jumpcloud_call import Call, event, new_id
from uar.demo.vendors.jumpcloud_lists import v2_list
from uar.demo.vendors.jumpcloud_query import Refusal, bad_request
from uar.demo.vendors.jumpcloud_vendor import JumpCloud
from uar.demo.vendors.server import Response, json_answer
from uar.demo.vendors.store import Op, Row

READ = ("groups", "groups.readonly")
METHODS = ("NOTSET", "STATIC", "DYNAMIC_REVIEW_REQUIRED", "DYNAMIC_AUTOMATED")


def mount(vendor: JumpCloud) -> None:
    """Add the routes of groups and directories."""
    every, one = "/api/v2/usergroups", "/api/v2/usergroups/{id}"
    vendor.route("GET", every, usergroups, *READ)
    vendor.route("POST", every, create_group, "groups")
    vendor.route("GET", one, usergroup, *READ)
    vendor.route("PUT", one, replace_group, "groups")
    vendor.route("DELETE", one, delete_group, "groups")
    vendor.route("GET", "/api/v2/groups", all_groups, *READ)
    vendor.route("GET", "/api/v2/directories", directories, "directories", "directories.readonly")


def usergroups(call: Call) -> Response:
    """GET /api/v2/usergroups: a bare array, the total in x-total-count."""
    return v2_list(call, call.store.table("usergroups").values(), memo="usergroups")


def usergroup(call: Call) -> Response:
    """GET /api/v2/usergroups/{id}."""
    return json_answer(call.row("usergroups"))


def all_groups(call: Call) -> Response:
    """GET /api/v2/groups: user groups and device groups, told apart by type."""
    rows = [*call.store.table("usergroups").values(), *call.store.table("systemgroups").values()]
    answer = v2_list(call, rows)
    answer.headers["x-unfiltered-total-count"] = str(len(rows))
    return answer


def create_group(call: Call) -> Written:
    """POST /api/v2/usergroups: 201; a name is required."""
    row = whole_group({**_group_fields(call), "id": new_id()})
    ops: list[Op] = [["put", "usergroups", row["id"], row], _told("group_create", row)]
    return Written(json_answer(row, 201), ops)


def replace_group(call: Call) -> Written:
    """PUT /api/v2/usergroups/{id}: a full update, what is omitted is reset."""
    row = whole_group({**_group_fields(call), "id": call.row("usergroups")["id"]})
    ops: list[Op] = [["put", "usergroups", row["id"], row], _told("group_update", row)]
    return Written(json_answer(row), ops)


def delete_group(call: Call) -> Written:
    """DELETE /api/v2/usergroups/{id}, with its members and bindings."""
    row, store = call.row("usergroups"), call.store
    key = row["id"]
    ops: list[Op] = [
        ["unlink", "members", key, b] for b in store.relation("members").there.get(key, ())
    ]
    ops += [
        ["unlink", "app_groups", a, key] for a in store.relation("app_groups").back.get(key, ())
    ]
    ops += [["del", "usergroups", key], _told("group_delete", row)]
    return Written(json_answer(row), ops)


def directories(call: Call) -> Response:
    """GET /api/v2/directories."""
    return v2_list(call, call.store.table("directories").values())


def whole_group(values: Row) -> Row:
    """A user group with every field that the vendor's object has."""
    blank: Row = {
        "id": "", "name": "", "description": "", "email": "", "type": "user_group",
        "attributes": {"sudo": {"enabled": False, "withoutPassword": False}},
        "membershipMethod": "STATIC", "memberQuery": None, "memberQueryExemptions": [],
        "memberQueryErrorFlags": [], "memberSuggestionsNotify": False,
        "suggestionCounts": {"add": 0, "remove": 0, "total": 0},
    }  # fmt: skip
    return {**blank, **values, "type": "user_group"}


def _group_fields(call: Call) -> Row:
    body = call.body()
    if not body.get("name"):
        raise bad_request("name is required")
    if body.get("membershipMethod", "STATIC") not in METHODS:
        raise bad_request(f"membershipMethod must be one of {', '.join(METHODS)}")
    own = call.ids.get("id")
    rows = call.store.table("usergroups").values()
    if any(row["name"] == body["name"] and row["id"] != own for row in rows):
        raise Refusal(HTTPStatus.CONFLICT, "Already Exists", bare=True)
    known = whole_group({})
    return {name: value for name, value in body.items() if name in known and name != "id"}


def _told(kind: str, row: Row) -> Op:
    resource = {"type": "user_group", "id": row["id"], "name": row["name"].lower()}
    return event(kind, service="directory", resource=resource)
