"""The rules of the house that can be checked by reading it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from jinja2 import nodes

from app import create_app
from tests.web.client import SECRET_KEY
from uar.models import states
from uar.models.states import MOVES
from uar.settings import Settings
from uar.site import Site
from uar.vault import Vault
from uar.web import PUBLIC, audience_of
from uar.web.menu import MENU

ROOT = Path(__file__).parent.parent
TEMPLATES = ROOT / "templates"
ROUTES = Path(__file__).with_name("routes.txt")

LONGEST_FILE = 300

UNLISTED = {
    "/": "the name at the left of the menu",
    "/healthz": "for machines",
    "/sign-in": "before there is a menu",
    "/mailbox": "in the banner of the demo",
    "/connectors/new": "the button on the connectors' page",
    "/audit/verification": "the button on the record's page",
    "/campaigns/new": "the button on the campaigns' page",
    "/campaigns/preview": "a part of the form for a new campaign",
}
"""Pages without parameters that the menu does not name, and how one gets there."""


NEVER_EMPTY = {
    "reviews/item.html": "one item",
    "requests/show.html": "one request",
}
"""Pages with a table of exactly one thing."""


@pytest.fixture(scope="module")
def app() -> Flask:
    return any_app()


def any_app() -> Flask:
    settings = Settings(secret_key=SECRET_KEY)
    return create_app(Site(sa.create_engine("sqlite://"), settings, Vault(settings.keys())))


def sources(*folders: str) -> Iterator[tuple[str, str]]:
    for folder in folders:
        for file in sorted((ROOT / folder).rglob("*.py")):
            if "migrations/versions" not in file.as_posix():
                yield file.relative_to(ROOT).as_posix(), file.read_text()


def templates() -> list[Path]:
    return sorted(TEMPLATES.rglob("*.html"))


def routes(app: Flask) -> list[str]:
    lines = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint != "static":
            whom = sorted(audience_of(app.view_functions[rule.endpoint]))
            methods = ",".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
            lines.append(f"{rule.rule}  {methods}  {' '.join(whom)}")
    return sorted(lines)


def test_only_one_file_commits() -> None:
    found = [
        name
        for name, text in sources("uar", "connectors")
        if re.search(r"\bcommit\(", text) and not name.startswith("uar/demo/vendors/")
    ]

    assert found == []  # work.py begins with a context manager, which commits by itself


def test_no_state_changes_but_through_the_one_door() -> None:
    written = re.compile(r"\.state\s*=[^=]|\.values\([^)]*\bstate=")

    found = [name for name, text in sources("uar") if written.search(text)]

    assert found == ["uar/lifecycle.py"]


def test_every_state_has_its_moves_and_they_stay_within_it() -> None:
    enums = {
        member
        for member in vars(states).values()
        if isinstance(member, type) and issubclass(member, StrEnum) and member is not StrEnum
    }

    assert set(MOVES) == enums
    for kind, moves in MOVES.items():
        assert set(moves) == set(kind), kind.__name__
        assert {to for reached in moves.values() for to in reached} <= set(kind), kind.__name__


def test_no_file_is_long() -> None:
    files = [ROOT / "app.py", *(ROOT / name for name, _ in sources("uar", "connectors"))]

    long = {
        file.relative_to(ROOT).as_posix(): count
        for file in [*files, *templates(), ROOT / "static" / "app.js"]
        if (count := len(file.read_text().splitlines())) > LONGEST_FILE
    }

    assert long == {}


def test_every_module_is_on_the_map_once() -> None:
    import uar

    there = {p.stem if p.suffix else p.name for p in (ROOT / "uar").iterdir()}
    there -= {"__init__", "__pycache__"}
    named = re.findall(r"^    (\w+)  ", uar.__doc__ or "", re.MULTILINE)

    assert sorted(named) == sorted(there)


def test_every_route_says_who_may_open_it(app: Flask) -> None:
    unmarked = [
        name
        for name, view in app.view_functions.items()
        if name != "static" and not audience_of(view)
    ]

    assert unmarked == []


def test_only_these_routes_need_nobody(app: Flask) -> None:
    public = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if PUBLIC in audience_of(app.view_functions[rule.endpoint])
    }

    assert public == {"/healthz", "/sign-in", "/mailbox"}


def test_routes_and_who_may_open_them_are_as_listed(app: Flask) -> None:
    """A change here changes what is open to whom: look twice, then `python -m tests.test_house`."""
    assert ROUTES.read_text().splitlines() == routes(app)


def test_every_page_is_in_the_menu_or_its_way_is_told(app: Flask) -> None:
    pages = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or set()) and not rule.arguments
    }
    listed = {href for _, items in MENU for _, href, _ in items}

    assert listed <= pages
    assert pages - listed == set(UNLISTED)


def test_a_route_that_changes_something_is_posted_to(app: Flask) -> None:
    methods = {method for rule in app.url_map.iter_rules() for method in rule.methods or ()}

    assert methods <= {"GET", "HEAD", "OPTIONS", "POST"}


@pytest.mark.parametrize(
    "file", templates(), ids=lambda file: file.relative_to(TEMPLATES).as_posix()
)
def test_a_template_keeps_the_rules(app: Flask, file: Path) -> None:
    name, text = file.relative_to(TEMPLATES).as_posix(), file.read_text()
    parsed = app.jinja_env.parse(text)

    extends = [node.template.as_const() for node in parsed.find_all(nodes.Extends)]
    is_part = file.name.startswith("_") or name == "layout.html" or name.startswith("macros/")
    assert extends == ([] if is_part else ["layout.html"])
    for imported in parsed.find_all(nodes.FromImport):
        for item in imported.names:
            alias = item if isinstance(item, str) else item[1]
            uses = [node.name for node in parsed.find_all(nodes.Name) if node.name == alias]
            assert uses, f"{name} imports {alias} and does not use it"
    assert "| safe" not in text
    assert "|safe" not in text
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", text)
    assert not re.search(r"<script(?![^>]* src=)", text)


@pytest.mark.parametrize(
    "file", templates(), ids=lambda file: file.relative_to(TEMPLATES).as_posix()
)
def test_every_table_has_a_caption_and_words_for_emptiness(app: Flask, file: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", file.read_text(), flags=re.DOTALL)
    parsed = app.jinja_env.parse(text)

    assert text.count("<table") == text.count("<caption")
    name = file.relative_to(TEMPLATES).as_posix()
    if "<table" in text and not name.startswith("macros/") and name not in NEVER_EMPTY:
        assert "empty(" in text
    for call in parsed.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "list_table":
            names = {argument.key for argument in call.kwargs}
            assert call.args, "a table without a caption"
            assert "empty" in names


def test_every_page_is_rendered_by_some_view_and_every_view_renders_one() -> None:
    rendered = {
        found
        for _, text in sources("uar/web")
        for found in re.findall(r'"([a-z_]+(?:/[a-z_]+)?\.html)"', text)
    }
    pages = {
        file.relative_to(TEMPLATES).as_posix()
        for file in templates()
        if not file.name.startswith("_") and not file.is_relative_to(TEMPLATES / "macros")
    }

    assert sorted(pages - rendered) == ["layout.html"]
    assert sorted(name for name in rendered if not (TEMPLATES / name).exists()) == []


PAPERS = ("paper", "paper-2", "paper-3")
TEXT_PAIRS = [
    *((ink, paper) for ink in ("ink", "ink-2", "ink-3") for paper in PAPERS),
    ("accent", "paper"),
    ("accent", "paper-2"),
    ("on-accent", "accent"),
    ("ink", "accent-soft"),
    *((tone, f"{tone}-soft") for tone in ("good", "bad", "warn", "info")),
    *((tone, "paper") for tone in ("good", "bad", "warn", "info")),
    *(("ink", f"{tone}-soft") for tone in ("good", "bad", "warn", "info")),
]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS, ids=lambda name: name)
def test_text_can_be_read(text: str, ground: str, dark: bool) -> None:
    tokens = colours()

    assert contrast(tokens[text][dark], tokens[ground][dark]) >= 4.5


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "paper-2"])
def test_the_edge_of_a_control_can_be_seen(ground: str, dark: bool) -> None:
    tokens = colours()

    assert contrast(tokens["line-strong"][dark], tokens[ground][dark]) >= 3


def test_only_tokens_hold_colours() -> None:
    sheet = (ROOT / "static" / "app.css").read_text()
    _, _, rest = sheet.partition("@layer base {")
    screen, _, _ = rest.partition("@media print")

    assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?![^{]*\{)", screen) == []


def colours() -> dict[str, tuple[str, str]]:
    """Return each colour token as (light, dark)."""
    sheet = (ROOT / "static" / "app.css").read_text()
    found = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", sheet)
    assert len(found) > 15
    return {name: (light, dark) for name, light, dark in found}


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour such as #1f4fd1."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


if __name__ == "__main__":
    ROUTES.write_text("\n".join(routes(any_app())) + "\n")
