"""The population of a campaign: what is in scope, who would review it, and its hash.

Counting and assigning are single statements whatever the size. The hash over a
frozen population can be taken again at any time, from its items.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.assignment import Ladder, Why, assign
from uar.db import is_sqlite, rows
from uar.models import (
    Account,
    App,
    Campaign,
    Entitlement,
    Grant,
    Identity,
    Resource,
    ReviewItem,
)
from uar.models.kinds import Risk
from uar.models.states import GrantState

HELD = (GrantState.ACTIVE, GrantState.ENDING, GrantState.DISPLACED)
"""States of a grant that is there to be reviewed. Out of scope is not (L9)."""
FACT = "fact"
"""The purpose of what somebody did rather than may do, in the word of `connectors.base`."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One app, and one type of resource in it; all types when ``resource_type`` is empty.

    All types leave out facts, such as completed courses: they are asked about only
    when a campaign names their type (L8).
    """

    app_id: int
    resource_type: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """What one reviewer would be asked, and why it is she. ``reviewer_id`` None: nobody may."""

    reviewer_id: int | None
    reviewer: str | None
    why: Why
    items: int
    high_risk: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How large a population is. ``unmatched`` counts accounts that belong to nobody."""

    items: int
    people: int
    accounts: int
    unmatched: int
    high_risk: int


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """How many items a campaign has, in all and from each connector, and the hash over them."""

    count: int
    hash: str
    of_connector: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Recount:
    """A population taken again from its items: whether count and hash are those frozen."""

    count: int
    hash: str
    agrees: bool


def counts(session: Session, scope: Collection[Scope]) -> Counts:
    """Count what a scope holds now. One query."""
    unmatched = sa.case((col(Account.identity_id).is_(None), col(Account.id)))
    statement = sa.select(
        sa.func.count().label("items"),
        sa.func.count(sa.distinct(col(Account.identity_id))).label("people"),
        sa.func.count(sa.distinct(col(Account.id))).label("accounts"),
        sa.func.count(sa.distinct(unmatched)).label("unmatched"),
        _n(col(Entitlement.risk) == Risk.HIGH).label("high_risk"),
    )
    return rows(session, Counts, held(statement, scope))[0]


def shares(session: Session, scope: Collection[Scope], ladder: Ladder) -> list[Share]:
    """Say how many items each reviewer would get, the most first. One query."""
    holder = sa.orm.aliased(Identity)
    reviewer = sa.orm.aliased(Identity)
    found = assign(joined(holder), holder, ladder)
    each = held(
        sa.select(
            found.reviewer_id.label("reviewer_id"),
            found.why.label("why"),
            col(Entitlement.risk).label("risk"),
        ),
        scope,
        source=found.statement,
    ).subquery()
    statement = (
        sa.select(
            each.c.reviewer_id,
            col(reviewer.name).label("reviewer"),
            each.c.why,
            sa.func.count().label("items"),
            _n(each.c.risk == Risk.HIGH).label("high_risk"),
        )
        .outerjoin(reviewer, col(reviewer.id) == each.c.reviewer_id)
        .group_by(each.c.reviewer_id, col(reviewer.name), each.c.why)
        .order_by(sa.func.count().desc(), col(reviewer.name), each.c.reviewer_id, each.c.why)
    )
    return [Share(**row | {"why": Why(row["why"])}) for row in _mappings(session, statement)]


def fingerprint(session: Session, campaign_id: int) -> Fingerprint:
    """Count and hash the items of a campaign. One query.

    The SHA-256 is over one line for each item, sorted by their bytes, each with a
    line feed. A line's parts are separated by tabs: the connector's id, the
    account's type and vendor id, the resource's type and vendor id, the
    entitlement's slug, and when the grant began (UTC, 2026-03-12 12:00:00.000000).
    """
    digest = hashlib.sha256()
    of_connector: Counter[str] = Counter()
    for line in sorted(_lines(session, campaign_id)):
        digest.update(line.encode() + b"\n")
        of_connector[line.partition("\t")[0]] += 1
    return Fingerprint(
        count=of_connector.total(),
        hash=digest.hexdigest(),
        of_connector={int(connector_id): n for connector_id, n in of_connector.items()},
    )


def recount(session: Session, campaign: Campaign) -> Recount:
    """Take a frozen population again and compare it with what was written when it was staged."""
    found = fingerprint(session, campaign.id)
    agrees = (found.count, found.hash) == (campaign.population_count, campaign.population_hash)
    return Recount(found.count, found.hash, agrees)


def _lines(session: Session, campaign_id: int) -> Iterator[str]:
    began = col(Grant.began_at)
    said: Any = sa.cast(began, sa.String)  # SQLite keeps the text that we want
    if not is_sqlite(session):
        said = sa.func.to_char(sa.func.timezone("UTC", began), "YYYY-MM-DD HH24:MI:SS.US")
    parts: list[Any] = [
        sa.cast(col(Grant.connector_id), sa.String),
        col(Account.type),
        col(Account.vendor_id),
        col(Resource.type),
        col(Resource.vendor_id),
        col(Entitlement.slug),
        said,
    ]
    line = reduce(lambda so_far, part: so_far + "\t" + part, parts)
    statement = (
        sa.select(line)
        .select_from(ReviewItem)
        .join(Grant, col(Grant.id) == col(ReviewItem.grant_id))
        .join(Account, col(Account.id) == col(Grant.account_id))
        .join(Entitlement, col(Entitlement.id) == col(Grant.entitlement_id))
        .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
        .where(col(ReviewItem.campaign_id) == campaign_id)
        .execution_options(yield_per=5000)
    )
    yield from session.connection().scalars(statement)


def joined(holder: Any) -> Any:
    """Join what one row of a population is made of; the holder may be nobody."""
    return (
        sa.join(Grant, Account, col(Account.id) == col(Grant.account_id))
        .join(Entitlement, col(Entitlement.id) == col(Grant.entitlement_id))
        .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
        .join(App, col(App.id) == col(Grant.app_id))
        .outerjoin(holder, col(holder.id) == col(Account.identity_id))
    )


def held(statement: Any, scope: Collection[Scope], *, source: Any = None) -> Any:
    """Keep of a statement what is held now and in scope."""
    whole = [part.app_id for part in scope if not part.resource_type]
    types = [part for part in scope if part.resource_type]
    return statement.select_from(
        source if source is not None else joined(sa.orm.aliased(Identity))
    ).where(
        col(Grant.state).in_(HELD),
        col(Entitlement.gone_at).is_(None),
        col(Account.gone_at).is_(None),
        sa.or_(
            sa.and_(col(Grant.app_id).in_(whole), col(Entitlement.purpose) != FACT),
            *(
                sa.and_(col(Grant.app_id) == part.app_id, col(Resource.type) == part.resource_type)
                for part in types
            ),
        ),
    )


def _n(condition: Any) -> Any:
    return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)


def _mappings(session: Session, statement: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in session.connection().execute(statement).mappings()]
