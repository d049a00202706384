"""A browser for tests: it signs in as one of the cast and checks every page that it opens.

    page = browser.as_(world.rita).get("/reviews")
    page.rows("Access to review")[0]            # the texts of the first row's cells
    page = browser.submit(page.form("/orders/7/cancellation"), reason="a mistake")

Every page must have one h1, a title that repeats it, a label for each control,
a caption for each table, nothing inline that the content security policy
forbids, and the policy itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, template_rendered
from flask.testing import FlaskClient
from sqlmodel import SQLModel
from werkzeug.test import TestResponse

from app import create_app
from tests.web.parsed import Node, tree
from tests.world import Person, World
from uar import sessions
from uar.settings import Settings
from uar.site import Site
from uar.vault import Vault
from uar.web import COOKIE

SECRET_KEY = "a key for tests only, long enough to seal with"
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


def site_of(world: World, **settings: Any) -> Site:
    """Return an installation around the world's database."""
    chosen = Settings(**({"secret_key": SECRET_KEY} | settings))
    return Site(world.engine, chosen, Vault(chosen.keys()))


@dataclass
class Form:
    """A form of a page: where it goes, and what it would send as it stands."""

    action: str
    method: str
    fields: dict[str, Any]
    node: Node


class Fragment:
    """A part of a page, as htmx gets it."""

    def __init__(self, response: TestResponse) -> None:
        """Parse the answer and check what holds for every piece of HTML of ours."""
        self.response = response
        self.status = response.status_code
        self.html = response.text
        self.root = tree(self.html)
        _check_nothing_inline(self.root)
        _check_ids(self.root)

    @property
    def text(self) -> str:
        """Return all that one sees."""
        return self.root.text

    def tables(self) -> dict[str, Node]:
        """Return the tables by their captions."""
        return {table.first("caption").spoken: table for table in self.root.all("table")}

    def rows(self, caption: str) -> list[list[str]]:
        """Return the body cells' texts of the table whose caption begins so; none when empty."""
        found = [node for words, node in self.tables().items() if words.startswith(caption)]
        if not found:
            headings = [node.spoken for node in self.root.all("h2")]
            assert any(words.startswith(caption) for words in headings), (
                f"no table {caption!r} among {list(self.tables())}"
            )
            return []
        body = [row for row in found[0].all("tr") if row.within("tbody")]
        return [[cell.text for cell in row.all("td", "th")] for row in body]

    def forms(self) -> list[str]:
        """Return where the forms go."""
        return [node.get("action") for node in self.root.all("form")]

    def form(self, action: str) -> Form:
        """Return the form that goes there, with what its controls hold."""
        nodes = [node for node in self.root.all("form") if node.get("action") == action]
        assert nodes, f"no form to {action} among {self.forms()}"
        return Form(action, nodes[0].get("method", "get"), _held(nodes[0]), nodes[0])

    def links(self) -> dict[str, str]:
        """Return where the links go, by what they say."""
        return {node.text: node["href"] for node in self.root.all("a") if node.get("href")}

    def said(self) -> list[str]:
        """Return the messages at the top of the page."""
        return [node.text for node in self.root.all("p") if node.get("class") == "note"]

    def problems(self) -> list[str]:
        """Return the problems that the summary of a form names."""
        boxes = self.root.all("div", class_="problems")
        return [item.text for box in boxes for item in box.all("li")]


class Page(Fragment):
    """A whole page."""

    def __init__(self, response: TestResponse) -> None:
        """Parse the answer and check what holds for every page."""
        super().__init__(response)
        headings = self.root.all("h1")
        assert len(headings) == 1, f"{len(headings)} h1 on the page"
        self.h1 = headings[0].text
        assert self.h1
        self.title = self.root.first("title").text
        assert self.title == f"{self.h1} · uar"
        assert self.root.first("html")["lang"] == "en"
        assert self.root.all("main", id="main")
        _check_policy(response)
        _check_labels(self.root)
        _check_tables(self.root)
        _check_names(self.root)


