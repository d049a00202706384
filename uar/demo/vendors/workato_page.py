"""The page for people at /: who has which role in which environment, and changing it by hand.

It is no part of the vendor's API. It renders 50 people at a time and reloads itself
every two seconds, except while somebody searches or edits: a reload would take the
form away under their fingers.
"""

from __future__ import annotations

import json
from html import escape
from urllib.parse import parse_qs

from uar.demo.vendors import workato_privileges
from uar.demo.vendors.control import named_loopback
from uar.demo.vendors.page import asset, link, page, redirect, same_origin, table
from uar.demo.vendors.server import Request, Response
from uar.demo.vendors.store import Row
from uar.demo.vendors.workato_members import ENVIRONMENT, HELD, LEGACY, accept
from uar.demo.vendors.workato_vendor import NO_ACCESS, Workato

TITLE = "Workato (demo vendor server)"
ABOUT = (
    "A stand-in for the vendor's own console, in a process of its own. What you change here "
    "is changed at the vendor by hand; what uar changes shows up here."
)
PAGE = 50


def mount(vendor: Workato) -> None:
    """Let the vendor server show the page."""
    vendor.page = lambda request: _answer(vendor, request)


def _answer(vendor: Workato, request: Request) -> Response:
    if not named_loopback(request):
        return Response(403)
    if request.method == "POST" and request.path in ("/role", "/remove", "/accept"):
        return _change(vendor, request) if same_origin(request) else Response(403)
    if request.method != "GET" or request.path != "/":
        return asset(request) or Response(404)
    with vendor.store.lock:
        return _Page(vendor, request).whole()


def _change(vendor: Workato, request: Request) -> Response:
    form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    person = form.get("person", "")
    if request.path == "/accept":
        if form.get("email", "").lower() not in vendor.store.table("invitations"):
            return Response(404)
        accept(vendor.store, form["email"])
        return redirect()
    if request.path == "/remove":
        answer = vendor.by_hand(Request("DELETE", f"/api/members/{person}", "", {}, b""))
        return redirect(said="" if answer.status < 300 else "That person is gone already.")
    kind, _, name = form.get("role", "").partition("/")
    role = {"environment_type": form.get("environment"), "name": name, "role_type": kind}
    body = json.dumps({"env_roles": [role]}).encode()
    answer = vendor.by_hand(Request("PUT", f"/api/members/{person}", "", {}, body))
    said = "" if answer.status == 200 else json.loads(answer.body)["message"]
    return redirect(person=person, said=said)


