"""Incidents: what should not have happened, until somebody has looked at it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.db import AnySelect, rows
from uar.errors import Invalid, NotFound, Refused
from uar.lifecycle import move
from uar.models import Account, App, AppOwner, Campaign, Entitlement, Identity, Incident, Resource
from uar.models.kinds import IncidentKind, PersonStatus, Role
from uar.models.states import IncidentState
from uar.notifications import tell
from uar.permissions import holders
from uar.words import access_name
from uar.work import Work


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """One incident as a page shows it."""

    id: int
    kind: IncidentKind
    state: IncidentState
    sentence: str
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str
    closed_why: str
    app_id: int
    app: str
    account: str
    entitlement: str
    resource: str
    grant_id: int | None
    campaign_id: int | None
    campaign: str | None

    @property
    def access(self) -> str:
        """Name what it is about: "JumpCloud · crm-admins · Member"."""
        return access_name(self.app, self.resource, self.entitlement)


def incidents(
    session: Session,
    *,
    incident_id: int | None = None,
    app_ids: Collection[int] | None = None,
    app_id: int | None = None,
    campaign_id: int | None = None,
    state: IncidentState | None = IncidentState.OPEN,
    limit: int = 200,
) -> list[IncidentRow]:
    """List incidents, newest first; all states when ``state`` is None. One query.

    ``app_ids`` keeps to some apps, none of them when it is empty.
    """
    statement: AnySelect = (
        sa.select(
            col(Incident.id),
            col(Incident.kind),
            col(Incident.state),
            col(Incident.sentence),
            col(Incident.opened_at),
            col(Incident.closed_at),
            col(Incident.closed_by),
            col(Incident.closed_why),
            col(Incident.app_id),
            col(App.name).label("app"),
            col(Account.name).label("account"),
            col(Entitlement.name).label("entitlement"),
            col(Resource.name).label("resource"),
            col(Incident.grant_id),
            col(Incident.campaign_id),
            col(Campaign.name).label("campaign"),
        )
        .join(App, col(App.id) == col(Incident.app_id))
        .join(Account, col(Account.id) == col(Incident.account_id))
        .join(Entitlement, col(Entitlement.id) == col(Incident.entitlement_id))
        .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
        .outerjoin(Campaign, col(Campaign.id) == col(Incident.campaign_id))
        .order_by(col(Incident.id).desc())
        .limit(limit)
    )
    if incident_id is not None:
        statement = statement.where(col(Incident.id) == incident_id)
    if app_ids is not None:
        statement = statement.where(col(Incident.app_id).in_(app_ids))
    if app_id is not None:
        statement = statement.where(col(Incident.app_id) == app_id)
    if campaign_id is not None:
        statement = statement.where(col(Incident.campaign_id) == campaign_id)
    if state is not None:
        statement = statement.where(col(Incident.state) == state)
    return rows(session, IncidentRow, statement)


def open_incident(
    work: Work,
    kind: IncidentKind,
    *,
    app_id: int,
    account_id: int,
    entitlement_id: int,
    sentence: str,
    grant_id: int | None = None,
    campaign_id: int | None = None,
) -> Incident:
    """Raise an alarm and tell the app's owners, and the campaign's owner where there is one.

    Where nobody is left but the account's holder, whoever looks after connectors is
    told too, else super administrators (L22).
    An open incident of the same kind about the same access is returned instead.
    """
    session = work.session
    found = session.scalars(
        sa.select(Incident).where(
            col(Incident.kind) == kind,
            col(Incident.account_id) == account_id,
            col(Incident.entitlement_id) == entitlement_id,
            col(Incident.state) == IncidentState.OPEN,
        )
    ).one_or_none()
    if found is not None:
        return found
    incident = Incident(
        kind=kind,
        app_id=app_id,
        account_id=account_id,
        entitlement_id=entitlement_id,
        grant_id=grant_id,
        campaign_id=campaign_id,
        sentence=sentence,
        opened_at=work.now,
    )
    session.add(incident)
    session.flush()
    work.record("incident.opened", f"incident:{incident.id}", details={"sentence": sentence})
    what = sentence.partition(". ")[0].removesuffix(".")  # the rest is in the mail itself
    for identity_id in sorted(_whom(session, incident)):
        tell(work, identity_id, "incident", f"Alarm: {what}", sentence, f"/incidents/{incident.id}")
    return incident


def close(work: Work, incident_id: int, why: str) -> None:
    """Close an incident with the reason why nothing more is to be done.

    Raises Invalid without a reason, NotFound, Conflict when it is closed already, and
    Refused to whoever holds the account (L20).
    """
    if not why.strip():
        raise Invalid("Say why nothing more is to be done.", {"reason": "Say why."})
    incident = work.session.get(Incident, incident_id)
    subject = f"incident:{incident_id}"
    if incident is None:
        raise NotFound("There is no such incident.", subject=subject)
    holder = work.session.get_one(Account, incident.account_id).identity_id
    if work.actor.id is not None and holder == work.actor.id:
        raise Refused(
            "This alarm is about your own access: somebody else must look at it.", subject=subject
        )
    _close(work, incident, why)


def settled(work: Work, account_id: int, entitlement_id: int, why: str) -> None:
    """Close what was worrying about a change that is done, or not wanted any more."""
    found = work.session.scalars(
        sa.select(Incident).where(
            col(Incident.account_id) == account_id,
            col(Incident.entitlement_id) == entitlement_id,
            col(Incident.state) == IncidentState.OPEN,
            col(Incident.kind).in_((IncidentKind.OVERDUE, IncidentKind.UNPROVEN)),
        )
    ).all()
    for incident in found:
        _close(work, incident, why)


def _whom(session: Session, incident: Incident) -> set[int]:
    """Return who is told of an incident."""
    asked = sa.or_(
        sa.exists().where(
            col(AppOwner.identity_id) == col(Identity.id), col(AppOwner.app_id) == incident.app_id
        ),
        sa.exists().where(
            col(Campaign.owner_id) == col(Identity.id), col(Campaign.id) == incident.campaign_id
        ),
    )
    to = set(
        session.connection().scalars(
            sa.select(col(Identity.id)).where(col(Identity.status) == PersonStatus.ACTIVE, asked)
        )
    )
    if not to - {session.get_one(Account, incident.account_id).identity_id}:
        to |= set(holders(session, Role.CONNECTOR_ADMIN) or holders(session, Role.SUPER_ADMIN))
    return to


def _close(work: Work, incident: Incident, why: str) -> None:
    move(
        work,
        incident,
        IncidentState.CLOSED,
        reason=why,
        closed_at=work.now,
        closed_by=work.actor.name,
        closed_why=why,
    )
