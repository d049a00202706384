"""What a campaign would ask, before anything is frozen: counts, reviewers, what to mend."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.assignment import Ladder, Why, assign
from uar.db import rows
from uar.models import Account, App, Entitlement, Grant, Identity, Resource
from uar.models.kinds import Risk
from uar.population import Counts, Scope, Share, counts, held, joined, shares
from uar.privileged import with_own_roles
from uar.sources import Source, sources
from uar.words import access_name, n_rows

MOST_REVIEWERS = 10
PAGE = 100

WHY = {
    Why.NO_MANAGER: "their people have no manager",
    Why.MANAGER_LEFT: "their people’s manager has left",
    Why.NO_OWNER: "their app has no owner",
    Why.OWN_ACCESS: "nobody is asked about their own access",
    Why.NO_PERSON: "their accounts belong to nobody",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to mend first. ``blocks``: as it is, the campaign does not open without more."""

    words: str
    blocks: bool = False
    href: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """One reviewer and how many items she would get."""

    id: int
    name: str
    n_items: int


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One row that would be asked, of whom, and why of her where that deserves a look."""

    grant_id: int
    person: str
    department: str
    app: str
    resource: str
    entitlement: str
    risk: Risk
    reviewer: str
    why: str

    @property
    def access(self) -> str:
        """Name what is held."""
        return access_name(self.app, self.resource, self.entitlement)

    @property
    def note(self) -> str:
        """Say why it is not the rule's own person; empty when it is."""
        return WHY.get(Why(self.why), "")


@dataclass(frozen=True, slots=True)
class Preview:
    """What a campaign would ask now. ``reviewers`` are the ten with the most."""

    n_items: int
    n_people: int
    n_accounts: int
    n_unmatched: int
    n_high_risk: int
    n_reviewers: int
    reviewers: tuple[Asked, ...]
    problems: tuple[Problem, ...]
    sources: tuple[Source, ...]

    @property
    def needs_waiver(self) -> bool:
        """Say whether some source cannot be trusted (L30)."""
        return any(source.wrong for source in self.sources)


def preview(
    session: Session,
    scope: Collection[Scope],
    ladder: Ladder,
    *,
    now: datetime,
    stale: timedelta,
) -> Preview:
    """Work out what a campaign over this scope would ask now. Four queries, whatever the size."""
    scope = with_own_roles(session, tuple(scope))
    counted = counts(session, scope)
    shared = shares(session, scope, ladder)
    read = sources(session, {part.app_id for part in scope}, now=now, stale=stale)
    asked: dict[int, Asked] = {}
    for share in shared:
        if share.reviewer_id is not None:
            before = asked.get(share.reviewer_id)
            n = share.items + (before.n_items if before else 0)
            asked[share.reviewer_id] = Asked(share.reviewer_id, share.reviewer or "", n)
    most_first = sorted(asked.values(), key=lambda one: (-one.n_items, one.name, one.id))
    return Preview(
        n_items=counted.items,
        n_people=counted.people,
        n_accounts=counted.accounts,
        n_unmatched=counted.unmatched,
        n_high_risk=counted.high_risk,
        n_reviewers=len(asked),
        reviewers=tuple(most_first[:MOST_REVIEWERS]),
        problems=tuple(_problems(counted, shared, read)),
        sources=tuple(read),
    )


def preview_rows(
    session: Session,
    scope: Collection[Scope],
    ladder: Ladder,
    *,
    after: int | None = None,
    limit: int = PAGE,
) -> list[PreviewRow]:
    """List row by row what would be asked, in a stable order; ``after`` is the last grant's id."""
    holder = sa.orm.aliased(Identity)
    reviewer = sa.orm.aliased(Identity)
    found = assign(joined(holder), holder, ladder)
    statement = held(
        sa.select(
            col(Grant.id).label("grant_id"),
            sa.func.coalesce(col(holder.name), col(Account.name)).label("person"),
            sa.func.coalesce(col(holder.department), col(Account.department)).label("department"),
            col(App.name).label("app"),
            col(Resource.name).label("resource"),
            col(Entitlement.name).label("entitlement"),
            col(Entitlement.risk),
            found.reviewer_id.label("reviewer_id"),
            found.why.label("why"),
        ),
        with_own_roles(session, tuple(scope)),
        source=found.statement,
    )
    if after is not None:
        statement = statement.where(col(Grant.id) > after)
    page = statement.order_by(col(Grant.id)).limit(limit).subquery()
    named = sa.select(
        *(column for column in page.c if column.key != "reviewer_id"),
        sa.func.coalesce(col(reviewer.name), "nobody").label("reviewer"),
    ).outerjoin(reviewer, col(reviewer.id) == page.c.reviewer_id)
    return rows(session, PreviewRow, named.order_by(page.c.grant_id))


def _problems(
    counted: Counts, shared: Collection[Share], read: Collection[Source]
) -> Iterator[Problem]:
    """Name what is not as it should be, what keeps the campaign from opening first."""
    if counted.items == 0:
        yield Problem("Nothing is in scope: nobody holds anything there.", blocks=True)
    for share in shared:
        if share.reviewer_id is None:
            why = WHY.get(share.why, "")
            yield Problem(f"Nobody may decide {n_rows(share.items)}: {why}.", blocks=True)
    for source in read:
        if source.wrong:
            yield Problem(
                source.wrong,
                blocks=True,
                href=f"/connectors/{source.connector_id}",
                label="Look at the connector",
            )
    for share in sorted(shared, key=lambda each: (-each.items, each.why)):
        if share.reviewer_id is not None and share.why is not Why.RULE:
            yield Problem(f"{_fall(share.items)} to {share.reviewer}: {WHY[share.why]}.")
    if counted.unmatched:
        accounts = (
            "One account belongs"
            if counted.unmatched == 1
            else (f"{counted.unmatched} accounts belong")
        )
        yield Problem(f"{accounts} to no person.", href="/people", label="Match them")


def _fall(n: int) -> str:
    return "One row falls" if n == 1 else f"{n} rows fall"
