"""The page for people at /: who has which role and who learnt what.

It has the buttons that an administrator has, and is no part of the vendor's API. It
renders 50 rows of anything at a time. The page reloads itself every two seconds,
except while somebody searches.
"""

from __future__ import annotations

import json
from collections import Counter
from html import escape
from urllib.parse import parse_qs

from uar.demo.vendors.control import named_loopback
from uar.demo.vendors.page import (
    asset,
    hidden_field,
    link,
    page,
    page_links,
    redirect,
    same_origin,
    table,
    whole_number,
)
from uar.demo.vendors.percipio_catalogue import title_of
from uar.demo.vendors.percipio_tokens import ORGANIZATION
from uar.demo.vendors.percipio_users import ROLES, USERS
from uar.demo.vendors.percipio_vendor import Percipio
from uar.demo.vendors.server import Request, Response
from uar.demo.vendors.store import Row

TITLE = "Percipio (demo vendor server)"
ABOUT = (
    "A stand-in for the vendor's own site, in a process of its own. What you change here "
    "is changed at the vendor by hand; what uar changes shows up here."
)
PAGE = 50
COURSES = ("COURSE", "ASSESSMENT")


def mount(vendor: Percipio) -> None:
    """Let the vendor server show the page."""
    vendor.page = lambda request: _answer(vendor, request)


def _answer(vendor: Percipio, request: Request) -> Response:
    if not named_loopback(request):
        return Response(403)
    if request.method == "POST" and request.path == "/change":
        return _change(vendor, request)
    if request.method != "GET" or request.path != "/":
        return asset(request) or Response(404)
    with vendor.store.lock:
        return _Page(vendor, request).whole()


def _change(vendor: Percipio, request: Request) -> Response:
    if not same_origin(request):
        return Response(403)
    form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    sent: Row = {"role": form["role"]} if "role" in form else {}
    if "active" in form:
        sent = {"isActive": form["active"] == "yes"}
    path = f"{USERS.replace('{org}', ORGANIZATION)}/{form.get('user', '')}"
    answer = vendor.by_hand(Request("PATCH", path, "", {}, json.dumps(sent).encode()))
    said = "" if answer.status < 400 else _message(json.loads(answer.body)["errors"][0])
    return redirect(course=form.get("course", ""), q=form.get("q", ""), said=said)


