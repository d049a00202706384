"""One request as a card in the inbox: what a decider reads, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from uar.models.kinds import Risk
from uar.models.states import RequestState, StepState
from uar.request_rows import RequestRow, Taken
from uar.web.filters import duration, plural


@dataclass(frozen=True, slots=True)
class Card:
    """What templates/requests/_row.html shows; ``step`` is posted with the decision."""

    id: int
    person: str
    person_title: str
    department: str
    access: str
    minutes: int
    filed_at: datetime
    risk: Risk
    reason: str
    is_extension: bool
    position: int
    step: str
    warnings: tuple[str, ...]
    facts: tuple[str, ...]
    earlier: tuple[Taken, ...]
    lengths: tuple[int, ...]
    state: RequestState
    can_decide: bool
    decision: str
    note: str = ""
    problem: str = ""
    typed: str = ""


def card(row: RequestRow, identity_id: int, *, n_lengths: int = 2) -> Card:
    """Say a request in the words that this person, who may decide it or has, reads.

    ``n_lengths`` is how many lengths of time there are buttons for, as asked first.
    """
    can_decide = row.may_decide(identity_id)
    return Card(
        id=row.request_id,
        person=row.person,
        person_title=row.person_title,
        department=row.department,
        access=row.access,
        minutes=row.granted_minutes,
        filed_at=row.filed_at,
        risk=row.risk,
        reason=row.reason,
        is_extension=row.is_extension,
        position=row.position,
        step=f"step {row.position} of {row.n_steps}" if row.position and row.n_steps > 1 else "",
        warnings=_warnings(row, can_decide),
        facts=(*_passed_on(row), _others(row)),
        earlier=tuple(taken for taken in row.earlier if taken.by_id != identity_id),
        lengths=row.lengths[:n_lengths],
        state=row.state,
        can_decide=can_decide,
        decision=_decision(row, identity_id),
    )


def _warnings(row: RequestRow, can_decide: bool) -> tuple[str, ...]:
    if not can_decide:
        return ()
    replaced = (f"replaces {row.replaces} while it lasts",) if row.replaces else ()
    if row.deciders is None or not row.deciders.fallback:
        return replaced
    return (*replaced, f"you are asked as {row.deciders.fallback}")


def _passed_on(row: RequestRow) -> tuple[str, ...]:
    if not row.is_passed_on:
        return ()
    return (f"{row.passed_by} passed it on to {row.passed_to}: “{row.passed_why}”",)


def _others(row: RequestRow) -> str:
    if not row.others:
        return f"holds nothing else in {row.app}"
    return f"holds {plural(row.others, 'other right')} in {row.app}"


def _decision(row: RequestRow, identity_id: int) -> str:
    mine = [taken for taken in row.earlier if taken.by_id == identity_id]
    if not mine:
        return ""
    if mine[-1].state is StepState.DENIED:
        return "You denied it"
    return f"You approved {duration(mine[-1].minutes or row.granted_minutes)}"
