"""A reviewer's queue: a page of rows in order, with groups, counts, and how removals stand.

The number of queries is the same however long the queue is, and a page costs the
same in a campaign of any size: it walks one reviewer's part of one index.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.db import AnySelect
from uar.models import ReviewItem
from uar.models.kinds import Risk
from uar.models.states import ItemState
from uar.review_rows import Asked, Row, asked, read, row_columns

PAGE = 100


class Show(StrEnum):
    """Which rows of her queue a reviewer looks at."""

    UNDECIDED = "undecided"
    ALL = "all"
    KEPT = "kept"
    REMOVED = "removed"
    UNCHANGED = "unchanged"


class By(StrEnum):
    """What rows are grouped by."""

    ACCESS = "access"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Filters:
    """What a reviewer looks at: her queue's address says the same."""

    show: Show = Show.UNDECIDED
    q: str = ""
    group: By = By.ACCESS


@dataclass(frozen=True, slots=True)
class Totals:
    """How far a reviewer is. What is gone meanwhile counts as decided, not as kept or removed."""

    total: int
    decided: int
    kept: int
    removed: int
    skipped: int
    unchanged: int

    @property
    def undecided(self) -> int:
        """Return how many items wait for a decision."""
        return self.total - self.decided


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of one access or of one person; ``n`` counts those on other pages too."""

    key: str
    title: str
    sub: str
    n: int
    unit: str
    risk: Risk
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a queue. ``after`` continues it, None on the last page."""

    campaign: Asked
    totals: Totals
    groups: tuple[Group, ...]
    n_unchanged: int
    after: int | None


def queue(
    session: Session,
    campaign_id: int,
    reviewer_id: int,
    filters: Filters | None = None,
    *,
    after: int | None = None,
    limit: int = PAGE,
    now: datetime,
) -> Page:
    """Read one page of a reviewer's queue; ``after`` is the last row's id of the page before.

    Risky rows come first, then by access and person; what has not changed since
    the last review is folded away from the undecided. Six queries. Raises
    NotFound when nothing was asked of her in this campaign.
    """
    filters = filters or Filters()
    campaign = asked(session, campaign_id, reviewer_id, now)
    counted = totals(session, campaign_id, reviewer_id)
    found = read(
        session,
        _page(campaign_id, reviewer_id, filters, after).limit(limit + 1),
        campaign,
        reviewer_id,
        by_person=filters.group is By.PERSON,
    )
    more = len(found) > limit
    found = found[:limit]
    sizes = _sizes(session, campaign_id, reviewer_id, filters, found)
    return Page(
        campaign=campaign,
        totals=counted,
        groups=tuple(_groups(found, filters, sizes)),
        n_unchanged=counted.unchanged if filters.show is Show.UNDECIDED and not filters.q else 0,
        after=found[-1].id if more else None,
    )


def totals(session: Session, campaign_id: int, reviewer_id: int) -> Totals:
    """Count a reviewer's items. One query, from an index alone."""
    counted = {
        (ItemState(state), bool(unchanged)): n
        for state, unchanged, n in session.connection().execute(
            sa.select(col(ReviewItem.state), col(ReviewItem.unchanged), sa.func.count())
            .where(*_hers(campaign_id, reviewer_id))
            .group_by(col(ReviewItem.state), col(ReviewItem.unchanged))
        )
    }

    def n(*states: ItemState) -> int:
        return sum(counted.get((state, flag), 0) for state in states for flag in (True, False))

    return Totals(
        total=n(*ItemState),
        decided=n(*ItemState) - n(ItemState.PENDING),
        kept=n(ItemState.CERTIFIED),
        removed=n(ItemState.REVOKED),
        skipped=n(ItemState.SKIPPED, ItemState.VOID),
        unchanged=counted.get((ItemState.PENDING, True), 0),
    )


def unchanged(session: Session, campaign_id: int, reviewer_id: int, now: datetime) -> list[Row]:
    """List her undecided rows that have not changed since they were last kept, in order."""
    campaign = asked(session, campaign_id, reviewer_id, now)
    statement = row_columns().where(
        *_hers(campaign_id, reviewer_id),
        col(ReviewItem.state) == ItemState.PENDING,
        col(ReviewItem.unchanged).is_(True),
    )
    found = read(session, statement.order_by(col(ReviewItem.rank)), campaign, reviewer_id)
    return [row for row in found if row.can_decide and row.risk is not Risk.HIGH]


