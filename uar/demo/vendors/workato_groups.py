"""Workato's collaborator groups, project roles and project grants (RBAC v2).

A project grant gives a project role on one project to a collaborator or to a group
(vendor's page "Project grants", with its sample answers).
"""

from __future__ import annotations

from http import HTTPStatus

from uar.demo.vendors.server import Response, json_answer
from uar.demo.vendors.serving import Written
from uar.demo.vendors.store import Row, instant
from uar.demo.vendors.workato_lists import bracketed
from uar.demo.vendors.workato_places import seen_projects
from uar.demo.vendors.workato_vendor import Call, Titled, Workato


def mount(vendor: Workato) -> None:
    """Add the routes of groups, project roles and project grants."""
    vendor.route("GET", "/api/user_groups", groups)
    vendor.route("GET", "/api/user_groups/{id}/members", group_members)
    vendor.route("GET", "/api/project_roles", project_roles)
    vendor.route("GET", "/api/projects/{id}/project_grants", project_grants)
    vendor.route("DELETE", "/api/project_grants/{id}", delete_grant)


def groups(call: Call) -> Response:
    """GET /api/user_groups: with how many members each has."""
    _insist_on_new_model(call)
    members = call.store.relation("groups").there
    rows = call.store.table("groups").values()
    return bracketed(
        call, [{**row, "members_count": len(members.get(row["id"], ()))} for row in rows]
    )


def group_members(call: Call) -> Response:
    """GET /api/user_groups/:id/members."""
    _insist_on_new_model(call)
    if call.ids["id"] not in call.store.table("groups"):
        raise Titled(HTTPStatus.NOT_FOUND, "Collaborator group not found")
    people = call.store.table("members")
    keys = call.store.relation("groups").there.get(call.ids["id"], ())
    return bracketed(call, [_person(people[key]) for key in keys])


def project_roles(call: Call) -> Response:
    """GET /api/project_roles."""
    _insist_on_new_model(call)
    return bracketed(call, list(call.store.table("project_roles").values()))


def project_grants(call: Call) -> Response:
    """GET /api/projects/:id/project_grants: only of projects that the client sees."""
    _insist_on_new_model(call)
    key = call.ids["id"]
    if key not in {str(row["id"]) for row in seen_projects(call)}:
        raise Titled(HTTPStatus.NOT_FOUND, "Project not found")
    grants = call.store.table("project_grants").values()
    return bracketed(call, [_shown(call, row) for row in grants if row["project"] == key])


def delete_grant(call: Call) -> Written:
    """DELETE /api/project_grants/:id."""
    _insist_on_new_model(call)
    if call.ids["id"] not in call.store.table("project_grants"):
        raise Titled(HTTPStatus.NOT_FOUND, "Project grant not found")
    return Written(json_answer({"result": "ok"}), [["del", "project_grants", call.ids["id"]]])


def whole_group(values: Row) -> Row:
    """A collaborator group with every field that the vendor's object has."""
    blank: Row = {
        "id": "", "name": "", "description": None, "system": False, "created_at": instant(),
        "updated_at": instant(),
    }  # fmt: skip
    return blank | values


def _shown(call: Call, row: Row) -> Row:
    store = call.store
    project, role = store.table("projects")[row["project"]], store.table("project_roles")
    group, person = row.get("user_group"), row.get("user")
    environment = {"id": 148425, "type": project["_environment"]}
    return {
        "id": row["id"],
        "project": {"id": project["id"], "name": project["name"], "environment": environment},
        "project_role": {key: role[row["role"]][key] for key in ("id", "name")},
        "user_group": {k: store.table("groups")[group][k] for k in ("id", "name")}
        if group
        else None,
        "user": _person(store.table("members")[person]) if person else None,
    }


def _person(row: Row) -> Row:
    return {"id": row["id"], "name": row["name"], "email": row["email"]}


def _insist_on_new_model(call: Call) -> None:
    if call.store.table("workspace")["own"]["model"] == "legacy":
        raise Titled(HTTPStatus.UNAUTHORIZED, "Unauthorized")