class _Page:
    """One rendering of the page; hold the store's lock."""

    def __init__(self, vendor: Workato, request: Request) -> None:
        self.store = vendor.store
        self.people = vendor.store.table("members")
        self.environments = vendor.store.table("workspace")["own"]["environments"]
        self.person = self.people.get(request.first("person"))
        self.sought = request.first("q").strip()
        self.said = request.first("said")
        skip = request.first("skip")
        self.skip = int(skip) if skip.isdigit() else 0
        self.live = not (self.sought or self.person or request.first("live") == "off")

    def whole(self) -> Response:
        """The page."""
        person = self._edit(self.person) if self.person else ""
        main = self._bar() + person + self._changes() + self._invited() + self._everybody()
        return page(TITLE, ABOUT, main, refresh_s=2 * self.live)

    def _bar(self) -> str:
        said = f'<p class="note" role="status">{escape(self.said)}</p>' if self.said else ""
        turn = '<a href="/?live=off">Stop reloading</a>'
        state = f"Reloads every 2 seconds. {turn}" if self.live else '<a href="/">Show live</a>'
        return (
            f'<section class="wide" aria-label="Tools">{said}<form class="bar" action="/">'
            '<label for="q">Find a collaborator by name, e-mail or role'
            f'<input id="q" name="q" type="search" value="{escape(self.sought)}"></label>'
            f'<button>Find</button><span class="soft">{state}</span></form></section>'
        )

    def _everybody(self) -> str:
        sought = self.sought.lower()
        found = [row for row in self.people.values() if sought in self._words(row)]
        rows = [
            f'<tr><td><a href="{escape(link(person=str(row["id"])))}">{escape(row["name"])}</a> '
            f'<span class="soft">{escape(row["email"])}</span>{_moderator(row)}</td>'
            f"{self._cells(row)}</tr>"
            for row in found[self.skip : self.skip + PAGE]
        ]
        columns = ["Collaborator", *(escape(each) for each in self.environments)]
        body = table(f"{len(found):,} collaborators", columns, rows) if rows else "<p>Nobody.</p>"
        pages = []
        if self.skip:
            before = escape(link(q=self.sought, skip=max(0, self.skip - PAGE)))
            pages.append(f'<a href="{before}">Previous</a>')
        if self.skip + PAGE < len(found):
            pages.append(f'<a href="{escape(link(q=self.sought, skip=self.skip + PAGE))}">Next</a>')
        below = f'<p class="bar">{" ".join(pages)}</p>' if pages else ""
        heading = "<h2>Roles by environment</h2>"
        return f'<section class="wide">{heading}{body}{below}</section>'

    def _cells(self, row: Row) -> str:
        held = self._held(row)
        return "".join(
            f"<td>{escape(held[each][1])}</td>"
            if each in held
            else f'<td class="soft">{NO_ACCESS}</td>'
            for each in self.environments
        )

    def _edit(self, row: Row) -> str:
        forms = "".join(self._form(row, each) for each in self.environments)
        hidden = f'<input type="hidden" name="person" value="{row["id"]}">'
        remove = (
            f'<form class="row" method="post" action="/remove">{hidden}'
            f'<button class="quiet">Remove {escape(row["name"])} from the workspace</button></form>'
        )
        roles = f'<h2>{escape(row["name"])}</h2><div class="bar">{forms}</div>'
        return f'<section class="wide">{roles}<p>{remove}</p></section>'

    def _form(self, row: Row, environment: str) -> str:
        now = "/".join(self._held(row).get(environment, (LEGACY, NO_ACCESS)))
        options = "".join(
            f'<option value="{escape(value)}"{" selected" if value == now else ""}>'
            f"{escape(value.partition('/')[2])}</option>"
            for value in self._roles()
        )
        field = f"role-{escape(environment)}"
        return (
            '<form class="bar" method="post" action="/role">'
            f'<input type="hidden" name="person" value="{row["id"]}">'
            f'<input type="hidden" name="environment" value="{escape(environment)}">'
            f'<label for="{field}">Role in {escape(environment)}'
            f'<select id="{field}" name="role">{options}</select></label>'
            f'<button>Save<span class="hidden"> role in {escape(environment)}</span></button>'
            "</form>"
        )

    def _roles(self) -> list[str]:
        model = self.store.table("workspace")["own"]["model"]
        names = [f"{LEGACY}/{NO_ACCESS}"]
        if model != "migrated":
            rows = [
                *self.store.table("roles").values(),
                *self.store.table("inherited_roles").values(),
            ]
            legacy = [*workato_privileges.SYSTEM, *(row["name"] for row in rows)]
            names += [f"{LEGACY}/{name}" for name in legacy]
        newer = self.store.table("environment_roles").values()
        return names + [f"{ENVIRONMENT}/{row['name']}" for row in newer]

    def _invited(self) -> str:
        invited = self.store.table("invitations").values()
        if not invited:
            return ""
        rows = [
            f"<tr><td>{escape(row['name'])}</td><td>{escape(row['email'])}</td><td>"
            '<form class="row" method="post" action="/accept">'
            f'<input type="hidden" name="email" value="{escape(row["email"])}">'
            f'<button>Accept<span class="hidden"> as {escape(row["name"])}</span></button>'
            "</form></td></tr>"
            for row in list(invited)[:PAGE]
        ]
        columns = ["Name", "E-mail", "<span class=hidden>Change</span>"]
        body = table("Invited and not yet a collaborator", columns, rows)
        return f'<section class="wide"><h2>Invitations</h2>{body}</section>'

    def _changes(self) -> str:
        latest = [line for line in reversed(self.store.history[-100:]) if _is_about_roles(line)]
        rows = [row for line in latest[:5] for row in self._changed(line)]
        columns = ["When (UTC)", "What", "By"]
        body = table("The latest five, newest first", columns, rows)
        shown = body if rows else "<p>Nothing has changed yet.</p>"
        return f'<section class="wide"><h2>Changes of roles</h2>{shown}</section>'

    def _changed(self, line: Row) -> list[str]:
        person = self.people.get(line["path"].rsplit("/", 1)[1], {})
        refused = "" if line["effect"] == "applied" else f" (refused, {line['status']})"
        at = line["at"][:19].replace("T", " ")
        named = line["body"].get("env_roles")
        roles = [each for each in named or () if isinstance(each, dict)]
        whats = [f"{each.get('name')} in {each.get('environment_type')}" for each in roles]
        who = str(person.get("name") or line["body"].get("email") or "somebody who is gone")
        said = f"{who}: {', '.join(whats) or _verb(line)}{refused}"
        return [f"<tr><td>{at}</td><td>{escape(said)}</td><td>{escape(line['by'])}</td></tr>"]

    def _held(self, row: Row) -> dict[str, tuple[str, str]]:
        ends = self.store.relation(HELD).there.get(str(row["id"]), ())
        split = (end.split("/", 2) for end in ends)
        return {environment: (kind, name) for environment, kind, name in split}

    def _words(self, row: Row) -> str:
        roles = " ".join(name for _, name in self._held(row).values()) if self.sought else ""
        return f"{row['name']} {row['email']} {roles}".lower()


def _is_about_roles(line: Row) -> bool:
    return str(line.get("path", "")).startswith(("/api/member", "/accept"))


def _verb(line: Row) -> str:
    if line["path"] == "/accept":
        return "accepted the invitation"
    return {"DELETE": "removed from the workspace"}.get(line["method"], "added")


def _moderator(row: Row) -> str:
    is_one = row["grant_type"] == "federation_manager"
    return ' <span class="tag">workspace moderator</span>' if is_one else ""
