"""What a population is read from: each connector's latest read, and whether it can be trusted.

A read that is not complete, or too old, does not open a campaign by itself (L30).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.db import AnySelect, rows
from uar.models import App, CampaignSource, Connector, SyncRun
from uar.models.base import enum_type
from uar.models.kinds import Completeness
from uar.models.states import RunState
from uar.permissions import OWN_KIND

COMPLETE = (Completeness.FULL, Completeness.SCOPED)

TROUBLE: Mapping[RunState | None, str] = {
    None: "{} has never been read.",
    RunState.HELD: "The latest read of {} is held: apply or discard it first.",
    RunState.PARTIAL: "The latest read of {} is not complete.",
    RunState.FAILED: "The latest read of {} failed.",
    RunState.DISCARDED: "The latest read of {} was discarded.",
}


@dataclass(frozen=True, slots=True)
class Source:
    """One connector's latest read. ``read_at`` is when the latest complete one began.

    ``state`` is that of the latest run that is over, None when there was none;
    ``wrong`` says why the read cannot be trusted, as a sentence, or is empty.
    """

    connector_id: int
    connector: str
    app: str
    kind: str
    run_id: int | None
    state: RunState | None
    completeness: Completeness
    read_at: datetime | None
    is_stale: bool = False
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class FrozenSource:
    """The read that a campaign's population was frozen from, and how many items came of it."""

    connector_id: int
    connector: str
    app: str
    run_id: int | None
    completeness: Completeness
    read_at: datetime | None
    items: int


def distrust(
    connector: str,
    completeness: Completeness,
    read_at: datetime | None,
    now: datetime,
    stale: timedelta,
) -> str:
    """Say why a read of a connector does not open a campaign; empty when it does (L30)."""
    if completeness not in COMPLETE or read_at is None:
        return f"The population of {connector} is not complete."
    if now - read_at > stale:
        hours = int(stale.total_seconds()) // 3600
        return f"The read of {connector} is older than {hours} hours."
    return ""


def sources(
    session: Session, app_ids: Collection[int], *, now: datetime, stale: timedelta
) -> list[Source]:
    """List the connectors of these apps with their latest reads, by name. One query.

    uar's own roles live in uar itself: they are complete and read now. ``stale``
    is the age from which a read does not open a campaign.
    """
    latest, complete = sa.orm.aliased(SyncRun), sa.orm.aliased(SyncRun)
    own = col(Connector.kind) == OWN_KIND
    statement: AnySelect = (
        sa.select(
            col(Connector.id).label("connector_id"),
            col(Connector.name).label("connector"),
            col(App.name).label("app"),
            col(Connector.kind),
            col(latest.id).label("run_id"),
            sa.case((own, _literal(RunState.COMPLETE)), else_=col(latest.state)).label("state"),
            sa.case(
                (own, _literal(Completeness.FULL)),
                (col(latest.state) == RunState.COMPLETE, col(latest.completeness)),
                (col(latest.state) == RunState.PARTIAL, _literal(Completeness.PARTIAL)),
                else_=_literal(Completeness.UNKNOWN),
            ).label("completeness"),
            sa.case(
                (own, sa.literal(now, sa.inspect(SyncRun).columns.started_at.type)),
                else_=col(complete.started_at),
            ).label("read_at"),
        )
        .join(App, col(App.id) == col(Connector.app_id))
        .outerjoin(latest, col(latest.id) == _last_run(col(SyncRun.state) != RunState.RUNNING))
        .outerjoin(complete, col(complete.id) == _last_run(col(SyncRun.state) == RunState.COMPLETE))
        .where(col(Connector.app_id).in_(app_ids))
        .order_by(col(Connector.name), col(Connector.id))
    )
    return [_judged(source, now, stale) for source in rows(session, Source, statement)]


def frozen_sources(session: Session, campaign_id: int) -> list[FrozenSource]:
    """List what a campaign's population was frozen from, by name. One query."""
    return rows(
        session,
        FrozenSource,
        sa.select(
            col(CampaignSource.connector_id),
            col(Connector.name).label("connector"),
            col(App.name).label("app"),
            col(CampaignSource.run_id),
            col(CampaignSource.completeness),
            col(CampaignSource.read_at),
            col(CampaignSource.items),
        )
        .join(Connector, col(Connector.id) == col(CampaignSource.connector_id))
        .join(App, col(App.id) == col(Connector.app_id))
        .where(col(CampaignSource.campaign_id) == campaign_id)
        .order_by(col(Connector.name), col(Connector.id)),
    )


def untrusted(session: Session, campaign_id: int, *, now: datetime, stale: timedelta) -> list[str]:
    """Say which parts of a frozen population cannot be trusted now, as sentences (L30)."""
    found = frozen_sources(session, campaign_id)
    wrong = [distrust(s.connector, s.completeness, s.read_at, now, stale) for s in found]
    return [sentence for sentence in wrong if sentence]


def _judged(source: Source, now: datetime, stale: timedelta) -> Source:
    name, read_at = source.connector, source.read_at
    wrong = TROUBLE.get(source.state, "").format(name)
    wrong = wrong or distrust(name, source.completeness, read_at, now, stale)
    return replace(source, is_stale=bool(read_at and now - read_at > stale), wrong=wrong)


def _literal(member: StrEnum) -> sa.BindParameter[StrEnum]:
    return sa.literal(member, enum_type(type(member)))


def _last_run(condition: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    return (
        sa.select(sa.func.max(col(SyncRun.id)))
        .where(col(SyncRun.connector_id) == col(Connector.id), condition)
        .correlate(Connector)
        .scalar_subquery()
    )
