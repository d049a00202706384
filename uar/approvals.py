"""Approvals: deciding one step of an access request.

Authority is looked up at the moment of deciding (L27). Nobody decides about
their own access or their own request, in any role (L20, L21).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import col

from uar.access_requests import carry_out, drop_steps, tell_requester
from uar.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from uar.filing import tell_deciders
from uar.lifecycle import move
from uar.models import AccessRequest, ApprovalStep
from uar.models.states import RequestState, StepState
from uar.policies import Deciders, approvers, needs_distinct_people
from uar.request_records import visible
from uar.request_rows import RequestRow, excluded
from uar.words import ago, duration
from uar.work import Work


class Answer(StrEnum):
    """What a decider says to a request."""

    APPROVE = "approve"
    DENY = "deny"


OUTCOME = {Answer.APPROVE: StepState.APPROVED, Answer.DENY: StepState.DENIED}


def decide(
    work: Work,
    request_id: int,
    answer: Answer,
    *,
    minutes: int | None = None,
    reason: str = "",
    step: int | None = None,
) -> None:
    """Take the step of a request that is asked now.

    ``minutes`` may shorten the time, never lengthen it. ``step`` is the position
    that the decider saw; another one is a Conflict. After the last approval the
    change is ordered, or an extension is in force at once.

    Raises NotFound for strangers, Refused for one's own request, Forbidden for
    whoever may see it and not decide, Conflict when somebody was faster, Invalid
    for a longer time or a denial without a reason.
    """
    request, row = hold(work, request_id)
    me = work.actor.id or 0
    if _is_double_click(row, me, answer, step):
        return
    asked = step_in_turn(work, row, step)
    if answer is Answer.DENY:
        _deny(work, request, asked, row, reason)
    else:
        _approve(work, request, asked, row, _shortened(row, minutes), reason)


def hold(work: Work, request_id: int) -> tuple[AccessRequest, RequestRow]:
    """Lock a request that the actor may see and that is not her own. Raises NotFound, Refused."""
    request = work.session.get(AccessRequest, request_id, with_for_update=True)
    subject = f"access_request:{request_id}"
    if request is None or work.actor.id is None:
        raise NotFound("There is no such request.", subject=subject)
    row = visible(work.session, request_id, work.actor.id)
    if work.actor.id in (request.subject_id, request.requester_id):
        raise Refused("Nobody decides about their own request.", subject=subject)
    return request, row


def step_in_turn(work: Work, row: RequestRow, step: int | None) -> ApprovalStep:
    """Return the step that is asked now, for the actor, whose turn it is.

    ``step`` is the position that she saw. Raises Conflict when somebody was faster,
    Forbidden when it is not hers to take.
    """
    _insist_on_open(work, row, step)
    if not row.may_decide(work.actor.id or 0):
        raise _not_yours(row, work.actor.id or 0)
    return _step(work, row.request_id, row.position)


def _is_double_click(row: RequestRow, me: int, answer: Answer, step: int | None) -> bool:
    """Say whether this person has just said the same to this step."""
    if row.may_decide(me) and step in (None, row.position):
        return False
    return any(
        taken.by_id == me and taken.state is OUTCOME[answer] and step in (None, taken.position)
        for taken in row.earlier
    )


def _insist_on_open(work: Work, row: RequestRow, step: int | None) -> None:
    """Raise Conflict, naming who was faster, when the step seen is not the one asked now."""
    if row.state is RequestState.WAITING and step in (None, row.position):
        return
    subject = f"access_request:{row.request_id}"
    if row.earlier and row.state not in (RequestState.CANCELLED, RequestState.LAPSED):
        last = row.earlier[-1]
        said = "denied" if last.state is StepState.DENIED else "approved"
        raise Conflict(f"{last.by} {said} this {ago(last.at, work.now)}.", subject=subject)
    raise Conflict(row.outcome or f"This is already {row.state.value}.", subject=subject)


def _not_yours(row: RequestRow, me: int) -> Forbidden:
    subject = f"access_request:{row.request_id}"
    if any(taken.by_id == me for taken in row.earlier):
        return Forbidden(
            "You took an earlier step: at high risk somebody else takes the next.", subject=subject
        )
    names = row.deciders.words if row.deciders else "nobody"
    return Forbidden(f"This is for {names} to decide.", subject=subject)


def _shortened(row: RequestRow, minutes: int | None) -> int:
    if minutes is None:
        return row.granted_minutes
    if not 1 <= minutes <= row.granted_minutes:
        longest = duration(row.granted_minutes)
        sentence = f"Approve between a minute and {longest}: time is shortened, never lengthened."
        raise Invalid(sentence, {"minutes": sentence})
    return minutes


def _deny(
    work: Work, request: AccessRequest, asked: ApprovalStep, row: RequestRow, reason: str
) -> None:
    reason = reason.strip()
    if not reason:
        raise Invalid("Say why you deny it.", {"reason": "Say why you deny it."})
    _take(work, asked, row, StepState.DENIED, reason)
    outcome = f"{work.actor.name} denied it: {reason}"
    move(
        work,
        request,
        RequestState.DENIED,
        reason=reason,
        settled_at=work.now,
        outcome=outcome,
    )
    drop_steps(work, [request.id])
    tell_requester(work, request, "denied", outcome)


def _approve(
    work: Work,
    request: AccessRequest,
    asked: ApprovalStep,
    row: RequestRow,
    minutes: int,
    reason: str,
) -> None:
    _take(work, asked, row, StepState.APPROVED, reason.strip(), minutes=minutes)
    request.granted_minutes = minutes
    for step in _steps_after(work, request.id, asked.position):
        move(work, step, StepState.ASKED, details={"request": request.id})
        deciders = _deciders(work, request, step, row)
        if not _counts_for(work, row, deciders):
            _ask(work, request, step, deciders, row.n_steps)
            return
        same = f"the same person took step {asked.position}"
        _take(work, step, row, StepState.APPROVED, same, minutes=minutes)
    move(
        work,
        request,
        RequestState.APPROVED,
        reason=reason.strip(),
        details={"minutes": minutes},
    )
    carry_out(work, request)


def _counts_for(work: Work, row: RequestRow, deciders: Deciders) -> bool:
    """Say whether this approval also takes the next step, because it would be the same person's."""
    return not needs_distinct_people(row.risk) and work.actor.id in deciders.ids


