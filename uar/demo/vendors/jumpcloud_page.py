"""The page for people at /: who is in which group, and buttons that an administrator has.

It is no part of the vendor's API. It renders 50 rows of anything at a time. The
page reloads itself every two seconds, except while somebody searches: a reload
would empty the box under their fingers.
"""

from __future__ import annotations

import json
from html import escape
from urllib.parse import parse_qs

from uar.demo.vendors.control import named_loopback
from uar.demo.vendors.jumpcloud_vendor import JumpCloud
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
from uar.demo.vendors.server import Request, Response
from uar.demo.vendors.store import Row

TITLE = "JumpCloud (demo vendor server)"
ABOUT = (
    "A stand-in for the vendor's own console, in a process of its own. What you change here "
    "is changed at the vendor by hand; what uar changes shows up here."
)
PAGE = 50


def mount(vendor: JumpCloud) -> None:
    """Let the vendor server show the page."""
    vendor.page = lambda request: _answer(vendor, request)


def _answer(vendor: JumpCloud, request: Request) -> Response:
    if not named_loopback(request):
        return Response(403)
    if request.method == "POST" and request.path in ("/add", "/remove"):
        return _change(vendor, request)
    if request.method != "GET" or request.path != "/":
        return asset(request) or Response(404)
    with vendor.store.lock:
        vendor.settle(vendor.store)
        return _Page(vendor, request).whole()


def _change(vendor: JumpCloud, request: Request) -> Response:
    if not same_origin(request):
        return Response(403)
    form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    group, person, verb = form.get("group", ""), form.get("person", ""), request.path[1:]
    change = json.dumps({"op": verb, "type": "user", "id": person}).encode()
    path = f"/api/v2/usergroups/{group}/members"
    answer = vendor.by_hand(Request("POST", path, "", {}, change))
    said = "" if answer.status == 204 else json.loads(answer.body)["message"]
    return redirect(group=group, said=said)


