"""JumpCloud's second API, /api/v2: groups, who is in them, and what is bound to what."""

from __future__ import annotations

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from uar.demo.vendors.front import Written
from uar.demo.vendors.jumpcloud_call import Call, event, new_id
from uar.demo.vendors.jumpcloud_lists import v2_page, v2_window
from uar.demo.vendors.jumpcloud_query import (
    Refusal,
    bad_request,
    commas,
    sort_rows,
    v2_filter,
)
from uar.demo.vendors.jumpcloud_vendor import JumpCloud
from uar.demo.vendors.server import Response, json_answer
from uar.demo.vendors.store import Op, Row, Store

READ_GROUPS = ("groups", "groups.readonly")
READ_PEOPLE = ("users", "users.readonly")
READ_APPLICATIONS = ("applications", "applications.readonly")
TARGETS = frozenset(
    {"active_directory", "application", "command", "g_suite", "ldap_server", "office_365", "policy",
     "policy_group", "radius_server", "system", "system_group", "user", "user_group"}
)  # fmt: skip
TABLES = {"user": "systemusers", "user_group": "usergroups", "application": "applications"}
# which relation holds the edge between two kinds, and whether the second kind is its first end
EDGES = {
    ("user_group", "user"): ("members", False),
    ("application", "user"): ("app_users", False),
    ("application", "user_group"): ("app_groups", False),
    ("user_group", "application"): ("app_groups", True),
    ("user", "application"): ("app_users", True),
}
# what POST …/associations takes; people come into groups through members alone
BINDS = {
    "user_group": ("application",),
    "application": ("user", "user_group"),
    "user": ("application",),
}


def mount(vendor: JumpCloud) -> None:
    """Add the routes of /api/v2."""
    group = "/api/v2/usergroups/{id}"
    app, user = "/api/v2/applications/{id}", "/api/v2/users/{id}"
    vendor.route("GET", group + "/members", members, *READ_PEOPLE)
    vendor.route("POST", group + "/members", change_members, "groups")
    vendor.route("GET", group + "/membership", membership, *READ_PEOPLE, *READ_GROUPS)
    vendor.route("GET", group + "/applications", group_applications, *READ_GROUPS)
    vendor.route("GET", group + "/associations", associations("user_group"), *READ_GROUPS)
    vendor.route("POST", group + "/associations", associate("user_group"), "groups")
    vendor.route("GET", app, application, *READ_APPLICATIONS)
    vendor.route("GET", app + "/users", application_users, *READ_PEOPLE)
    vendor.route("GET", app + "/usergroups", application_groups, *READ_GROUPS)
    vendor.route("GET", app + "/associations", associations("application"), *READ_APPLICATIONS)
    vendor.route("POST", app + "/associations", associate("application"), "applications")
    vendor.route("GET", user + "/memberof", user_groups, *READ_PEOPLE)
    vendor.route("GET", user + "/applications", user_applications, *READ_PEOPLE)
    vendor.route("GET", user + "/associations", associations("user"), *READ_PEOPLE)
    vendor.route("POST", user + "/associations", associate("user"), "users")
    vendor.settle = undo_what_rules_forbid


def members(call: Call) -> Response:
    """GET …/members: the direct members as edges. Neither sorted nor filtered by the vendor."""
    group = call.row("usergroups")["id"]
    people = call.store.seen("members", group)
    asked = v2_window(call)
    start = {"id": group, "type": "user_group"} if call.switches.graph_from else None
    return v2_page([_edge("user", key, start) for key in people[asked]], len(people))


def change_members(call: Call) -> Written:
    """POST …/members: add or remove one person; 409 when there, 404 when absent."""
    return _change(call, "user_group", ("user",))


def membership(call: Call) -> Response:
    """GET …/membership: the effective members with their paths."""
    group = call.row("usergroups")["id"]
    return _reach(call, "user", {k: [[("user", k)]] for k in call.store.seen("members", group)})


def group_applications(call: Call) -> Response:
    """GET …/applications of a group, with paths."""
    group = call.row("usergroups")["id"]
    apps = call.store.seen_back("app_groups", group)
    return _reach(call, "application", {key: [[("application", key)]] for key in apps})


def application(call: Call) -> Response:
    """GET /api/v2/applications/{id}: the same object under a v2 id."""
    row = call.row("applications")
    return json_answer({"id": row["_id"], **{k: v for k, v in row.items() if k != "_id"}})


def application_users(call: Call) -> Response:
    """GET …/users of an application: each person once, with every path."""
    key, store = call.row("applications")["_id"], call.store
    paths: dict[str, list[Any]] = {u: [[("user", u)]] for u in store.seen("app_users", key)}
    for group in store.seen("app_groups", key):
        for user in store.seen("members", group):
            paths.setdefault(user, []).append([("user_group", group), ("user", user)])
    return _reach(call, "user", paths)


def application_groups(call: Call) -> Response:
    """GET …/usergroups of an application, with paths."""
    key = call.row("applications")["_id"]
    groups = call.store.seen("app_groups", key)
    return _reach(call, "user_group", {each: [[("user_group", each)]] for each in groups})


def user_groups(call: Call) -> Response:
    """GET /api/v2/users/{id}/memberof: the person's groups, with paths."""
    key = call.row("systemusers")["_id"]
    groups = call.store.seen_back("members", key)
    return _reach(call, "user_group", {each: [[("user_group", each)]] for each in groups})


