"""The page for people at /: users, their roles and groups, and buttons that an administrator has.

It is no part of the API. It renders 50 rows of anything at a time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from urllib.parse import parse_qs

from uar.demo.vendors.control import named_loopback
from uar.demo.vendors.page import asset, link, page, redirect, same_origin, table
from uar.demo.vendors.scim_names import MESSAGES, get
from uar.demo.vendors.scim_vendor import BASE, Scim
from uar.demo.vendors.server import Request, Response
from uar.demo.vendors.store import Row

TITLE = "SCIM app (demo vendor server)"
ABOUT = (
    "A stand-in for an app that speaks SCIM 2.0, in a process of its own. What you change here "
    "is changed at the vendor by hand; what uar changes shows up here."
)
PAGE = 50
VERBS = ("/activate", "/deactivate", "/add", "/remove")


def mount(vendor: Scim, title: str) -> None:
    """Let the vendor server show the page."""
    vendor.page = lambda request: _answer(vendor, request, title)


def _answer(vendor: Scim, request: Request, title: str) -> Response:
    if not named_loopback(request):
        return Response(403)
    if request.method == "POST" and request.path in VERBS:
        return _change(vendor, request)
    if request.method != "GET" or request.path != "/":
        return asset(request) or Response(404)
    with vendor.store.lock:
        return _Page(vendor, request).whole(title)


def _change(vendor: Scim, request: Request) -> Response:
    if not same_origin(request):
        return Response(403)
    form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    verb, person, group = request.path[1:], form.get("person", ""), form.get("group", "")
    operations: Mapping[str, Row] = {
        "activate": {"op": "replace", "value": {"active": True}},
        "deactivate": {"op": "replace", "value": {"active": False}},
        "add": {"op": "add", "path": "members", "value": [{"value": person}]},
        "remove": {"op": "remove", "path": f"members[value eq {json.dumps(person)}]"},
    }
    where = f"Groups/{group}" if verb in ("add", "remove") else f"Users/{person}"
    body = {"schemas": [MESSAGES + "PatchOp"], "Operations": [operations[verb]]}
    answer = vendor.by_hand(Request("PATCH", f"{BASE}/{where}", "", {}, json.dumps(body).encode()))
    said = json.loads(answer.body)["detail"] if answer.status >= 400 else ""
    return redirect(group=group, said=said)


class _Page:
    """One rendering of the page; hold the store's lock."""

    def __init__(self, vendor: Scim, request: Request) -> None:
        self._store = vendor.store
        self._users = vendor.store.table("Users")
        self._groups = vendor.store.table("Groups")
        self._group = self._groups.get(request.first("group"))
        self._sought = request.first("q").strip().lower()
        self._said = request.first("said")
        skip = request.first("users")
        self._skip = int(skip) if skip.isdigit() else 0

    def whole(self, title: str) -> Response:
        """The page."""
        said = f'<p class="note" role="status">{escape(self._said)}</p>' if self._said else ""
        main = f'<section class="wide" aria-label="Tools">{said}{self._search()}</section>'
        main += self._all_groups() + self._people() + self._changes()
        return page(title, ABOUT, main)

    def _search(self) -> str:
        return (
            f'<form class="bar" action="/">{self._kept()}<label for="q">Find a user by name or '
            f'address<input id="q" name="q" type="search" value="{escape(self._sought)}"></label>'
            f'<button>Find</button><a href="/">Everybody</a></form>'
        )

    def _all_groups(self) -> str:
        members = self._store.relation("members").there
        rows = [
            f"<tr{' aria-current=true' if row is self._group else ''}>"
            f'<td><a href="{escape(link(group=row["id"]))}">{escape(row["displayName"])}</a></td>'
            f'<td class="n">{len(members.get(row["id"], ()))}</td></tr>'
            for row in sorted(self._groups.values(), key=lambda row: str(row["displayName"]))[:PAGE]
        ]
        body = table(f"{len(self._groups):,} groups, by name", ["Group", "#Members"], rows)
        shown = body if rows else "<p>There are no groups.</p>"
        return f'<section class="groups"><h2>Groups</h2>{shown}</section>'

    def _people(self) -> str:
        keys = list(self._users)
        title = "Users"
        if self._group and not self._sought:
            title = f"Members of {self._group['displayName']}"
            keys = list(self._store.relation("members").there.get(self._group["id"], ()))
        rows = [self._users.get(key) or self._groups[key] for key in keys]
        found = [row for row in rows if self._sought in _words(row)]
        columns = ["Name", "Roles", "State", "<span class=hidden>Change</span>"]
        shown = [self._person(row) for row in found[self._skip : self._skip + PAGE]]
        body = table(f"{len(found):,} found", columns, shown) if shown else "<p>Nobody.</p>"
        return f"<section><h2>{escape(title)}</h2>{body}{self._pages(len(found))}</section>"

    def _person(self, row: Row) -> str:
        name = _name(row)
        is_active = row.get("active", True)
        buttons = ""
        if row["id"] in self._users:
            verb = "deactivate" if is_active else "activate"
            buttons = self._button(verb, row, verb.capitalize())
        if self._group:
            is_in = self._store.relation("members").has(self._group["id"], row["id"])
            verb, text = ("remove", "Remove") if is_in else ("add", "Add to group")
            buttons += " " + self._button(verb, row, text)
        roles = ", ".join(str(get(each, "value")) for each in row.get("roles") or ())
        state = "Group" if row["id"] in self._groups else "Active" if is_active else "Inactive"
        mail = f' <span class="soft">{escape(str(row.get("userName", "")))}</span>'
        return (
            f"<tr><td>{escape(name)}{mail}</td><td>{escape(roles)}</td>"
            f'<td><span class="tag">{state}</span></td><td>{buttons}</td></tr>'
        )

    def _button(self, verb: str, row: Row, text: str) -> str:
        style = "quiet" if verb in ("remove", "deactivate") else ""
        return (
            f'<form class="row" method="post" action="/{verb}">{self._kept()}'
            f'<input type="hidden" name="person" value="{escape(row["id"])}">'
            f'<button class="{style}">{escape(text)}'
            f'<span class="hidden"> {escape(_name(row))}</span></button></form>'
        )

    def _kept(self) -> str:
        if not self._group:
            return ""
        return f'<input type="hidden" name="group" value="{escape(self._group["id"])}">'

    def _pages(self, total: int) -> str:
        links = []
        group = self._group["id"] if self._group else ""
        for text, at in (("Previous", self._skip - PAGE), ("Next", self._skip + PAGE)):
            if 0 <= at < total and total > PAGE:
                where = escape(link(group=group, q=self._sought, users=at))
                links.append(f'<a href="{where}">{text} users</a>')
        return f'<p class="bar">{" ".join(links)}</p>' if links else ""

    def _changes(self) -> str:
        rows = [
            f"<tr><td>{line['at'][:19].replace('T', ' ')}</td><td>{escape(_told(line))}</td>"
            f"<td>{escape(line['by'])}</td></tr>"
            for line in reversed(self._store.history[-5:])
        ]
        body = table("The latest five, newest first", ["When (UTC)", "What", "By"], rows)
        shown = body if rows else "<p>Nothing has changed yet.</p>"
        return f'<section class="wide"><h2>Changes</h2>{shown}</section>'


def _told(line: Row) -> str:
    refused = "" if line["effect"] == "applied" else f" (refused, {line['status']})"
    operations = get(line["body"], "Operations")
    what = json.dumps(operations)[:200] if operations else ""
    return f"{line['method']} {line['path'].removeprefix(BASE)} {what}{refused}"


def _name(row: Row) -> str:
    return str(row.get("displayName") or row.get("userName") or row["id"])


def _words(row: Row) -> str:
    return " ".join(str(row.get(name) or "") for name in ("id", "displayName", "userName")).lower()
