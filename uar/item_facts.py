"""Everything about one review item: every path and cause, earlier verdicts, what removal means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.db import AnySelect, rows
from uar.handover import HandoverRow, handovers_of
from uar.models import (
    Account,
    AppOwner,
    AuditEntry,
    Campaign,
    Connector,
    Decision,
    Entitlement,
    GrantCause,
    Identity,
    Resource,
    ReviewItem,
)
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import Cause, OrderKind, PersonStatus, Verdict
from uar.models.states import OrderState
from uar.origins import also_lost, origins
from uar.provisioning import why_by_hand
from uar.review_rows import Row
from uar.sources import sources
from uar.words import access_name

MOST = 20


@dataclass(frozen=True, slots=True)
class PathFact:
    """One way in which access is held, since when; ``ends_at`` when that way ends by itself."""

    kind: Cause
    name: str | None
    since: datetime
    ends_at: datetime | None
    href: str = ""

    @property
    def words(self) -> str:
        """Say it: "through crm-admins", "direct"."""
        return f"through {self.name}" if self.name else "direct"

    @property
    def why(self) -> str:
        """Say why there is this way."""
        return {
            Cause.STANDING: "found by a sync",
            Cause.REQUEST: "asked for, for a while",
            Cause.GROUP: f"inherited through {self.name}",
            Cause.PROFILE: "comes with an access profile",
            Cause.EMERGENCY: "emergency access",
        }[self.kind]


@dataclass(frozen=True, slots=True)
class Earlier:
    """One verdict on the same access, in this campaign or an earlier one."""

    campaign: str
    verdict: Verdict
    by: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of what happened to the item."""

    at: datetime
    words: str


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What the panel beside the queue shows, beyond the row. ``manual`` says what to do by hand."""

    description: str
    paths: tuple[PathFact, ...]
    causes: tuple[str, ...]
    decisions: tuple[Earlier, ...]
    handovers: tuple[HandoverRow, ...]
    owner: str
    email: str
    connector: str
    read_at: datetime | None
    call: str
    manual: str
    also_lost: tuple[str, ...]
    log: tuple[Line, ...]


def item_facts(session: Session, row: Row, now: datetime) -> ItemFacts:
    """Gather everything about one item. A dozen queries, whatever the campaign's size."""
    account = session.get_one(Account, row.account_id)
    entitlement = session.get_one(Entitlement, row.entitlement_id)
    connector = session.get_one(Connector, entitlement.connector_id)
    paths = tuple(rows(session, PathFact, _paths(row.grant_id)))
    read_at = None
    if row.ended_at is None:
        found = sources(session, [row.app_id], now=now, stale=timedelta(0))
        read_at = next((s.read_at for s in found if s.connector_id == connector.id), None)
    return ItemFacts(
        description=row.description,
        paths=paths,
        causes=tuple(dict.fromkeys(path.why for path in paths)),
        decisions=tuple(rows(session, Earlier, _decisions(row))),
        handovers=tuple(handovers_of(session, row.id)),
        owner=", ".join(_owners(session, row.app_id)),
        email=account.email,
        connector=connector.name,
        read_at=read_at,
        call="; ".join(_calls(session, row.grant_id)),
        manual=_by_hand(session, connector, entitlement, account, paths),
        also_lost=tuple(_also_lost(session, row)),
        log=tuple(rows(session, Line, _log(row.id))),
    )


def _by_hand(
    session: Session,
    connector: Connector,
    entitlement: Entitlement,
    account: Account,
    paths: tuple[PathFact, ...],
) -> str:
    """Say what a person would have to do; access that is only inherited goes at its source."""
    if paths and all(path.name for path in paths):
        names = ", ".join(sorted({path.name for path in paths if path.name}))
        return f"take {account.name} out of {names}, once an owner of it agrees."
    return why_by_hand(session, connector, entitlement, account, OrderKind.REVOKE)


def _also_lost(session: Session, row: Row) -> Iterator[str]:
    """Name what else hangs on the same sources; the access itself is not news."""
    itself = access_name("", row.resource, row.entitlement)
    for origin in origins(session, row.grant_id):
        for name in also_lost(session, row.account_id, origin.entitlement_id):
            if name != itself:
                yield name


def _paths(grant_id: int) -> AnySelect:
    return (
        sa.select(
            col(GrantCause.kind),
            col(Resource.name),
            col(GrantCause.began_at).label("since"),
            col(GrantCause.ends_at),
        )
        .select_from(GrantCause)
        .outerjoin(Resource, col(Resource.id) == col(GrantCause.via_id))
        .where(col(GrantCause.grant_id) == grant_id, col(GrantCause.ended_at).is_(None))
        .order_by(col(GrantCause.via_id), col(GrantCause.id))
    )


def _decisions(row: Row) -> AnySelect:
    return (
        sa.select(
            col(Campaign.name).label("campaign"),
            col(Decision.verdict),
            col(Identity.name).label("by"),
            col(Decision.at),
            col(Decision.reason),
        )
        .select_from(ReviewItem)
        .join(Decision, col(Decision.item_id) == col(ReviewItem.id))
        .join(Campaign, col(Campaign.id) == col(ReviewItem.campaign_id))
        .join(Identity, col(Identity.id) == col(Decision.by))
        .where(
            col(ReviewItem.account_id) == row.account_id,
            col(ReviewItem.entitlement_id) == row.entitlement_id,
        )
        .order_by(col(Decision.id).desc())
        .limit(MOST)
    )


def _owners(session: Session, app_id: int) -> list[str]:
    return list(
        session.scalars(
            sa.select(col(Identity.name))
            .join(AppOwner, col(AppOwner.identity_id) == col(Identity.id))
            .where(col(AppOwner.app_id) == app_id, col(Identity.status) == PersonStatus.ACTIVE)
            .order_by(col(Identity.name), col(Identity.id))
        )
    )


def _calls(session: Session, grant_id: int) -> list[str]:
    """Return the exact calls of removals that are ordered, as their orders say them."""
    return list(
        session.scalars(
            sa.select(col(Order.call))
            .where(
                col(Order.grant_id) == grant_id,
                col(Order.kind) == OrderKind.REVOKE,
                col(Order.state) != OrderState.CANCELLED,
                col(Order.call) != "",
            )
            .order_by(col(Order.id))
        )
    )


def _log(item_id: int) -> AnySelect:
    return (
        sa.select(
            col(AuditEntry.at),
            (
                col(AuditEntry.actor)
                + ": "
                + sa.func.replace(sa.func.replace(col(AuditEntry.action), ".", " "), "_", " ")
            ).label("words"),
        )
        .where(col(AuditEntry.subject) == f"review_item:{item_id}")
        .order_by(col(AuditEntry.id).desc())
        .limit(MOST)
    )