def chosen(
    session: Session, campaign: Asked, reviewer_id: int, item_ids: Collection[int]
) -> list[Row]:
    """List those of her undecided rows, in order; what is not hers is not among them."""
    statement = row_columns().where(
        *_hers(campaign.id, reviewer_id),
        col(ReviewItem.state) == ItemState.PENDING,
        col(ReviewItem.id).in_(item_ids),
    )
    return read(session, statement.order_by(col(ReviewItem.rank)), campaign, reviewer_id)


def removed(session: Session, campaign_id: int, reviewer_id: int, now: datetime) -> list[Row]:
    """List the first hundred rows that she wants removed, in order."""
    campaign = asked(session, campaign_id, reviewer_id, now)
    statement = _page(campaign_id, reviewer_id, Filters(Show.REMOVED), None).limit(PAGE)
    return read(session, statement, campaign, reviewer_id)


def _page(campaign_id: int, reviewer_id: int, filters: Filters, after: int | None) -> AnySelect:
    order = _order(filters)
    statement = row_columns().where(*_hers(campaign_id, reviewer_id), *_chosen(filters))
    if after is not None:
        last = sa.inspect(ReviewItem).local_table.alias("last")
        bound = (
            sa.select(*(last.c[column.key] for column in order))
            .where(
                last.c.id == after,
                last.c.campaign_id == campaign_id,
                last.c.reviewer_id == reviewer_id,
            )
            .scalar_subquery()
        )
        statement = statement.where(sa.tuple_(*order) > bound)
    return statement.order_by(*order)


def _order(filters: Filters) -> list[Any]:
    """Sort by a key that ends unique; where one state is shown the index has it ready."""
    ranked: list[Any] = [col(ReviewItem.rank), col(ReviewItem.id)]
    if filters.group is By.PERSON:
        return [col(ReviewItem.person), col(ReviewItem.account_id), *ranked]
    if filters.show is Show.UNDECIDED:
        return ranked
    return [col(ReviewItem.unchanged), *ranked]


def _chosen(filters: Filters) -> list[sa.ColumnElement[bool]]:
    conditions: dict[Show, list[sa.ColumnElement[bool]]] = {
        Show.UNDECIDED: [
            col(ReviewItem.state) == ItemState.PENDING,
            col(ReviewItem.unchanged).is_(False),
        ],
        Show.KEPT: [col(ReviewItem.state) == ItemState.CERTIFIED],
        Show.REMOVED: [col(ReviewItem.state) == ItemState.REVOKED],
        Show.UNCHANGED: [col(ReviewItem.unchanged).is_(True)],
        Show.ALL: [],
    }
    chosen = list(conditions[filters.show])
    if filters.q:
        if filters.show is Show.UNDECIDED:
            chosen = chosen[:1]  # whoever searches looks among what is folded away, too
        chosen.append(
            sa.or_(
                *(
                    column.icontains(filters.q, autoescape=True)
                    for column in (
                        col(ReviewItem.person),
                        col(ReviewItem.department),
                        col(ReviewItem.app),
                        col(ReviewItem.resource),
                        col(ReviewItem.entitlement),
                        col(ReviewItem.account),
                    )
                )
            )
        )
    return chosen


def _hers(campaign_id: int, reviewer_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        col(ReviewItem.campaign_id) == campaign_id,
        col(ReviewItem.reviewer_id) == reviewer_id,
    )


def _sizes(
    session: Session, campaign_id: int, reviewer_id: int, filters: Filters, found: Sequence[Row]
) -> dict[int, int]:
    """Count the rows of the groups on this page, on all pages."""
    column = col(ReviewItem.entitlement_id)
    if filters.group is By.PERSON:
        column = col(ReviewItem.account_id)
    counted = session.connection().execute(
        sa.select(column, sa.func.count())
        .where(
            *_hers(campaign_id, reviewer_id),
            *_chosen(filters),
            column.in_(sorted({row.group_id for row in found})),
        )
        .group_by(column)
    )
    return {int(of): int(n) for of, n in counted}


def _groups(found: Sequence[Row], filters: Filters, sizes: dict[int, int]) -> list[Group]:
    groups = []
    for group_id, together in groupby(found, key=lambda row: row.group_id):
        of = tuple(together)
        first = of[0]
        by_person = filters.group is By.PERSON
        groups.append(
            Group(
                key=first.group,
                title=first.person if by_person else first.access,
                sub=", ".join(filter(None, (first.person_title, first.department)))
                if by_person
                else first.description,
                n=sizes.get(group_id, len(of)),
                unit="access" if by_person else "person",
                risk=Risk.LOW if by_person else first.risk,
                rows=of,
            )
        )
    return groups
