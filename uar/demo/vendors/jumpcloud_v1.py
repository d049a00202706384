"""JumpCloud's first API, /api: people, administrators, applications, organizations."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from uar.demo.vendors import jumpcloud_people as people
from uar.demo.vendors.front import Written
from uar.demo.vendors.jumpcloud_call import Call
from uar.demo.vendors.jumpcloud_lists import v1_answer, v1_list, visible
from uar.demo.vendors.jumpcloud_query import (
    Test,
    bad_request,
    body_filter,
    project,
    search_filter,
    v1_filter,
    words,
)
from uar.demo.vendors.jumpcloud_vendor import JumpCloud
from uar.demo.vendors.server import Response, json_answer
from uar.demo.vendors.store import Row

READ_PEOPLE = ("users", "users.readonly")
READ_APPLICATIONS = ("applications", "applications.readonly")
READ_ORGANIZATIONS = ("organizations", "organizations.readonly")


def mount(vendor: JumpCloud) -> None:
    """Add the routes of /api."""
    people_, one = "/api/systemusers", "/api/systemusers/{id}"
    vendor.route("GET", people_, systemusers, *READ_PEOPLE, "commandrunner.legacy")
    vendor.route("POST", "/api/search/systemusers", search, *READ_PEOPLE)
    vendor.route("GET", one, systemuser, *READ_PEOPLE)
    vendor.route("POST", people_, create_systemuser, "users")
    vendor.route("PUT", one, update_systemuser, "users")
    vendor.route("DELETE", one, delete_systemuser, "users")
    vendor.route("POST", one + "/unlock", unlock_systemuser, "users")
    vendor.route("POST", one + "/state/activate", activate_systemuser, "users")
    vendor.route("GET", "/api/applications", applications, *READ_APPLICATIONS)
    vendor.route("GET", "/api/applications/{id}", application, *READ_APPLICATIONS)
    vendor.route("GET", "/api/organizations", organizations, *READ_ORGANIZATIONS)
    vendor.route("GET", "/api/organizations/{id}", organization, *READ_ORGANIZATIONS)


def systemusers(call: Call) -> Response:
    """GET /api/systemusers: never with memberof, which only the search gives."""
    tests = [v1_filter(call.request)]
    if wanted := call.request.first("search"):
        tests.append(search_filter(_parsed(wanted)))
    view = _person_view(call)
    return v1_list(call, "systemusers", view, _both(tests), most=call.switches.systemusers_most)


def search(call: Call) -> Response:
    """POST /api/search/systemusers: filter and searchFilter in the body; memberof in results."""
    body, switches = call.body(), call.switches
    test = _sound([body_filter(body.get("filter")), search_filter(body.get("searchFilter"))])
    named = body.get("fields") or call.request.first("fields")
    fields = [str(name) for name in named] if isinstance(named, list) else words(named)
    sort = body.get("sort") or call.request.first("sort")
    limit, skip = (_paging(call, body, name) for name in ("limit", "skip"))
    base = _person_view(call)
    carries = switches.memberof and (not switches.memberof_when_named or "memberof" in fields)

    def view(row: Row) -> Row:
        shown = base(row)
        return _with_memberof(call, shown) if carries else shown

    return v1_answer(
        call, "systemusers", view, test,
        fields=fields, sort=words(sort), limit=limit, skip=skip, most=switches.search_most,
    )  # fmt: skip


def systemuser(call: Call) -> Response:
    """GET /api/systemusers/{id}."""
    row = _person_view(call)(call.row("systemusers"))
    return json_answer(project(row, words(call.request.first("fields")), "_id"))


def create_systemuser(call: Call) -> Written:
    """POST /api/systemusers."""
    person, ops = people.create(call)
    return Written(json_answer(_person_view(call)(person)), ops)


def update_systemuser(call: Call) -> Written:
    """PUT /api/systemusers/{id}: omitted fields are kept."""
    person, ops = people.update(call)
    return Written(json_answer(_person_view(call)(person)), ops)


def delete_systemuser(call: Call) -> Written:
    """DELETE /api/systemusers/{id}: answers with the person who is gone."""
    person, ops = people.delete(call)
    return Written(json_answer(_person_view(call)(person)), ops)


def unlock_systemuser(call: Call) -> Written:
    """POST /api/systemusers/{id}/unlock: answers 200 with text."""
    return Written(Response(200, b"OK", {"Content-Type": "text/plain"}), people.unlock(call))


def activate_systemuser(call: Call) -> Written:
    """POST /api/systemusers/{id}/state/activate."""
    _, ops = people.activate(call)
    return Written(json_answer({}), ops)


def applications(call: Call) -> Response:
    """GET /api/applications."""
    most, page = call.switches.applications_most, call.switches.applications_page
    test = v1_filter(call.request)
    return v1_list(call, "applications", visible, test, most=most, page=page, sort="name")


def application(call: Call) -> Response:
    """GET /api/applications/{id}."""
    return json_answer(visible(call.row("applications")))


def organizations(call: Call) -> Response:
    """GET /api/organizations: one for a single tenant, more for a multi-tenant administrator."""
    first = next(iter(call.store.table("organizations")), "")
    many = call.switches.multi_tenant
    brief = ("_id", "displayName", "logoUrl")
    return v1_list(
        call, "organizations",
        lambda row: {name: row.get(name) for name in brief},
        lambda row: many or row["_id"] == first,
        most=100,
    )  # fmt: skip


def organization(call: Call) -> Response:
    """GET /api/organizations/{id}."""
    return json_answer(visible(call.row("organizations")))


def _person_view(call: Call) -> Callable[[Row], Row]:
    switches = call.switches
    admins = call.memo(("admin links",), lambda: _admin_links(call))

    def view(row: Row) -> Row:
        shown = visible(row)
        if not switches.lastlogin:
            shown.pop("lastlogin", None)
        if switches.admin_link != "absent":
            by_id = admins.get(row["_id"]) or admins.get(row["email"].lower())
            shown["admin"] = by_id if switches.admin_link == "populated" else None
        return shown

    return view


def _with_memberof(call: Call, row: Row) -> Row:
    store, switches, key = call.store, call.switches, row["_id"]
    if switches.memberof_lags:
        groups = store.seen_back("members", key)
    else:
        groups = list(store.relation("members").back.get(key, ()))
    if switches.memberof_device_groups:
        groups += store.seen_back("device_users", key)
    if switches.memberof_at_most:
        groups = groups[: switches.memberof_at_most]
    if groups or switches.memberof_when_empty:
        row["memberof"] = groups
    return row


def _paging(call: Call, body: Row, name: str) -> Any:
    where = call.switches.search_paging
    if where != "query" and body.get(name) is not None:
        return body[name]
    return call.request.first(name) if where != "body" else None


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise bad_request("search is not JSON") from None


def _sound(tests: list[Test]) -> Test:
    def test(row: Row) -> bool:
        try:
            return all(each(row) for each in tests)
        except (TypeError, re.error):
            raise bad_request("invalid filter") from None

    return test


def _both(tests: list[Test]) -> Test:
    return lambda row: all(test(row) for test in tests)


def _admin_links(call: Call) -> dict[str, Row]:
    links: dict[str, Row] = {}
    for row in call.store.table("users").values():
        link = {"id": row["_id"], "roleName": row["roleName"], "roleNames": row["roleNames"]}
        links[row.get("_systemuser") or row["email"].lower()] = link
    return links