def _deciders(work: Work, request: AccessRequest, step: ApprovalStep, row: RequestRow) -> Deciders:
    already = excluded(row)
    if needs_distinct_people(row.risk) and work.actor.id is not None:
        already = already | {work.actor.id}
    return approvers(
        work.session,
        step.kind,
        subject_id=request.subject_id,
        app_id=row.app_id,
        requester_id=request.requester_id,
        already=already,
    )


def _ask(
    work: Work, request: AccessRequest, step: ApprovalStep, deciders: Deciders, steps: int
) -> None:
    """Turn to those who decide the next step; say so when there is nobody left (L22)."""
    request.lapses_at = work.now + timedelta(days=work.settings.lapse_days)
    if deciders.people:
        tell_deciders(work, request, deciders, step=step.position, steps=steps)
        return
    sentence = f"Step {step.position} cannot be decided now: there is nobody who may."
    work.record("access_request.stuck", f"access_request:{request.id}", reason=sentence)
    tell_requester(work, request, "stuck", sentence)


def _take(
    work: Work,
    step: ApprovalStep,
    row: RequestRow,
    to: StepState,
    reason: str,
    *,
    minutes: int | None = None,
) -> None:
    """Record a decision with what its decider was shown (L29); the faster one wins."""
    step.reason = reason  # move() takes a reason too, for the audit row
    work.session.add(step)
    move(
        work,
        step,
        to,
        reason=reason,
        details={"request": row.request_id, "minutes": minutes},
        decided_by=work.actor.id,
        decided_at=work.now,
        minutes=minutes,
        seen=row.as_seen(),
    )


def _step(work: Work, request_id: int, position: int) -> ApprovalStep:
    return work.session.scalars(
        sa.select(ApprovalStep).where(
            col(ApprovalStep.request_id) == request_id, col(ApprovalStep.position) == position
        )
    ).one()


def _steps_after(work: Work, request_id: int, position: int) -> Sequence[ApprovalStep]:
    return work.session.scalars(
        sa.select(ApprovalStep)
        .where(
            col(ApprovalStep.request_id) == request_id,
            col(ApprovalStep.position) > position,
            col(ApprovalStep.state) == StepState.WAITING,
        )
        .order_by(col(ApprovalStep.position))
    ).all()
