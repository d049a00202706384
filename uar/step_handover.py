"""Passing an approval step on to somebody else, who then decides in the decider's place.

Nobody is handed a step about her own access or her own request (L20, L21). Delegation
is not transitive: whoever decides only because a step was passed on to her may give
it back, and not to a third. Once she has left, whom the policy names decide again (L22).
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import col

from uar.approvals import hold, step_in_turn
from uar.colleagues import Colleague, colleague
from uar.errors import Invalid, Refused
from uar.filing import tell_deciders
from uar.models import ApprovalStep, StepHandover
from uar.models.states import StepState
from uar.naming import full_name
from uar.notifications import tell
from uar.policies import Deciders, Person, approvers, needs_distinct_people
from uar.request_rows import RequestRow, excluded
from uar.work import Work


def pass_on(
    work: Work, request_id: int, taker_id: int, reason: str, *, step: int | None = None
) -> RequestRow:
    """Pass the step that is asked now on to somebody who works here; return what was passed on.

    ``step`` is the position that the decider saw. Raises what :func:`uar.approvals.decide`
    raises, Refused when a law keeps it from that person, and Invalid by field.
    """
    request, row = hold(work, request_id)
    asked = step_in_turn(work, row, step)
    taker = _taker(work, row, asked, taker_id)
    reason = reason.strip()
    if not reason:
        raise Invalid("Say why.", {"reason": "Say why."})
    _begin(work, asked, taker, reason)
    work.record(
        "approval_step.handed_over",
        f"approval_step:{asked.id}",
        reason=reason,
        details={
            "request": request_id, "from": work.actor.id, "to": taker.id, "name": taker.name,
        },
    )  # fmt: skip
    tell_deciders(
        work,
        request,
        Deciders(asked.kind, (Person(taker.id, taker.name),), passed_by=work.actor.name),
        step=row.position,
        steps=row.n_steps,
        note=f"{work.actor.name} passed it on to you: “{reason}”",
    )
    _tell_others(work, row, taker, reason)
    return row


def _taker(work: Work, row: RequestRow, asked: ApprovalStep, taker_id: int) -> Colleague:
    me, taker = work.actor.id, colleague(work.session, taker_id)
    if taker is None:
        raise _cannot("Choose somebody who works here.")
    if taker.id == me:
        raise _cannot("It is with you already.")
    if taker.id in (row.subject_id, row.requester_id):
        raise _refused(row, "Nobody decides about their own request.")
    if taker.id in excluded(row):
        raise _refused(
            row, f"{taker.name} took an earlier step: at high risk somebody else decides."
        )
    if row.is_passed_on and not (named := _by_policy(work, row, asked)).ids & {me, taker.id}:
        raise _refused(row, f"It was passed on to you: give it back to {named.words}, or decide.")
    if needs_distinct_people(row.risk):
        _insist_on_somebody_later(work, row, asked, taker)
    return taker


def _insist_on_somebody_later(
    work: Work, row: RequestRow, asked: ApprovalStep, taker: Colleague
) -> None:
    """Refuse whoever alone could take a later step, which wants a different person (L22)."""
    later = work.session.scalars(
        sa.select(ApprovalStep).where(
            col(ApprovalStep.request_id) == row.request_id,
            col(ApprovalStep.position) > asked.position,
            col(ApprovalStep.state) == StepState.WAITING,
        )
    ).all()
    for step in later:
        if not _by_policy(work, row, step, besides=taker.id).people:
            raise _refused(row, f"{taker.name} alone can take step {step.position}.")


def _by_policy(
    work: Work, row: RequestRow, step: ApprovalStep, *, besides: int | None = None
) -> Deciders:
    """Return who may take a step as if nobody had passed it on."""
    return approvers(
        work.session,
        step.kind,
        subject_id=row.subject_id,
        app_id=row.app_id,
        requester_id=row.requester_id,
        already=excluded(row) | ({besides} if besides is not None else set()),
    )


def _begin(work: Work, asked: ApprovalStep, taker: Colleague, reason: str) -> None:
    assert work.actor.id is not None
    work.session.connection().execute(
        sa.update(StepHandover)
        .where(col(StepHandover.step_id) == asked.id, col(StepHandover.ended_at).is_(None))
        .values(ended_at=work.now)
    )
    work.session.add(
        StepHandover(
            step_id=asked.id, from_id=work.actor.id, to_id=taker.id, at=work.now, reason=reason
        )
    )
    work.session.flush()


def _tell_others(work: Work, row: RequestRow, taker: Colleague, reason: str) -> None:
    """Tell those who could have decided as well that they need not any more."""
    what = full_name(work.session, row.entitlement_id)
    for person in row.deciders.people if row.deciders else ():
        if person.id not in (work.actor.id, taker.id):
            tell(
                work,
                person.id,
                "request_passed_on",
                f"{row.person} asks for {what}: {taker.name} decides",
                f"{work.actor.name} passed it on to {taker.name}: “{reason}”",
                f"/requests/{row.request_id}",
            )


def _refused(row: RequestRow, sentence: str) -> Refused:
    return Refused(sentence, subject=f"access_request:{row.request_id}")


def _cannot(sentence: str) -> Invalid:
    return Invalid(sentence, {"to": sentence})
