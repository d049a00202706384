"""Workato's workspace, projects and folders, as far as an API client may see them."""

from __future__ import annotations

from http import HTTPStatus

from uar.demo.vendors.server import Response, json_answer
from uar.demo.vendors.serving import Refusal
from uar.demo.vendors.store import Row, instant
from uar.demo.vendors.workato_lists import bare
from uar.demo.vendors.workato_vendor import Call, Workato

DEV = "dev"


def mount(vendor: Workato) -> None:
    """Add the routes of the workspace, projects and folders."""
    vendor.route("GET", "/api/users/me", me)
    vendor.route("GET", "/api/projects", projects)
    vendor.route("GET", "/api/folders", folders)
    vendor.route("GET", "/api/folders/{id}", folder)


def me(call: Call) -> Response:
    """GET /api/users/me: the workspace and its owner, although the path says user."""
    own = call.store.table("workspace")["own"]
    names = ("id", "name", "email", "company_name", "created_at", "last_seen", "plan_id",
             "root_folder_id", "recipes_count", "active_recipes_count")  # fmt: skip
    return json_answer({name: own[name] for name in names})


def projects(call: Call) -> Response:
    """GET /api/projects: those that the client was given, in its own environment."""
    return bare(call, [_listed(row, ("_environment",)) for row in seen_projects(call)])


def folders(call: Call) -> Response:
    """GET /api/folders: one level below `parent_id`, which is the Home folder unless told."""
    home = call.store.table("workspace")["own"]["root_folder_id"]
    parent = call.request.first("parent_id") or str(home)
    known = call.store.table("folders")
    if parent != str(home) and (parent not in known or not _sees(call, known[parent])):
        raise Refusal(HTTPStatus.NOT_FOUND, "Folder not found")
    below = call.keep(("below", parent), lambda: _below(call, parent))
    return bare(call, [_shown(call, row) for row in below if _sees(call, row)])


def folder(call: Call) -> Response:
    """GET /api/folders/:id, on newer servers."""
    row = call.row("folders")
    if not call.switches.single_folder or not _sees(call, row):
        raise Refusal(HTTPStatus.NOT_FOUND, "Not found")
    return json_answer(_shown(call, row))


def seen_projects(call: Call) -> list[Row]:
    """The projects of the client's environment that it was given."""
    return [
        row
        for row in call.store.table("projects").values()
        if row["_environment"] == call.token.environment and call.token.sees(str(row["id"]))
    ]


def whole_project(values: Row) -> Row:
    """A project with every field that the vendor's object has."""
    return {"id": 0, "name": "", "description": None, "folder_id": 0, "_environment": DEV} | values


def whole_folder(values: Row) -> Row:
    """A folder with every field that the vendor's object has."""
    blank: Row = {
        "id": 0, "name": "", "parent_id": None, "is_project": False, "project_id": None,
        "created_at": instant(), "updated_at": instant(), "_environment": DEV,
    }  # fmt: skip
    return blank | values


def _sees(call: Call, row: Row) -> bool:
    project = row["project_id"]
    is_here = row["_environment"] == call.token.environment
    return is_here and call.token.sees(None if project is None else str(project))


def _below(call: Call, parent: str) -> list[Row]:
    return [row for row in call.store.table("folders").values() if str(row["parent_id"]) == parent]


def _shown(call: Call, row: Row) -> Row:
    newer = () if call.switches.folder_projects else ("is_project", "project_id")
    return _listed(row, ("_environment", *newer))


def _listed(row: Row, without: tuple[str, ...]) -> Row:
    return {name: value for name, value in row.items() if name not in without}