class Browser:
    """A browser in which nobody is signed in, until ``as_`` makes one for a person."""

    def __init__(self, site: Site, app: Flask | None = None) -> None:
        """Open one on an installation."""
        self.site = site
        self.app = app or create_app(site)
        self.client: FlaskClient = self.app.test_client()
        template_rendered.connect(_check_context, self.app)
        self._signed_in: dict[int, Browser] = {}

    def as_(self, person: Person) -> Browser:
        """Return the browser in which this person is signed in."""
        if person.id not in self._signed_in:
            with self.site.working() as work:
                token = sessions.begin(work, person.id)
            other = Browser(self.site, self.app)
            other.client.set_cookie(COOKIE, token)
            self._signed_in[person.id] = other
        return self._signed_in[person.id]

    def get(self, path: str, *, status: int = 200) -> Page:
        """Open a page."""
        response = self.client.get(path)
        _expect(response, status)
        return Page(response)

    def fragment(self, path: str, *, status: int = 200) -> Fragment:
        """Ask for a part of a page, as htmx does."""
        headers = {"HX-Request": "true", "HX-Request-Type": "partial"}
        response = self.client.get(path, headers=headers)
        _expect(response, status)
        return Fragment(response)

    def post(self, path: str, status: int = 200, **data: Any) -> Page:
        """Send a form; a redirect is followed, and ``status`` is of the page where it ends."""
        response = self.send(path, **data)
        if response.status_code == 303:
            where = urlsplit(response.headers["Location"])
            response = self.client.get(where._replace(scheme="", netloc="").geturl())
        _expect(response, status)
        return Page(response)

    def post_fragment(self, path: str, status: int = 200, **data: Any) -> Fragment:
        """Send a form as htmx does, for a part of the page."""
        response = self.send(path, {"HX-Request": "true", "HX-Request-Type": "partial"}, **data)
        _expect(response, status)
        return Fragment(response)

    def send(self, path: str, headers: dict[str, str] | None = None, **data: Any) -> TestResponse:
        """Send a form and return the bare answer."""
        return self.client.post(path, data=data, headers=SAME_ORIGIN | (headers or {}))

    def submit(self, form: Form, status: int = 200, **data: Any) -> Page:
        """Send a page's form as it stands, with some of its fields changed."""
        assert form.method == "post"
        unknown = set(data) - {node.get("name") for node in form.node.walk()}
        assert not unknown, f"the form has no {unknown}"
        return self.post(form.action, status, **(form.fields | data))


def _check_context(_app: Flask, context: dict[str, Any], **_rest: Any) -> None:
    """Fail when a table model reaches a template: it could load, and it could be changed."""
    for name, value in context.items():
        values = value if isinstance(value, list | tuple) else [value]
        assert not any(isinstance(each, SQLModel) for each in values), f"{name} is a table row"


def _expect(response: TestResponse, status: int) -> None:
    if response.status_code != status:
        words = tree(response.text).text if response.mimetype == "text/html" else response.text
        where = response.headers.get("Location", "")
        raise AssertionError(f"{response.status_code} instead of {status}: {where} {words[:800]}")


def _held(form: Node) -> dict[str, Any]:
    held: dict[str, Any] = {}
    for node in form.all("input", "select", "textarea"):
        name, kind = node.get("name"), node.get("type", "text")
        if not name or "disabled" in node.attrs:
            continue
        if node.tag == "textarea":
            held[name] = "".join(text for text in node.children if isinstance(text, str))
        elif node.tag == "select":
            options = node.all("option")
            chosen = [option for option in options if "selected" in option.attrs] or options[:1]
            held[name] = chosen[0].get("value", chosen[0].text) if chosen else ""
        elif kind in ("checkbox", "radio"):
            if "checked" in node.attrs:
                held.setdefault(name, []).append(node.get("value", "on"))
        else:
            held[name] = node.get("value")
    return held


def _check_policy(response: TestResponse) -> None:
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"


def _check_nothing_inline(root: Node) -> None:
    for node in root.walk():
        assert node.tag != "style", "an inline style sheet"
        assert node.tag != "script" or (node.get("src") and not node.children), "inline script"
        for name, value in node.attrs.items():
            assert name != "style", f"an inline style on <{node.tag}>"
            assert not name.startswith("on"), f"an inline handler on <{node.tag}>"
            assert not value.strip().lower().startswith("javascript:"), value
    assert "Undefined" not in root.text


def _check_ids(root: Node) -> None:
    ids = [node["id"] for node in root.walk() if node.get("id")]
    assert len(ids) == len(set(ids)), sorted(each for each in ids if ids.count(each) > 1)


def _check_labels(root: Node) -> None:
    labelled = {node.get("for") for node in root.all("label")}
    ids = {node.get("id") for node in root.walk()}
    for node in root.all("input", "select", "textarea"):
        if node.get("type") == "hidden":
            continue
        label = node.within("label")
        named = (
            node.get("aria-label")
            or node.get("id") in labelled
            or (label is not None and label.spoken)
        )
        assert named, f"no label for {node.tag} {node.attrs}"
        for described_by in node.get("aria-describedby").split():
            assert described_by in ids, f"nothing has the id {described_by}"


def _check_tables(root: Node) -> None:
    for table in root.all("table"):
        captions = table.all("caption")
        assert len(captions) == 1, "a table without a caption"
        assert captions[0].spoken, "an empty caption"
        assert table.all("thead"), f"no headings in {captions[0].spoken!r}"
        for heading in table.all("th"):
            assert heading.get("scope"), f"a heading without scope in {captions[0].spoken!r}"


def _check_names(root: Node) -> None:
    for node in root.all("a", "button"):
        if "hidden" in node.attrs:
            continue  # nobody meets it: it only keeps Enter from pressing the first button
        assert node.spoken or node.get("aria-label"), (
            f"a {node.tag} that says nothing: {node.attrs}"
        )
    for form in root.all("form"):
        assert form.get("method", "get") in ("get", "post", "dialog")
