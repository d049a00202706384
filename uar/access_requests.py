"""Access requests from their approval to their end: carried out, taken back, lapsed.

They are filed in :mod:`uar.filing` and decided in :mod:`uar.approvals`. Orders
for vendors are written here, and only here, for requests; what becomes of an
order is told back by ``granted``, ``already_held`` and ``failed``.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import col

from uar import provisioning
from uar.catalogue import can_hold
from uar.errors import NotFound, Refused
from uar.grants import extend, holds
from uar.holdings import How, holding
from uar.lifecycle import may_move, move, move_all
from uar.models import AccessRequest, Account, ApprovalStep, Entitlement, Identity
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import OrderKind, OrderReason, PersonStatus
from uar.models.states import GrantState, OrderState, RequestState, StepState
from uar.naming import full_name
from uar.notifications import tell
from uar.site import Site
from uar.words import duration, moment
from uar.work import Work

log = logging.getLogger(__name__)

BATCH = 100
UNDECIDED = (StepState.ASKED, StepState.WAITING)


def carry_out(work: Work, request: AccessRequest) -> bool:
    """Turn an approved request into an order, or into more time; say whether that was possible.

    It is not while a removal of the same access is on its way: the request then
    waits for the proof (L19) and ``order_due`` comes back to it. An extension
    runs from the end that it extends, and never reaches further than the longest
    duration from now. A request whose person or access is gone meanwhile fails.
    """
    trouble = why_not_any_more(work, request)
    if trouble:
        failed(work, request.id, trouble)
        return True
    _hold_still(work, request)
    held = holding(work.session, request.account_id, request.entitlement_id, work.now)
    if held.how is How.LEAVING:
        return False
    if held.how is How.RUNNING:
        assert held.grant_id is not None
        assert held.ends_at is not None
        ends_at = _new_end(work, request, held.ends_at)
        extend(work, held.grant_id, request.id, ends_at)
        granted(work, request.id, held.grant_id, ends_at)
        return True
    return _order(work, request)


def order_due(site: Site) -> int:
    """Carry out approved requests that waited for a removal, up to a hundred; return how many.

    A request whose order was called off fails, so that none is approved for ever.
    """
    with site.reading() as session:
        done = sa.exists().where(
            col(Order.request_id) == col(AccessRequest.id), col(Order.state) != OrderState.CANCELLED
        )
        blocked = sa.exists().where(
            col(Order.account_id) == col(AccessRequest.account_id),
            col(Order.entitlement_id) == col(AccessRequest.entitlement_id),
            col(Order.kind) == OrderKind.REVOKE,
            col(Order.state).not_in(provisioning.SETTLED),
        )
        due = session.scalars(
            sa.select(col(AccessRequest.id))
            .where(col(AccessRequest.state) == RequestState.APPROVED, ~done, ~blocked)
            .order_by(col(AccessRequest.id))
            .limit(BATCH)
        ).all()
    return sum(_try_to_carry_out(site, request_id) for request_id in due)


def cancel(work: Work, request_id: int) -> None:
    """Take one's own request back, while it waits or its order can still be called off.

    Raises NotFound for anybody but who asked, Conflict when it is decided or on
    its way to the vendor.
    """
    request = work.session.get(AccessRequest, request_id)
    mine = request is not None and work.actor.id in (request.requester_id, request.subject_id)
    if request is None or work.actor.id is None or not mine:
        raise NotFound("There is no such request.", subject=f"access_request:{request_id}")
    why = f"{work.actor.name} took the request back"
    # An order is locked before its request, here as in delivery: no deadlock. Only
    # when there is none yet, the request is held so that none is written meanwhile.
    if (order := _order_of(work, request_id)) is None:
        work.session.refresh(request, with_for_update=True)
        order = _order_of(work, request_id)
    if order is not None and request.state is RequestState.APPROVED:
        provisioning.cancel(work, order.id, reason=why)
    move(work, request, RequestState.CANCELLED, reason=why, settled_at=work.now, outcome=why + ".")
    drop_steps(work, [request.id])


def lapse_due(site: Site) -> int:
    """Close requests that nobody answered in time, up to a hundred; return how many."""
    with site.working() as work:
        due = work.session.scalars(
            sa.select(AccessRequest)
            .where(
                col(AccessRequest.state) == RequestState.WAITING,
                col(AccessRequest.lapses_at) <= work.now,
            )
            .order_by(col(AccessRequest.lapses_at), col(AccessRequest.id))
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        ).all()
        outcome = "Nobody answered in time."
        moved = set(
            move_all(
                work,
                AccessRequest,
                [request.id for request in due],
                before=RequestState.WAITING,
                to=RequestState.LAPSED,
                settled_at=work.now,
                outcome=outcome,
            )
        )
        drop_steps(work, sorted(moved))
        for request in due:
            if request.id in moved:
                tell_requester(work, request, "lapsed", outcome + " You can ask again.")
        return len(moved)


def granted(work: Work, request_id: int, grant_id: int, ends_at: datetime) -> None:
    """Close a request because a read showed the access; tell the exact end (L4)."""
    request = work.session.get_one(AccessRequest, request_id)
    end = moment(ends_at, work.settings.zone)
    still = "now " if request.is_extension else ""
    if _settle(work, request, RequestState.GRANTED, f"Until {end}.", grant=grant_id):
        body = f"The access works. It {still}ends on {end}.\nGive it back earlier if you can."
        tell_requester(work, request, "granted", body)


def already_held(work: Work, request_id: int) -> None:
    """Close a request because the account held the access before our call (L3): no end is set."""
    request = work.session.get_one(AccessRequest, request_id)
    sentence = "The account held it already: nothing was changed, and uar set no end."
    if _settle(work, request, RequestState.ALREADY_HELD, sentence):
        tell_requester(work, request, "already held", sentence)


def failed(work: Work, request_id: int, why: str) -> None:
    """Close an approved request that could not be carried out; ``why`` is a sentence."""
    request = work.session.get_one(AccessRequest, request_id)
    if _settle(work, request, RequestState.FAILED, why):
        tell_requester(work, request, "failed", why)


def why_not_any_more(work: Work, request: AccessRequest) -> str:
    """Say why an approved request must not be carried out any more (L27); empty when it may."""
    person = work.session.get_one(Identity, request.subject_id)
    if person.status is not PersonStatus.ACTIVE:
        return f"{person.name} does not work here any more."
    entitlement = work.session.get_one(Entitlement, request.entitlement_id)
    if entitlement.gone_at is not None:
        return f"“{full_name(work.session, entitlement.id)}” does not exist any more."
    account = work.session.scalars(
        sa.select(Account).where(
            col(Account.id) == request.account_id,
            col(Account.identity_id) == request.subject_id,
            can_hold(),
        )
    ).one_or_none()
    return "" if account else "The account that was to get it cannot hold it any more."


def drop_steps(work: Work, request_ids: list[int]) -> None:
    """Close the steps that nobody has to decide any more."""
    for state in UNDECIDED:
        ids = work.session.scalars(
            sa.select(col(ApprovalStep.id)).where(
                col(ApprovalStep.request_id).in_(request_ids), col(ApprovalStep.state) == state
            )
        ).all()
        move_all(work, ApprovalStep, ids, before=state, to=StepState.DROPPED)


def tell_requester(work: Work, request: AccessRequest, outcome: str, body: str) -> None:
    """Tell whoever asked, and whose access it is, what became of a request."""
    what = f"{full_name(work.session, request.entitlement_id)}: {outcome}"
    for identity_id in sorted({request.requester_id, request.subject_id}):
        kind = "request_" + outcome.replace(" ", "_")
        tell(work, identity_id, kind, what, body, f"/requests/{request.id}")


def _try_to_carry_out(site: Site, request_id: int) -> int:
    try:
        return _carry_out_one(site, request_id)
    except Exception:  # one that fails must not hold up the others
        log.exception("access_request:%d failed and is tried again", request_id)
        return 0


def _carry_out_one(site: Site, request_id: int) -> int:
    with site.working() as work:
        request = work.session.get_one(AccessRequest, request_id, with_for_update=True)
        if request.state is not RequestState.APPROVED:
            return 0
        order = _order_of(work, request_id)
        if order is None:
            return int(carry_out(work, request))
        if order.state is not OrderState.CANCELLED:
            return 0
        failed(work, request_id, "The change was called off before it was made.")
        return 1


def _order_of(work: Work, request_id: int) -> Order | None:
    """Return the newest order that a request led to."""
    return work.session.scalars(
        sa.select(Order).where(col(Order.request_id) == request_id).order_by(col(Order.id).desc())
    ).first()


def _order(work: Work, request: AccessRequest) -> bool:
    older = provisioning.unsettled(
        work.session, request.account_id, request.entitlement_id, OrderKind.GRANT
    )
    if older is not None and older.request_id != request.id:
        # An order that failed an earlier request must not stand in for this one.
        if older.state not in provisioning.CANCELLABLE:
            return False
        provisioning.cancel(work, older.id, reason=f"asked for again in request {request.id}")
    try:
        order = provisioning.order(
            work,
            OrderKind.GRANT,
            account_id=request.account_id,
            entitlement_id=request.entitlement_id,
            reason=OrderReason.REQUEST,
            request_id=request.id,
        )
    except Refused as error:
        failed(work, request.id, error.sentence)
        return True
    how = " A person will carry it out by hand." if order.state is OrderState.MANUAL else ""
    time = f" The {duration(request.granted_minutes)} begin when the access works."
    tell_requester(work, request, "approved", "It was approved." + how + time)
    return True


def _new_end(work: Work, request: AccessRequest, ends_at: datetime) -> datetime:
    entitlement = work.session.get_one(Entitlement, request.entitlement_id)
    furthest = work.now + timedelta(minutes=entitlement.max_minutes)
    return max(ends_at, min(ends_at + timedelta(minutes=request.granted_minutes), furthest))


def _hold_still(work: Work, request: AccessRequest) -> None:
    """Lock the open grant, so that it is not ended while it is extended."""
    grant = holds(work.session, request.account_id, request.entitlement_id)
    if grant is not None and grant.state is GrantState.ACTIVE:
        work.session.refresh(grant, with_for_update=True)


def _settle(
    work: Work,
    request: AccessRequest,
    to: RequestState,
    sentence: str,
    *,
    grant: int | None = None,
) -> bool:
    """Close a request; say whether that is news. One that is closed already keeps its state.

    The latter happens when an order that failed its request is sent again by hand
    and then works: the person must still learn of it.
    """
    if request.state is to:
        return False
    details = {"grant": grant} if grant is not None else {}
    if may_move(request.state, to):
        move(work, request, to, details=details, settled_at=work.now, outcome=sentence)
        return True
    request.outcome = sentence
    work.session.add(request)
    work.record(
        "access_request.overtaken",
        f"access_request:{request.id}",
        reason=sentence,
        details={"is": request.state.value, "would_be": to.value, **details},
    )
    return True
