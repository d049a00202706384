"""The web's own rules: who is asking, who may open what, and the two doors to the database.

Every view carries ``@open_to(...)``. One without it is shut to everybody. What a
person may not open does not exist for her: the answer is 404.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from flask import Flask, current_app, flash, g, redirect, render_template, request
from sqlmodel import Session, col
from werkzeug.wrappers import Response

from uar import clock, sessions
from uar.errors import Forbidden, NotFound, UarError
from uar.models import AppOwner
from uar.models.kinds import Role
from uar.permissions import roles_of
from uar.site import Site
from uar.work import Actor, Work

View = TypeVar("View", bound=Callable[..., Any])

COOKIE = "uar_sign_in"


class NotSignedIn(UarError):
    """Nobody is signed in, and the page is for somebody."""

    status = 401


class Audience(StrEnum):
    """Who may open a view, besides people of a role."""

    PUBLIC = "public"  # nobody need be signed in
    ANYBODY = "anybody"  # any signed-in person; the view shows only what is hers
    OWNERS = "owners"  # whoever owns an app; the view shows only what she owns


PUBLIC, ANYBODY, OWNERS = Audience.PUBLIC, Audience.ANYBODY, Audience.OWNERS


@dataclass(frozen=True, slots=True)
class Me:
    """The signed-in person; ``owns`` holds the ids of the apps that she answers for."""

    id: int
    name: str
    email: str
    roles: frozenset[Role]
    sub: str = ""
    owns: frozenset[int] = frozenset()
    sign_in_id: int = 0

    @property
    def actor(self) -> Actor:
        """Return the person as the actor of a unit of work."""
        return Actor(self.name, self.id)

    def may(self, *roles: Role) -> bool:
        """Say whether she has one of these roles, or may do everything."""
        return bool(self.roles & {*roles, Role.SUPER_ADMIN})

    def may_for(self, app_id: int, *roles: Role) -> bool:
        """Say whether she owns the app, or has one of these roles."""
        return app_id in self.owns or self.may(*roles)


def open_to(*whom: Audience | Role) -> Callable[[View], View]:
    """Mark a view with who may open it; super administrators always may, if signed in.

    Write it below the route, so that the blueprint registers the marked function.
    """

    def mark(view: View) -> View:
        view.open_to = frozenset(whom)  # type: ignore[attr-defined]
        return view

    return mark


def audience_of(view: Callable[..., Any]) -> frozenset[Audience | Role]:
    """Return who may open a view; nobody when it is not marked."""
    return cast(frozenset[Audience | Role], getattr(view, "open_to", frozenset()))


def admits(view: Callable[..., Any], person: Me) -> bool:
    """Say whether a signed-in person may open a view."""
    whom = audience_of(view)
    if not whom:
        return False
    if whom & {PUBLIC, ANYBODY, *person.roles} or Role.SUPER_ADMIN in person.roles:
        return True
    return OWNERS in whom and bool(person.owns)


def site() -> Site:
    """Return the installation that this app serves."""
    return cast(Site, current_app.extensions["uar"])


def me() -> Me:
    """Return the signed-in person. Raises NotSignedIn when nobody is."""
    person = whoever()
    if person is None:
        raise NotSignedIn("Sign in first.")
    return person


def whoever() -> Me | None:
    """Return the signed-in person, or None."""
    return cast("Me | None", g.get("me"))


@contextmanager
def reading() -> Iterator[Session]:
    """Open a session that only reads; gather rows in it and render after it."""
    with site().reading() as session:
        yield session


@contextmanager
def working() -> Iterator[Work]:
    """Begin a unit of work as the signed-in person. Raises NotSignedIn when nobody is."""
    with site().working(me().actor) as work:
        sessions.note_seen(work, me().sign_in_id)
        yield work


def is_fragment() -> bool:
    """Say whether htmx asks for a part of the page rather than for all of it."""
    return request.headers.get("HX-Request-Type") == "partial"


def back(to: str, words: str = "", tone: str = "good") -> Response:
    """Go on to another page of ours (303) and say something there."""
    if words:
        flash(words, tone)
    return redirect(to, 303)


def fragment_or(to: str, template: str, *, words: str = "", **context: Any) -> Response | str:
    """Answer htmx with a fragment, and everybody else with a redirect and the same words."""
    if is_fragment():
        return render_template(template, said=words, **context)
    return back(to, words)


def install(app: Flask) -> None:
    """Put the guard before every view."""
    app.before_request(recognise)
    app.before_request(_guard)


def recognise() -> None:
    """Find out who is asking, for ``whoever``. Three queries, none without a cookie."""
    g.me = None
    token = request.cookies.get(COOKIE, "")
    if not token or request.endpoint == "static":
        return
    with reading() as session:
        found = sessions.find(session, token, clock.now())
        if found is None:
            return
        g.me = Me(
            id=found.id,
            name=found.name,
            email=found.email,
            roles=roles_of(session, found.id),
            sub=", ".join(filter(None, (found.title, found.department))),
            owns=frozenset(
                session.connection().scalars(
                    sa.select(col(AppOwner.app_id)).where(col(AppOwner.identity_id) == found.id)
                )
            ),
            sign_in_id=found.sign_in_id,
        )


def _guard() -> None:
    """Let nobody in who is not named. Unknown addresses go on to the router's own 404."""
    if request.endpoint is None or request.endpoint == "static":
        return
    view = current_app.view_functions[request.endpoint]
    if PUBLIC in audience_of(view):
        return
    person = whoever()
    if person is None:
        raise NotSignedIn("Sign in first.")
    if not audience_of(view):
        raise Forbidden("This page is open to nobody.")
    if not admits(view, person):
        raise NotFound("There is no such page, or it is not yours to see.")