def user_applications(call: Call) -> Response:
    """GET /api/v2/users/{id}/applications: direct and through groups, with every path."""
    key, store = call.row("systemusers")["_id"], call.store
    direct = store.seen_back("app_users", key)
    paths: dict[str, list[Any]] = {app: [[("application", app)]] for app in direct}
    for group in store.seen_back("members", key):
        for app in store.seen_back("app_groups", group):
            paths.setdefault(app, []).append([("user_group", group), ("application", app)])
    return _reach(call, "application", paths)


def associations(kind: str) -> Callable[[Call], Response]:
    """GET …/associations?targets=…: direct edges of one or several kinds, in one list."""

    def answer(call: Call) -> Response:
        key = call.ids["id"] if call.row(TABLES[kind]) else ""
        targets = commas(call.request.first("targets"))
        if not targets or not TARGETS.issuperset(targets):
            raise bad_request("targets is required and must name graph types")
        if kind != "application" and {"user", "user_group"} & set(targets):
            raise bad_request("these are read as members and memberof")
        ends: list[tuple[str, str]] = []
        for target in targets:
            relation, turned = EDGES.get((kind, target), ("", False))
            seen = call.store.seen_back if turned else call.store.seen
            ends += [(target, end) for end in (seen(relation, key) if relation else ())]
        start = {"id": key, "type": kind} if call.switches.graph_from else None
        return v2_page([_edge(*end, start) for end in ends[v2_window(call)]], len(ends))

    return answer


def associate(kind: str) -> Callable[[Call], Written]:
    """POST …/associations: bind or unbind one thing."""
    return lambda call: _change(call, kind, BINDS[kind])


def undo_what_rules_forbid(store: Store) -> None:
    """Undo manual changes to dynamic groups whose moment has passed. Hold the lock."""
    for key, row in list(store.table("undo").items()):
        if row["at"] > time.time():
            continue
        verb, relation, group, person = row["op"]
        known = group in store.table("usergroups") and person in store.table("systemusers")
        needed = known and store.relation(relation).has(group, person) is (verb == "unlink")
        ops: list[Op] = [["del", "undo", key], *([row["op"]] if needed else [])]
        effect = "applied" if needed else "refused"
        store.commit(ops, by="membership rule", body=row["op"], effect=effect)


def _change(call: Call, kind: str, targets: tuple[str, ...]) -> Written:
    held = call.row(TABLES[kind])
    body = call.body()
    verb, target, other = body.get("op"), str(body.get("type")), str(body.get("id"))
    if verb not in ("add", "remove", "update"):
        raise bad_request("op must be add, remove or update")
    if target not in targets:
        raise bad_request(f"type {target!r} cannot be linked here")
    if other not in call.store.table(TABLES[target]):
        raise Refusal(HTTPStatus.NOT_FOUND)
    relation, turned = EDGES[kind, target]
    a, b = (other, call.ids["id"]) if turned else (call.ids["id"], other)
    there = call.store.relation(relation).has(a, b)
    if verb == "add" and there:
        raise Refusal(HTTPStatus.CONFLICT, "Already Exists", bare=True)
    if verb != "add" and not there:
        raise Refusal(HTTPStatus.NOT_FOUND, call.switches.missing_edge_message)
    ops: list[Op] = []
    if verb != "update":
        ops = [
            ["link" if verb == "add" else "unlink", relation, a, b],
            _bound(verb, kind, target, body, call),
        ]
        ops += _rule(call, held, ops[0]) if relation == "members" else []
    return Written(Response(204), ops)


def _rule(call: Call, group: Row, op: Op) -> list[Op]:
    """What the rule of a dynamic group makes of a manual change."""
    if group["membershipMethod"] != "DYNAMIC_AUTOMATED":
        return []
    if call.switches.dynamic_groups == "reject":
        raise bad_request("the members of this group are set by its rule")
    back = ["unlink" if op[0] == "link" else "link", *op[1:]]
    at = time.time() + call.switches.dynamic_undo_seconds
    return [["put", "undo", new_id(), {"op": back, "at": at}]]


def _reach(call: Call, kind: str, paths: dict[str, list[Any]]) -> Response:
    rows = [{"id": key, "type": kind, "compiledAttributes": {}} for key in paths]
    test, asked = v2_filter(call.request), v2_window(call)
    found = [row for row in sort_rows(rows, commas(call.request.first("sort"))) if test(row)]
    shown = [
        {**row, "paths": [[_hop(*hop) for hop in path] for path in paths[row["id"]]]}
        for row in found[asked]
    ]
    return v2_page(shown, len(found))


def _hop(kind: str, key: str) -> Row:
    return {"to": {"id": key, "type": kind, "attributes": None}, "attributes": None}


def _edge(kind: str, key: str, start: Row | None) -> Row:
    edge = _hop(kind, key)
    return {"from": start, **edge} if start else edge


def _bound(verb: str, kind: str, target: str, body: Row, call: Call) -> Op:
    association = {
        "op": verb,
        "connection": {
            "from": {"type": kind, "object_id": call.ids["id"]},
            "to": {"type": target, "object_id": body["id"]},
        },
    }
    return event("association_change", service="directory", association=association)
