"""The start page: what waits for me, and which of my access ends soon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, render_template

from uar import clock
from uar.held_by import held_by
from uar.waiting import Waiting, waiting
from uar.web import ANYBODY, me, open_to, reading
from uar.web.filters import plural

blueprint = Blueprint("home", __name__)

SOON = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Duty:
    """One thing to do: what, how much of it, and where."""

    words: str
    href: str
    verb: str


@blueprint.get("/")
@open_to(ANYBODY)
def index() -> str:
    """Show what waits for the signed-in person. Two queries."""
    now = clock.now()
    with reading() as session:
        counts = waiting(session, me().id, me().roles)
        held = held_by(session, me().id)
    ending = sorted(
        (row for row in held if row.ends_at is not None and row.ends_at < now + SOON),
        key=lambda row: (row.ends_at, row.grant_id),
    )
    return render_template(
        "home/index.html",
        duties=duties(counts),
        ending=ending,
        n_held=sum(not row.is_plain for row in held),
    )


def duties(counts: Waiting) -> list[Duty]:
    """Say in words what waits, the most urgent first."""
    said = (
        (counts.incidents, "alarm|alarms", "to look at", "/incidents", "Look"),
        (counts.reviews, "review|reviews", "to finish", "/reviews", "Review"),
        (counts.approvals, "request|requests", "to answer", "/requests", "Answer"),
        (counts.connectors, "connector|connectors", "held or in trouble", "/connectors", "Look"),
        (counts.orders, "change|changes", "that a person must see to", "/orders", "See to it"),
    )
    return [
        Duty(f"{plural(count, *noun.split('|'))} {rest}", href, verb)
        for count, noun, rest, href, verb in said
        if count
    ]
