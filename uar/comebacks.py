"""Access that comes back after we had ended it (L18).

The alarm names the decision that ended it. We do not fight the vendor's
administrators: after one removal at most by itself, an owner of the app decides.
"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.errors import Conflict, Invalid, NotFound, Refused
from uar.grants import remove
from uar.incidents import close, open_incident
from uar.models import Account, Campaign, Decision, Grant, Identity, Incident
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import IncidentKind, OrderReason
from uar.models.states import GrantState, IncidentState
from uar.naming import full_name
from uar.provisioning import may_consent
from uar.work import Work

FIGHT_BACK = timedelta(hours=1)
"""How long after a timely end one automatic second removal is allowed (L18)."""


def seen_again(work: Work, grant: Grant) -> None:
    """Raise the alarm about access that came back after we had ended it (L18).

    The incident names the decision that ended it. What ended by time is removed
    once more, once, if it came back within an hour; otherwise the app's owner
    decides. Nothing happens when our own call did not end it.
    """
    # One that had come back itself and went again without us says nothing new.
    last = work.session.scalars(
        sa.select(Grant)
        .where(
            col(Grant.account_id) == grant.account_id,
            col(Grant.entitlement_id) == grant.entitlement_id,
            col(Grant.ended_at).is_not(None),
            sa.or_(col(Grant.ended_order_id).is_not(None), ~col(Grant.reappeared)),
            col(Grant.id) != grant.id,
        )
        .order_by(col(Grant.id).desc())
    ).first()
    if last is None or last.ended_order_id is None or last.ended_at is None:
        return
    removal = work.session.get_one(Order, last.ended_order_id)
    grant.reappeared = True
    work.session.add(grant)
    incident = open_incident(
        work,
        IncidentKind.REAPPEARED,
        app_id=grant.app_id,
        account_id=grant.account_id,
        entitlement_id=grant.entitlement_id,
        grant_id=grant.id,
        campaign_id=removal.campaign_id,
        sentence=_came_back(work, last, removal),
    )
    timely = removal.reason is OrderReason.EXPIRY and not last.reappeared
    if timely and work.now - last.ended_at <= FIGHT_BACK:
        why = f"incident {incident.id}: it came back within an hour of its end"
        try:
            remove(work, grant.id, reason=OrderReason.REAPPEARED, why=why)
        except Refused as error:  # where it comes from is not read yet: the alarm has to do
            work.record("grant.removal_refused", f"grants:{grant.id}", reason=error.sentence)


def may_remove_again(session: Session, incident: Incident, identity_id: int | None) -> bool:
    """Say whether a person may have access that came back removed again, now.

    That is an owner of the app or a super administrator who is not its holder (L20),
    while the alarm is open and no removal is on its way.
    """
    grant = session.get(Grant, incident.grant_id) if incident.grant_id else None
    return (
        incident.kind is IncidentKind.REAPPEARED
        and incident.state is IncidentState.OPEN
        and grant is not None
        and grant.state is GrantState.ACTIVE
        and session.get_one(Account, grant.account_id).identity_id != identity_id
        and may_consent(session, identity_id, incident.app_id)
    )


def remove_again(work: Work, incident_id: int, why: str) -> list[Order]:
    """Order the removal of access that came back, and close the alarm: it was looked at.

    The removal leaves after the time for second thoughts (L17). Raises Invalid without
    a reason, NotFound, Conflict when there is nothing left to remove or a removal is on
    its way, and Refused to whoever may not decide that.
    """
    if not why.strip():
        raise Invalid("Say why it is removed again.", {"reason": "Say why it is removed again."})
    subject = f"incident:{incident_id}"
    incident = work.session.get(Incident, incident_id, with_for_update=True)
    if incident is None or incident.grant_id is None:
        raise NotFound("There is no such alarm.", subject=subject)
    grant = work.session.get_one(Grant, incident.grant_id)
    if incident.state is IncidentState.CLOSED or grant.state is not GrantState.ACTIVE:
        raise Conflict("It is gone, or its removal is ordered already.", subject=subject)
    if not may_remove_again(work.session, incident, work.actor.id):
        raise Refused("An owner of the app who does not hold it decides this.", subject=subject)
    close(work, incident_id, f"Removed again: {why.strip()}")
    return remove(
        work,
        grant.id,
        reason=OrderReason.REAPPEARED,
        why=why.strip(),
        not_before=work.now + timedelta(seconds=work.settings.undo_seconds),
    )


def _came_back(work: Work, last: Grant, removal: Order) -> str:
    account = work.session.get_one(Account, last.account_id)
    assert last.ended_at is not None
    on = last.ended_at.astimezone(work.settings.zone).strftime("%d %b %Y")
    what = f"{account.name} has “{full_name(work.session, last.entitlement_id)}” again."
    if removal.campaign_id is None:
        given_back = removal.reason is OrderReason.GIVEN_BACK
        why = "it was given back" if given_back else "its time was over"
        return f"{what} It had been removed on {on} because {why}."
    campaign = work.session.get_one(Campaign, removal.campaign_id)
    by = work.session.scalars(
        sa.select(col(Identity.name))
        .join(Decision, col(Decision.by) == col(Identity.id))
        .where(col(Decision.item_id) == removal.item_id)
        .order_by(col(Decision.id).desc())
    ).first()
    decider = f" as {by} had decided" if by else ""
    return f"{what} It had been removed on {on}{decider} in the campaign “{campaign.name}”."