class _Page:
    """One rendering of the page; hold the store's lock."""

    def __init__(self, vendor: JumpCloud, request: Request) -> None:
        self.store = vendor.store
        self.people = vendor.store.table("systemusers")
        self.groups = vendor.store.table("usergroups")
        self.group = self.groups.get(request.first("group"))
        self.searching = any(name == "q" for name, _ in request.query)
        self.sought = request.first("q").strip()
        self.said = request.first("said")
        self.live = not self.searching and request.first("live") != "off"
        self.skips = {n: whole_number(request.first(n)) for n in ("groups", "members")}

    def whole(self) -> Response:
        """The page."""
        members = self._members(self.group) if self.group else self._choose()
        found = self._found() if self.searching else self._changes()
        main = self._bar() + found + self._groups() + members
        return page(TITLE, ABOUT, main, refresh_s=2 * self.live)

    def _here(self, **changes: str | int) -> str:
        own = {"group": self.group["id"] if self.group else "", "groups": self.skips["groups"]}
        kept = {**own, "members": self.skips["members"], **changes}
        return escape(link(**{name: value for name, value in kept.items() if value != 0}))

    def _bar(self) -> str:
        said = f'<p class="note" role="status">{escape(self.said)}</p>' if self.said else ""
        if not self.searching:
            off = "" if not self.live else "off"
            state = "Reloads every 2 seconds." if self.live else "Reloading is off."
            return (
                f'<section class="wide" aria-label="Tools">{said}<p class="bar">'
                f'<a href="{self._here(q=" ")}">Find a person or a group</a>'
                f'<span class="soft">{state} <a href="{self._here(live=off)}">'
                f"{'Stop' if self.live else 'Start'} reloading</a></span></p></section>"
            )
        hidden = (
            f'<input type="hidden" name="group" value="{self.group["id"]}">' if self.group else ""
        )
        return (
            f'<section class="wide" aria-label="Tools">{said}<form class="bar" action="/">{hidden}'
            '<label for="q">Find a person or a group by name, e-mail or id'
            f'<input id="q" name="q" type="search" value="{escape(self.sought)}" autofocus>'
            f'</label><button>Find</button><a href="{self._here()}">Back to reloading</a>'
            "</form></section>"
        )

    def _found(self) -> str:
        if not self.sought:
            return ""
        sought = self.sought.lower()
        people = [row for row in self.people.values() if sought in _words(row)][:PAGE]
        groups = [row for row in self.groups.values() if sought in _words(row)][:PAGE]
        rows = [
            f'<tr><td><a href="{escape(link(group=row["id"]))}">{escape(row["name"])}</a></td>'
            '<td class="soft">Group</td><td></td></tr>'
            for row in groups
        ]
        rows += [
            f'<tr><td>{escape(_name(row))} <span class="soft">{escape(row["email"])}</span></td>'
            f"<td>{self._held(row)}</td><td>{self._offer(row)}</td></tr>"
            for row in people
        ]
        shown = f"Found for “{self.sought}”, {PAGE} people and groups at most"
        body = table(shown, ["Name", "In", "<span class=hidden>Change</span>"], rows)
        return f'<section class="wide"><h2>Found</h2>{body if rows else "<p>Nobody.</p>"}</section>'

    def _held(self, person: Row) -> str:
        names = [
            f'<a href="{escape(link(group=key))}">{escape(self.groups[key]["name"])}</a>'
            for key in self.store.relation("members").back.get(person["_id"], ())
        ]
        return ", ".join(names) or "no group"

    def _offer(self, person: Row) -> str:
        if not self.group or self.store.relation("members").has(self.group["id"], person["_id"]):
            return ""
        return _button("add", self.group, person, f"Add to {self.group['name']}", "")

    def _groups(self) -> str:
        members, skip = self.store.relation("members").there, self.skips["groups"]
        ordered = sorted(self.groups.values(), key=lambda row: str(row["name"]).lower())
        rows = [
            f"<tr{' aria-current=true' if row is self.group else ''}>"
            f'<td><a href="{self._here(group=row["id"], members=0)}">{escape(row["name"])}</a>'
            f'{_rule(row)}</td><td class="n">{len(members.get(row["id"], ()))}</td></tr>'
            for row in ordered[skip : skip + PAGE]
        ]
        caption = f"{len(ordered):,} groups, by name"
        body = table(caption, ["Group", "#Members"], rows)
        pages = self._pages("groups", len(ordered))
        return f'<section class="groups"><h2>Groups</h2>{body}{pages}</section>'

    def _choose(self) -> str:
        return "<section><h2>Members</h2><p>Choose a group to see who is in it.</p></section>"

    def _members(self, group: Row) -> str:
        keys = list(self.store.relation("members").there.get(group["id"], ()))
        skip = self.skips["members"]
        rows = [self._member(group, self.people[key]) for key in keys[skip : skip + PAGE]]
        columns = ["Person", "E-mail", "State", "<span class=hidden>Change</span>"]
        body = table(f"{len(keys):,} members", columns, rows) if keys else "<p>Nobody.</p>"
        return (
            f"<section><h2>Members of {escape(group['name'])}</h2>{body}"
            f"{self._pages('members', len(keys))}"
            f'<p><a href="{self._here(q=" ")}">Add a person</a></p></section>'
        )

    def _member(self, group: Row, person: Row) -> str:
        button = _button("remove", group, person, "Remove", "quiet")
        return (
            f"<tr><td>{escape(_name(person))}</td><td>{escape(person['email'])}</td>"
            f'<td><span class="tag">{escape(person["state"].capitalize())}</span></td>'
            f"<td>{button}</td></tr>"
        )

    def _pages(self, of: str, total: int) -> str:
        return page_links(self._here, of, self.skips[of], total, PAGE)

    def _changes(self) -> str:
        latest = [line for line in reversed(self.store.history[-100:]) if _is_membership(line)]
        rows = [self._changed(line) for line in latest[:5]]
        body = table("The latest five, newest first", ["When (UTC)", "What", "By"], rows)
        shown = body if rows else "<p>Nothing has changed yet.</p>"
        return f'<section class="wide"><h2>Changes of membership</h2>{shown}</section>'

    def _changed(self, line: Row) -> str:
        person = self.people.get(line["body"].get("id"), {})
        group = self.groups.get(line["path"].split("/")[4], {})
        verb = "added to" if line["body"].get("op") == "add" else "removed from"
        refused = "" if line["effect"] == "applied" else f" (refused, {line['status']})"
        what = f"{_name(person)} {verb} {group.get('name', 'a deleted group')}{refused}"
        at = line["at"][:19].replace("T", " ")
        return f"<tr><td>{at}</td><td>{escape(what)}</td><td>{escape(line['by'])}</td></tr>"


def _button(verb: str, group: Row, person: Row, text: str, style: str) -> str:
    hidden = hidden_field("group", group["id"]) + hidden_field("person", person["_id"])
    return (
        f'<form class="row" method="post" action="/{verb}">{hidden}<button class="{style}">'
        f'{escape(text)}<span class="hidden"> {escape(_name(person))}</span></button></form>'
    )


def _rule(group: Row) -> str:
    dynamic = str(group["membershipMethod"]).startswith("DYNAMIC")
    return ' <span class="tag">set by a rule</span>' if dynamic else ""


def _is_membership(line: Row) -> bool:
    return str(line.get("path", "")).endswith("/members") and isinstance(line["body"], dict)


def _name(person: Row) -> str:
    both = f"{person.get('firstname', '')} {person.get('lastname', '')}".strip()
    return str(person.get("displayname") or both or person.get("username") or "a deleted person")


def _words(row: Row) -> str:
    names = ("_id", "id", "name", "email", "username", "displayname", "firstname", "lastname")
    return " ".join(str(row.get(name) or "") for name in names).lower()