class _Page:
    """One rendering of the page; hold the store's lock."""

    def __init__(self, vendor: Percipio, request: Request) -> None:
        self.store = vendor.store
        self.users = vendor.store.table("users")
        self.content = vendor.store.table("content")
        self.course = request.first("course")
        self.searching = any(name == "q" for name, _ in request.query)
        self.sought = request.first("q").strip()
        self.said = request.first("said")
        self.live = not self.searching and request.first("live") != "off"
        self.skips = {name: whole_number(request.first(name)) for name in ("courses", "people")}

    def whole(self) -> Response:
        """The page."""
        main = self._bar() + self._changes() + self._courses() + self._people()
        return page(TITLE, ABOUT, main, refresh_s=2 * self.live)

    def _here(self, **changes: str | int) -> str:
        kept = {"course": self.course, "q": self.sought, **self.skips, **changes}
        return escape(link(**{name: value for name, value in kept.items() if value}))

    def _bar(self) -> str:
        said = f'<p class="note" role="status">{escape(self.said)}</p>' if self.said else ""
        files = len(self.store.table("sftp"))
        delivered = f"<span>Report files on the customer’s SFTP: {files}</span>"
        if not self.searching:
            state = "Reloads every 2 seconds." if self.live else "Reloading is off."
            turned, verb = ("off", "Stop") if self.live else ("", "Start")
            return (
                f'<section class="wide" aria-label="Tools">{said}<p class="bar">'
                f'<a href="{self._here(q=" ")}">Find a person</a><span class="soft">{state} '
                f'<a href="{self._here(live=turned)}">{verb} reloading</a></span>'
                f"{delivered}</p></section>"
            )
        return (
            f'<section class="wide" aria-label="Tools">{said}<form class="bar" action="/">'
            f"{hidden_field('course', self.course)}"
            '<label for="q">Find a person by name, e-mail, role or id'
            f'<input id="q" name="q" type="search" value="{escape(self.sought)}" autofocus>'
            f'</label><button>Find</button><a href="{self._here(q="")}">Back to reloading</a>'
            "</form></section>"
        )

    def _courses(self) -> str:
        counted = Counter(
            (row["content"], row["status"]) for row in self.store.table("activity").values()
        )
        ordered = [
            row for row in self.content.values() if row["contentType"]["percipioType"] in COURSES
        ]
        skip = self.skips["courses"]
        rows = [
            f"<tr{' aria-current=true' if row['id'] == self.course else ''}>"
            f'<td><a href="{self._here(course=row["id"], people=0)}">'
            f"{escape(title_of(row) or row['id'])}</a>{_tags(row)}</td>"
            f'<td class="n">{counted[row["id"], "Started"]}</td>'
            f'<td class="n">{counted[row["id"], "Completed"]}</td></tr>'
            for row in ordered[skip : skip + PAGE]
        ]
        body = table(f"{len(ordered):,} courses", ["Course", "#In progress", "#Completed"], rows)
        pages = self._pages("courses", len(ordered))
        return f'<section class="groups"><h2>Courses</h2>{body}{pages}</section>'

    def _people(self) -> str:
        found, skip = self._found(), self.skips["people"]
        rows = [self._person(row, what) for row, what in found[skip : skip + PAGE]]
        heading = "People"
        if self.course in self.content:
            heading = f"Learners of {title_of(self.content[self.course]) or self.course}"
        columns = ["Person", "State", "Role", "<span class=hidden>Change</span>"]
        body = table(f"{len(found):,} people", columns, rows) if found else "<p>Nobody.</p>"
        pages = self._pages("people", len(found))
        return f"<section><h2>{escape(heading)}</h2>{body}{pages}</section>"

    def _found(self) -> list[tuple[Row, str]]:
        if self.course in self.content:
            of = {
                row["user"]: row["status"]
                for row in self.store.table("activity").values()
                if row["content"] == self.course
            }
            people = [(self.users[key], what) for key, what in of.items()]
        else:
            people = [(row, "") for row in self.users.values()]
        sought = self.sought.lower()
        return [(row, what) for row, what in people if sought in _words(row)]

    def _person(self, row: Row, what: str) -> str:
        name = escape(_name(row))
        state = "Active" if row["isActive"] else "Inactive"
        learnt = f' <span class="tag">{escape(what)}</span>' if what else ""
        turned, verb, style = ("no", "Deactivate", "quiet") if row["isActive"] else (
            "yes", "Activate", "")  # fmt: skip
        kept = hidden_field("course", self.course) + (
            hidden_field("q", self.sought) if self.searching else ""
        )
        hidden = hidden_field("user", row["id"]) + kept
        return (
            f'<tr><td>{name}{learnt}<br><span class="soft">{escape(row["email"])}</span></td>'
            f'<td><span class="tag">{state}</span></td><td>{self._role(row, hidden)}</td><td>'
            f'<form class="row" method="post" action="/change">{hidden}'
            f'{hidden_field("active", turned)}<button class="{style}">{verb}'
            f'<span class="hidden"> {name}</span></button></form></td></tr>'
        )

    def _role(self, row: Row, hidden: str) -> str:
        """The role, to be chosen while nothing reloads: that would undo the choice."""
        if self.live:
            return str(row["role"])
        name = escape(_name(row))
        options = "".join(
            f"<option{' selected' if role == row['role'] else ''}>{role}</option>" for role in ROLES
        )
        return (
            f'<form class="set" method="post" action="/change">{hidden}'
            f'<select name="role" aria-label="Role of {name}">{options}</select> '
            f'<button>Set<span class="hidden"> the role of {name}</span></button></form>'
        )

    def _pages(self, of: str, total: int) -> str:
        return page_links(self._here, of, self.skips[of], total, PAGE)

    def _changes(self) -> str:
        of_people = [
            line for line in reversed(self.store.history[-100:]) if "/users" in line["path"]
        ]
        rows = [self._changed(line) for line in of_people[:5]]
        body = table("The latest five, newest first", ["When (UTC)", "What", "By"], rows)
        shown = body if rows else "<p>Nothing has changed yet.</p>"
        return f'<section class="wide"><h2>Changes of people</h2>{shown}</section>'

    def _changed(self, line: Row) -> str:
        person = self.users.get(line["path"].rpartition("/")[2], {})
        sent = line["body"] if isinstance(line["body"], dict) else {}
        what = f"{_name(person)}: " + ", ".join(f"{name} {sent[name]}" for name in sent)
        refused = "" if line["effect"] == "applied" else f" (refused, {line['status']})"
        at = line["at"][:19].replace("T", " ")
        return f"<tr><td>{at}</td><td>{escape(what + refused)}</td><td>{line['by']}</td></tr>"


def _message(error: str | dict[str, str]) -> str:
    return error if isinstance(error, str) else list(error.values())[-1]


def _tags(row: Row) -> str:
    tags = ["Assessment"] if row["contentType"]["percipioType"] == "ASSESSMENT" else []
    if row["characteristics"]["isCompliance"]:
        tags.append("Compliance")
    if row["lifecycle"]["status"] != "ACTIVE":
        tags.append("Inactive")
    return "".join(f' <span class="tag">{tag}</span>' for tag in tags)


def _name(person: Row) -> str:
    both = f"{person.get('firstName', '')} {person.get('lastName', '')}".strip()
    return both or str(person.get("email") or "somebody")


def _words(row: Row) -> str:
    names = ("id", "externalUserId", "email", "firstName", "lastName", "role", "loginName")
    return " ".join(str(row.get(name) or "") for name in names).lower()
