"""Filing: asking for access for a while.

A request is refused when nobody could decide it (L22), when it would change
nothing (L3), and when it is asked already. Its steps are frozen here; who may
take them is looked up again when they are taken.
"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from uar.catalogue import NOBODY, OPEN, can_hold, on_offer
from uar.errors import Invalid, NotFound, Refused
from uar.exclusive import replaced_names
from uar.holdings import Holding, How, holding, one_of_mine
from uar.models import AccessRequest, Account, App, ApprovalStep, Entitlement, Identity, Resource
from uar.models.kinds import PersonStatus
from uar.models.states import StepState
from uar.naming import full_name
from uar.notifications import tell
from uar.permissions import own_account
from uar.policies import Deciders, authority, steps_for
from uar.words import duration, either
from uar.work import Work

SHORTEST_REASON = 5
MORE = "More time: "


def file(work: Work, entitlement_id: int, minutes: int, reason: str) -> AccessRequest:
    """Ask for an entitlement for oneself, for a number of minutes; the deciders are told.

    Asking for what one holds for a while asks for more time. Raises NotFound for
    what is not offered, Invalid for a length or a reason that will not do, and
    Refused, with where to go on, when a request would be pointless or undecidable.
    """
    person = _person(work)
    entitlement = _entitlement(work, entitlement_id)
    _insist_on_sense(entitlement, minutes, reason)
    _refuse_twice(work, person.id, entitlement_id)
    account = _account(work, person, entitlement)
    held = _insist_on_need(work, account, entitlement)
    plan = authority(work.session, [person.id], [entitlement.app_id]).plan(
        entitlement.approval,
        entitlement.risk,
        app_id=entitlement.app_id,
        subject_id=person.id,
        requester_id=person.id,
    )
    if not all(step.people for step in plan):
        raise Refused(NOBODY, subject=f"entitlement:{entitlement_id}")
    request = AccessRequest(
        requester_id=person.id,
        subject_id=person.id,
        entitlement_id=entitlement_id,
        account_id=account.id,
        minutes=minutes,
        granted_minutes=minutes,
        reason=reason.strip(),
        is_extension=held.how is How.RUNNING,
        filed_at=work.now,
        lapses_at=work.now + timedelta(days=work.settings.lapse_days),
        shown=_shown(work, entitlement, account, plan),
    )
    _insert(work, request)
    _add_steps(work, request, entitlement)
    _record(work, request, plan)
    tell_deciders(work, request, plan[0], step=1, steps=len(plan))
    return request


def file_extension(work: Work, grant_id: int, minutes: int, reason: str = "") -> AccessRequest:
    """Ask for more of what one holds for a while; without a reason, the last one counts on.

    Raises NotFound when it is not the asker's, and what ``file`` raises.
    """
    held = one_of_mine(work.session, work.actor.id or 0, grant_id, work.now)
    why = reason.strip() or MORE + held.reason.removeprefix(MORE)
    return file(work, held.entitlement_id, minutes, why)


def tell_deciders(
    work: Work, request: AccessRequest, deciders: Deciders, *, step: int, steps: int, note: str = ""
) -> None:
    """Tell those who may decide a step: who asks, for what, how long, why, and how risky.

    ``note`` is a sentence of its own, such as who passed the step on to them.
    """
    person = work.session.get_one(Identity, request.subject_id)
    entitlement = work.session.get_one(Entitlement, request.entitlement_id)
    what = full_name(work.session, request.entitlement_id)
    more = " more" if request.is_extension else ""
    time = f"{duration(request.granted_minutes)}{more}"
    lines = [
        f"{person.name} asks for {what} for {time}.",
        f"Why: “{request.reason}”",
        f"Risk: {entitlement.risk.value}.",
    ]
    replaces = replaced_names(work.session, [request.id]).get(request.id)
    if replaces:
        lines.append(f"While it lasts it replaces {replaces}.")
    if steps > 1:
        lines.append(f"This is step {step} of {steps}.")
    if note:
        lines.append(note)
    if deciders.fallback:
        lines.append(f"You are asked as {deciders.fallback}.")
    for decider in deciders.people:
        tell(
            work,
            decider.id,
            "request_asked",
            f"{person.name} asks for {what} for {time}",
            "\n".join(lines),
            f"/requests/{request.id}",
        )


def _person(work: Work) -> Identity:
    person = work.session.get(Identity, work.actor.id) if work.actor.id is not None else None
    if person is None:
        raise Refused("Only a person can ask for access.")
    if person.status is not PersonStatus.ACTIVE:
        raise Refused(
            "You are not active in the directory. Ask your manager to have that changed first.",
            subject=f"identity:{person.id}",
        )
    return person


def _entitlement(work: Work, entitlement_id: int) -> Entitlement:
    found = work.session.scalars(
        sa.select(Entitlement)
        .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
        .join(App, col(App.id) == col(Entitlement.app_id))
        .where(col(Entitlement.id) == entitlement_id, on_offer())
    ).one_or_none()
    if found is not None:
        return found
    subject = f"entitlement:{entitlement_id}"
    hidden = work.session.get(Entitlement, entitlement_id)
    if hidden is not None and hidden.requestable and hidden.fixed_why:
        raise Refused(hidden.fixed_why, subject=subject)
    raise NotFound("There is no such access that you can ask for.", subject=subject)


def _insist_on_sense(entitlement: Entitlement, minutes: int, reason: str) -> None:
    problems = {}
    if minutes < 1:
        problems["minutes"] = "Say for how long: a minute at least."
    if minutes > entitlement.max_minutes:
        problems["minutes"] = f"The longest is {duration(entitlement.max_minutes)}."
    if len(reason.strip()) < SHORTEST_REASON:
        problems["reason"] = "Say in a few words what you need it for."
    if problems:
        raise Invalid("This request cannot be filed as it is.", problems)


def _refuse_twice(work: Work, subject_id: int, entitlement_id: int) -> None:
    open_id = work.session.scalars(
        sa.select(col(AccessRequest.id)).where(
            col(AccessRequest.subject_id) == subject_id,
            col(AccessRequest.entitlement_id) == entitlement_id,
            col(AccessRequest.state).in_(OPEN),
        )
    ).one_or_none()
    if open_id is not None:
        raise Refused(
            "You have asked for this already, and that request is still open.",
            subject=f"access_request:{open_id}",
            see=f"/requests/{open_id}",
        )


def _account(work: Work, person: Identity, entitlement: Entitlement) -> Account:
    app = work.session.get_one(App, entitlement.app_id)
    if app.is_own:
        own_account(work, person)
    found = work.session.scalars(
        sa.select(Account)
        .where(
            col(Account.connector_id) == entitlement.connector_id,
            col(Account.identity_id) == person.id,
            can_hold(),
        )
        .order_by(col(Account.id))
    ).first()
    if found is not None:
        return found
    owners = authority(work.session, [person.id], [app.id]).owners.get(app.id, ())
    whom = either([owner.name for owner in owners]) if owners else "a super administrator"
    raise Refused(
        f"You have no account in {app.name} that could hold this. Ask {whom} for one first.",
        subject=f"entitlement:{entitlement.id}",
    )


def _insist_on_need(work: Work, account: Account, entitlement: Entitlement) -> Holding:
    """Refuse what changes nothing (L3); what is for a while, or leaving, may be asked for."""
    held = holding(work.session, account.id, entitlement.id, work.now)
    if held.how is How.LASTING:
        through = f" through {held.via}" if held.via else ""
        raise Refused(
            f"You already hold it{through}, with no end.",
            subject=f"grants:{held.grant_id}",
            see="/access",
        )
    return held


def _shown(
    work: Work, entitlement: Entitlement, account: Account, plan: list[Deciders]
) -> dict[str, str]:
    """Keep what the requester was shown before asking (L29)."""
    return {
        "access": full_name(work.session, entitlement.id),
        "account": account.name,
        "risk": entitlement.risk.value,
        "longest": duration(entitlement.max_minutes),
        "decides": ", then ".join(step.words for step in plan),
    }


def _insert(work: Work, request: AccessRequest) -> None:
    """Insert the request, or find that somebody's other click was faster (the index decides)."""
    try:
        with work.session.begin_nested():
            work.session.add(request)
            work.session.flush()
    except IntegrityError:
        _refuse_twice(work, request.subject_id, request.entitlement_id)
        raise


def _add_steps(work: Work, request: AccessRequest, entitlement: Entitlement) -> None:
    for position, kind in enumerate(steps_for(entitlement.approval), start=1):
        state = StepState.ASKED if position == 1 else StepState.WAITING
        work.session.add(
            ApprovalStep(request_id=request.id, position=position, kind=kind, state=state)
        )
    work.session.flush()


def _record(work: Work, request: AccessRequest, plan: list[Deciders]) -> None:
    work.record(
        "access_request.filed",
        f"access_request:{request.id}",
        reason=request.reason,
        details={
            "entitlement": request.entitlement_id,
            "account": request.account_id,
            "minutes": request.minutes,
            "is_extension": request.is_extension,
            "decides": [step.words for step in plan],
        },
    )
