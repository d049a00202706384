"""Peers: who works together, and who of them holds the same access. Reading only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.db import rows
from uar.models import Account, Grant, GrantCause, Identity
from uar.models.kinds import PersonStatus


@dataclass(frozen=True, slots=True)
class Team:
    """How many colleagues a person has, without herself, and what they are called together.

    ``name`` reads after a number: "on your team", "in Sales"; empty without colleagues.
    """

    size: int
    name: str


@dataclass(frozen=True, slots=True)
class Holders:
    """How many people hold an entitlement now; and whether the asker does, until when.

    ``mine_lasting`` counts the asker's reasons without an end.
    """

    entitlement_id: int
    team: int
    all: int
    mine: int
    mine_lasting: int
    mine_until: datetime | None


def team_of(session: Session, me: Identity) -> Team:
    """Count a person's colleagues. One query."""
    size = session.connection().scalar(
        sa.select(sa.func.count(col(Identity.id))).where(_colleague(me))
    )
    if not size:
        return Team(0, "")
    return Team(size, "on your team" if me.manager_id is not None else f"in {me.department}")


def holders_of(
    session: Session, me: Identity, entitlement_ids: Sequence[int]
) -> dict[int, Holders]:
    """Count who holds these entitlements, by entitlement. One query."""
    mine = col(Identity.id) == me.id
    holder = col(Identity.id)
    found = rows(
        session,
        Holders,
        sa.select(
            col(Grant.entitlement_id),
            sa.func.count(sa.distinct(sa.case((_colleague(me), holder)))).label("team"),
            sa.func.count(sa.distinct(holder)).label("all"),
            sa.func.count(sa.distinct(sa.case((mine, holder)))).label("mine"),
            sa.func.sum(
                sa.case((sa.and_(mine, col(GrantCause.ends_at).is_(None)), 1), else_=0)
            ).label("mine_lasting"),
            sa.func.max(sa.case((mine, col(GrantCause.ends_at)))).label("mine_until"),
        )
        .join(Account, col(Account.id) == col(Grant.account_id))
        .join(Identity, col(Identity.id) == col(Account.identity_id))
        .outerjoin(
            GrantCause,
            sa.and_(col(GrantCause.grant_id) == col(Grant.id), col(GrantCause.ended_at).is_(None)),
        )
        .where(col(Grant.entitlement_id).in_(entitlement_ids), col(Grant.ended_at).is_(None))
        .group_by(col(Grant.entitlement_id)),
    )
    return {row.entitlement_id: row for row in found}


def _colleague(me: Identity) -> sa.ColumnElement[bool]:
    """Return the SQL condition for a colleague: the same manager, else the same department."""
    if me.manager_id is not None:
        same: sa.ColumnElement[bool] = col(Identity.manager_id) == me.manager_id
    elif me.department:
        same = col(Identity.department) == me.department
    else:
        same = sa.false()
    return sa.and_(same, col(Identity.id) != me.id, col(Identity.status) == PersonStatus.ACTIVE)
