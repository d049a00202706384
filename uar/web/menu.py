"""The menu: three words, below them what this person may open, with what waits for her."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import current_app, request
from werkzeug.exceptions import HTTPException

from uar.waiting import Waiting, waiting
from uar.web import Me, admits, reading, whoever


@dataclass(frozen=True, slots=True)
class Item:
    """One page of the menu."""

    label: str
    href: str
    count: int
    current: bool


@dataclass(frozen=True, slots=True)
class Group:
    """One of the three words in the header."""

    title: str
    items: tuple[Item, ...]


MENU = (
    ("Review", (("My reviews", "/reviews", "reviews"), ("Campaigns", "/campaigns", ""))),
    ("Request", (("Access", "/access", ""), ("Approvals", "/requests", "approvals"))),
    (
        "Admin",
        (
            ("Apps", "/apps", ""),
            ("People", "/people", ""),
            ("Connectors", "/connectors", "connectors"),
            ("Changes", "/orders", "orders"),
            ("Alarms", "/incidents", "incidents"),
            ("Audit", "/audit", ""),
        ),
    ),
)


def menu(person: Me | None) -> list[Group]:
    """Return the menu of a person; empty when nobody is signed in. One query."""
    if person is None:
        return []
    with reading() as session:
        counts = waiting(session, person.id, person.roles)
    groups = [Group(title, _items(person, pages, counts)) for title, pages in MENU]
    return [group for group in groups if group.items]


def opens(href: str) -> bool:
    """Say whether whoever is signed in may open a page, so that nothing links to a 404."""
    person = whoever()
    return person is not None and _may_open(person, href)


def _items(person: Me, pages: Sequence[tuple[str, str, str]], counts: Waiting) -> tuple[Item, ...]:
    return tuple(
        Item(label, href, getattr(counts, count) if count else 0, _is_current(href))
        for label, href, count in pages
        if _may_open(person, href)
    )


def _may_open(person: Me, href: str) -> bool:
    try:
        endpoint, _ = current_app.url_map.bind("").match(href)
    except HTTPException:
        return False
    return admits(current_app.view_functions[endpoint], person)


def _is_current(href: str) -> bool:
    return request.path == href or request.path.startswith(href + "/")
