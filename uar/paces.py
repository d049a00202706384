"""How far each reviewer of a campaign is, and how fast: counted in SQL, one query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.db import AnySelect, is_sqlite, rows
from uar.models import Campaign, Decision, Identity, ReviewItem, SignOff
from uar.models.kinds import Verdict
from uar.models.states import CampaignState, ItemState

FAST_SECONDS = 3.0
"""A median pace at or under this, with nothing removed, is worth a word."""
FAST_AFTER = 10
"""Pace says nothing before this many decisions."""
PAUSE = 600
"""A gap of more seconds than this is a pause, not a decision."""


@dataclass(frozen=True, slots=True)
class ReviewerRow:
    """How far one reviewer is. ``seconds`` is the median time between two of her decisions."""

    reviewer_id: int | None
    name: str
    total: int
    done: int
    removed: int
    decisions: int
    in_bulk: int
    seconds: float | None
    last_active_at: datetime | None
    signed_at: datetime | None
    is_late: bool

    @property
    def undecided(self) -> int:
        """Return how many items she has still to decide."""
        return self.total - self.done

    @property
    def pace(self) -> str:
        """Say the pace in words; empty while there is too little to tell."""
        return "" if self.seconds is None else f"{self.seconds:.0f} s a row"

    @property
    def flag(self) -> str:
        """Say what is worth a look; empty when nothing is."""
        if self.reviewer_id is None:
            return "nobody may decide"
        hasty = self.seconds is not None and self.seconds <= FAST_SECONDS
        if self.decisions >= FAST_AFTER and hasty and not self.removed:
            return "very fast, all kept"
        if not self.decisions and self.is_late:
            return "late, nothing decided"
        return "late" if self.is_late else ""


def reviewers(session: Session, campaign: Campaign, now: datetime) -> list[ReviewerRow]:
    """Say how far each reviewer is, those with the most open work first. One query."""
    counted = (
        sa.select(
            col(ReviewItem.reviewer_id),
            sa.func.count().label("total"),
            _n(col(ReviewItem.state) != ItemState.PENDING).label("done"),
            _n(col(ReviewItem.state) == ItemState.REVOKED).label("removed"),
        )
        .where(col(ReviewItem.campaign_id) == campaign.id)
        .group_by(col(ReviewItem.reviewer_id))
        .subquery()
    )
    paces = _paces(session, campaign.id)
    open_work = counted.c.total - counted.c.done
    is_due = sa.literal(campaign.state is CampaignState.OPEN and campaign.due_at < now)
    statement: AnySelect = (
        sa.select(
            counted.c.reviewer_id,
            sa.func.coalesce(col(Identity.name), "nobody").label("name"),
            counted.c.total,
            counted.c.done,
            counted.c.removed,
            sa.func.coalesce(paces.c.decisions, 0).label("decisions"),
            sa.func.coalesce(paces.c.in_bulk, 0).label("in_bulk"),
            paces.c.seconds,
            paces.c.last_active_at,
            col(SignOff.at).label("signed_at"),
            sa.and_(is_due, col(SignOff.at).is_(None)).label("is_late"),
        )
        .outerjoin(Identity, col(Identity.id) == counted.c.reviewer_id)
        .outerjoin(paces, paces.c.by == counted.c.reviewer_id)
        .outerjoin(
            SignOff,
            sa.and_(
                col(SignOff.campaign_id) == campaign.id, col(SignOff.by) == counted.c.reviewer_id
            ),
        )
        .order_by(open_work.desc(), col(Identity.name), counted.c.reviewer_id)
    )
    return rows(session, ReviewerRow, statement)


def _paces(session: Session, campaign_id: int) -> sa.Subquery:
    """Measure each reviewer's decisions. Columns: by, decisions, in_bulk, seconds, last_active_at.

    ``seconds`` is the median gap between two single decisions, pauses left out.
    """
    made = (
        sa.select(
            col(Decision.by),
            col(Decision.at),
            col(Decision.bulk),
            sa.func.lag(col(Decision.at))
            .over(partition_by=(col(Decision.by), col(Decision.bulk)), order_by=col(Decision.id))
            .label("before"),
        )
        .join(ReviewItem, col(ReviewItem.id) == col(Decision.item_id))
        .where(col(ReviewItem.campaign_id) == campaign_id, col(Decision.verdict) != Verdict.UNDO)
        .subquery()
    )
    gap = _seconds(session, made.c.before, made.c.at)
    gaps = (
        sa.select(made.c.by, gap.label("gap"))
        .where(made.c.bulk.is_(False), made.c.before.is_not(None), gap <= PAUSE)
        .subquery()
    )
    of_one: dict[str, Any] = {"partition_by": gaps.c.by}
    placed = sa.select(
        gaps.c.by,
        gaps.c.gap,
        sa.func.row_number().over(order_by=gaps.c.gap, **of_one).label("place"),
        sa.func.count().over(**of_one).label("n"),
    ).subquery()
    medians = (
        sa.select(placed.c.by, sa.func.avg(placed.c.gap).label("seconds"))
        .where(placed.c.place * 2 >= placed.c.n, placed.c.place * 2 <= placed.c.n + 2)
        .group_by(placed.c.by)
        .subquery()
    )
    counted = (
        sa.select(
            made.c.by,
            sa.func.count().label("decisions"),
            _n(made.c.bulk).label("in_bulk"),
            sa.func.max(made.c.at).label("last_active_at"),
        )
        .group_by(made.c.by)
        .subquery()
    )
    return (
        sa.select(counted, medians.c.seconds)
        .outerjoin(medians, medians.c.by == counted.c.by)
        .subquery()
    )


def _seconds(session: Session, start: Any, end: Any) -> Any:
    """Subtract two instants; the databases say it differently."""
    if is_sqlite(session):
        return (sa.func.julianday(end) - sa.func.julianday(start)) * 86400.0
    return sa.cast(sa.extract("epoch", end - start), sa.Float)


def _n(condition: Any) -> Any:
    return sa.func.sum(sa.case((condition, 1), else_=0))
