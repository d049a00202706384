"""Workato's routes, one method each.

Three ways of paging: none (members), page and per_page from 1 with bare arrays,
page[number] and page[size] in an envelope. Sources: the vendor's pages and its
published OpenAPI, unless a comment says otherwise.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from connectors.base import Net
from connectors.errors import Forbidden, Garbled, Remote, Unauthorised
from connectors.http import NONE, Client, Method, Params
from connectors.pages import Listing, Page, Row, every_row
from connectors.workato.config import WorkatoConfig

LIMIT = 100  # default and maximum of every paged list
QUOTA_WINDOW = 60.0  # 60 requests a minute for each family; whether Retry-After comes is not said
NOBODY = {"email": "nobody@uar.invalid"}  # makes the list of members short


class Api:
    """One workspace's API. Lists come whole, each row once."""

    def __init__(self, config: WorkatoConfig, net: Net) -> None:
        self._base = config.address
        self._works: tuple[str, Params] | None = None
        self._refused: dict[str, str] = {}
        self.client = Client(
            "Workato",
            config.address,
            net,
            headers={"Authorization": f"Bearer {config.api_key.reveal()}"},
            secrets=(config.api_key,),
            quota_window=QUOTA_WINDOW,
        )

    def members(self, params: Params = NONE) -> list[Row]:
        """Every collaborator, in one answer without pages."""
        data = self._get("/api/members", params)
        page = _enveloped(data, "members")
        if page.total not in (None, len(page.rows)):
            raise Garbled(f"Workato counts {page.total} members and sends {len(page.rows)}.")
        try:
            return list({row_id(row): row for row in page.rows}.values())
        except KeyError:
            raise Garbled("Workato sent a member without an id.") from None

    def member(self, member_id: str) -> Row:
        """One collaborator. Raises Missing."""
        data = self._get(f"/api/members/{_in_path(member_id)}", route="/api/members/:id")
        # Whether the object comes in an envelope is not said.
        inner = data.get("data") if isinstance(data, dict) else None
        row = inner if isinstance(inner, dict) else data
        if not isinstance(row, dict) or str(row.get("id")) != member_id:
            raise Garbled(f"Workato answered something else than member {member_id}.")
        return row

    def privileges(self, member_id: str) -> list[Row]:
        """What one collaborator may do: a row for each environment, with the role's name."""
        path = f"/api/members/{_in_path(member_id)}/privileges"
        return _rows(self._get(path, route="/api/members/:id/privileges"), "privileges")

    def roles(self) -> list[Row]:
        """Legacy custom roles; neither system roles nor inherited ones are listed."""
        # No page says how many come at once, so only an empty page is the end.
        return self._list("/api/roles", "roles", _bare, full=1)

    def environment_roles(self) -> list[Row]:
        """Environment roles of every type."""
        return self._list("/api/environment_roles", "environment roles", _enveloped)

    def projects(self) -> list[Row]:
        """The projects that the API client was given, in its environment."""
        return self._list("/api/projects", "projects", _bare)

    def folders(self, parent_id: str = "") -> list[Row]:
        """The folders right below another, or below Home; there is no deeper listing."""
        params: Params = {"parent_id": parent_id} if parent_id else NONE
        what = f"folders below {parent_id or 'Home'}"
        return self._list("/api/folders", what, _bare, params=params)

    def folder(self, folder_id: str) -> Row:
        """One folder, where the server knows the route."""
        path = f"/api/folders/{_in_path(folder_id)}"
        data = self._get(path, route="/api/folders/:id")
        if not isinstance(data, dict) or str(data.get("id")) != folder_id:
            raise Garbled(f"Workato answered something else than folder {folder_id}.")
        return data

    def groups(self) -> list[Row]:
        """Collaborator groups."""
        return self._list("/api/user_groups", "collaborator groups", _enveloped)

    def group_members(self, group_id: str) -> list[Row]:
        """Who is in a collaborator group."""
        path, route = (
            f"/api/user_groups/{_in_path(group_id)}/members",
            "/api/user_groups/:id/members",
        )
        return self._list(path, f"members of group {group_id}", _enveloped, route=route)

    def project_roles(self) -> list[Row]:
        """Roles that can be given on projects."""
        return self._list("/api/project_roles", "project roles", _enveloped)

    def project_grants(self, project_id: str) -> list[Row]:
        """Which collaborators and groups have which role on a project."""
        path = f"/api/projects/{_in_path(project_id)}/project_grants"
        route = "/api/projects/:id/project_grants"
        return self._list(path, f"grants of project {project_id}", _enveloped, route=route)

    def workspace(self) -> Row:
        """The workspace and its owner, although the path says user."""
        data = self._get("/api/users/me")
        return data if isinstance(data, dict) else {}

    def change(self, method: Method, path: str, body: Any = None) -> None:
        """Change something. Sent once."""
        try:
            self.client.write(method, path, body)
        except Unauthorised as refusal:
            raise self._told_apart(f"{method} {path}", refusal) from refusal

    def url(self, path: str) -> str:
        """The whole address of a path."""
        return self._base + path

    def member_path(self, member_id: str) -> str:
        """The path of one collaborator."""
        return f"/api/members/{_in_path(member_id)}"

    def _list(
        self,
        path: str,
        what: str,
        page_of: Callable[[Any, str], Page],
        *,
        full: int = LIMIT,
        params: Params = NONE,
        route: str = "",
    ) -> list[Row]:
        size = LIMIT
        number_name, size_name = ("page", "per_page")
        if page_of is _enveloped:
            number_name, size_name = ("page[number]", "page[size]")

        def fetch(skip: int, again: bool) -> Page:  # noqa: ARG001
            nonlocal size
            paging = {number_name: skip // size + 1, size_name: LIMIT}
            page = page_of(self._get(path, {**params, **paging}, route=route or path), what)
            if not skip and page.rows:
                size = len(page.rows)  # a server may send fewer than it was asked for
            return page

        return every_row(self.client, Listing(what, fetch, full, row_id))

    def _get(self, path: str, params: Params = NONE, *, route: str = "") -> Any:
        route = route or path
        if route in self._refused:
            raise Forbidden(self._refused[route])
        try:
            data = self.client.get(path, params).data
        except Unauthorised as refusal:
            told = self._told_apart(f"GET {route}", refusal)
            if isinstance(told, Forbidden):
                self._refused[route] = told.sentence
            raise told from refusal
        except Forbidden as refusal:
            self._refused[route] = refusal.sentence
            raise
        if self._works is None:
            self._works = (path, NOBODY if path == "/api/members" else params)
        return data

    def _told_apart(self, endpoint: str, refusal: Unauthorised) -> Unauthorised | Forbidden:
        """Tell an endpoint that is not ticked from a token that is not accepted.

        Both are answered 401 (vendor's migration notes for the original
        connector), so another endpoint is asked whether the token still works.
        """
        for path, params in (("/api/members", NOBODY), self._works or ("/api/projects", NONE)):
            with suppress(Remote):
                self.client.get(path, params)
                return Forbidden(
                    f"The API client may not call {endpoint}. Tick it in the client role: "
                    "Workspace admin, API clients, Client roles."
                )
        return refusal


def _bare(data: Any, what: str) -> Page:
    if not isinstance(data, list):
        raise Garbled(f"Workato answered something else than a list of {what}.")
    return Page(data, None)


def _enveloped(data: Any, what: str) -> Page:
    total = data.get("total") if isinstance(data, dict) else None
    return Page(_rows(data, what), total if type(total) is int else None)


def _rows(data: Any, what: str) -> list[Row]:
    rows = data.get("data") if isinstance(data, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Garbled(f"Workato answered something else than a list of {what}.")
    return rows


def row_id(row: Row) -> str:
    """A row's id as text: numbers, and texts such as am-… in the newer lists."""
    value = row["id"]
    if type(value) is int or (type(value) is str and value):
        return str(value)
    raise KeyError("id")


def _in_path(vendor_id: str) -> str:
    return quote(vendor_id, safe="")
