"""Access requests as those who decide see them: the facts of one row. Reading only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.catalogue import PRESETS
from uar.db import AnySelect, rows
from uar.exclusive import replaced_names
from uar.models import (
    AccessRequest,
    Account,
    App,
    ApprovalStep,
    Entitlement,
    Grant,
    Identity,
    Resource,
    StepHandover,
)
from uar.models.kinds import PersonStatus, Risk, StepKind
from uar.models.states import RequestState, StepState
from uar.policies import Authority, Deciders, Person, authority, needs_distinct_people
from uar.words import access_name, duration


@dataclass(frozen=True, slots=True)
class Taken:
    """One step that was decided; ``minutes`` is what the decider left of the time."""

    request_id: int
    position: int
    state: StepState
    by_id: int
    by: str
    at: datetime
    minutes: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One request with everything that a decider looks at.

    ``position`` is the step being asked, 0 when none is. ``minutes`` was asked,
    ``granted_minutes`` is what earlier deciders left of it and the most that may
    be approved. ``passed_to`` is whoever the step was passed on to, while she works here.
    ``others`` counts what else the person holds in that app, ``replaces`` names what
    giving it would take the place of (L6).
    ``deciders`` may take the step now; None when there is no step to take.
    """

    request_id: int
    state: RequestState
    position: int
    kind: StepKind | None
    n_steps: int
    requester_id: int
    subject_id: int
    person: str
    person_title: str
    department: str
    app_id: int
    app: str
    entitlement_id: int
    resource: str
    entitlement: str
    description: str
    risk: Risk
    minutes: int
    granted_minutes: int
    reason: str
    is_extension: bool
    filed_at: datetime
    lapses_at: datetime
    settled_at: datetime | None
    outcome: str
    passed_to_id: int | None
    passed_to: str
    passed_by: str
    passed_at: datetime | None
    passed_why: str
    earlier: tuple[Taken, ...] = ()
    others: int = 0
    replaces: str = ""
    deciders: Deciders | None = None

    @property
    def access(self) -> str:
        """Name it as everywhere: "JumpCloud · crm-admins · Member"."""
        return access_name(self.app, self.resource, self.entitlement)

    @property
    def lengths(self) -> tuple[int, ...]:
        """Return what may be approved, in minutes: as asked first, then up to three shorter."""
        shorter = [minutes for minutes in reversed(PRESETS) if minutes < self.granted_minutes]
        return (self.granted_minutes, *shorter[:3])

    @property
    def is_passed_on(self) -> bool:
        """Say whether the step is with somebody because it was passed on to her."""
        return self.deciders is not None and bool(self.deciders.passed_by)

    def may_decide(self, identity_id: int) -> bool:
        """Say whether a person may take the step that is asked now."""
        return self.deciders is not None and identity_id in self.deciders.ids

    def as_seen(self) -> dict[str, str]:
        """Return what a decider is shown, to be kept with the decision (L29)."""
        return {
            "person": self.person,
            "access": self.access,
            "risk": self.risk.value,
            "asked": duration(self.minutes),
            "on the table": duration(self.granted_minutes),
            "reason": self.reason,
            "step": f"{self.position} of {self.n_steps}",
            "earlier": "; ".join(f"{taken.by}: {taken.reason}" for taken in self.earlier),
            "holds else in this app": str(self.others),
            "replaces": self.replaces,
            "extension": "yes" if self.is_extension else "no",
            "stands in": self.deciders.fallback if self.deciders else "",
            "passed on": f"{self.passed_by}: {self.passed_why}" if self.is_passed_on else "",
        }


def requests() -> AnySelect:
    """Select requests, for ``filled``; joined with the approval step that is asked now, if any."""
    step = sa.orm.aliased(ApprovalStep)
    taker, giver = sa.orm.aliased(Identity), sa.orm.aliased(Identity)
    steps = (
        sa.select(sa.func.count(col(step.id)))
        .where(col(step.request_id) == col(AccessRequest.id))
        .correlate(AccessRequest)
        .scalar_subquery()
    )
    own = (
        "state requester_id subject_id minutes granted_minutes reason is_extension filed_at "
        "lapses_at settled_at outcome entitlement_id"
    )
    return (
        sa.select(
            col(AccessRequest.id).label("request_id"),
            *(sa.inspect(AccessRequest).columns[name] for name in own.split()),
            sa.func.coalesce(col(ApprovalStep.position), 0).label("position"),
            col(ApprovalStep.kind),
            steps.label("n_steps"),
            col(Identity.name).label("person"),
            col(Identity.title).label("person_title"),
            col(Identity.department),
            col(App.id).label("app_id"),
            col(App.name).label("app"),
            col(Resource.name).label("resource"),
            col(Entitlement.name).label("entitlement"),
            col(Entitlement.description),
            col(Entitlement.risk),
            col(taker.id).label("passed_to_id"),
            sa.func.coalesce(col(taker.name), "").label("passed_to"),
            sa.func.coalesce(col(giver.name), "").label("passed_by"),
            col(StepHandover.at).label("passed_at"),
            sa.func.coalesce(col(StepHandover.reason), "").label("passed_why"),
        )
        .join(Identity, col(Identity.id) == col(AccessRequest.subject_id))
        .join(Entitlement, col(Entitlement.id) == col(AccessRequest.entitlement_id))
        .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
        .join(App, col(App.id) == col(Entitlement.app_id))
        .outerjoin(
            ApprovalStep,
            sa.and_(
                col(ApprovalStep.request_id) == col(AccessRequest.id),
                col(ApprovalStep.state) == StepState.ASKED,
            ),
        )
        .outerjoin(
            StepHandover,
            sa.and_(
                col(StepHandover.step_id) == col(ApprovalStep.id),
                col(StepHandover.ended_at).is_(None),
            ),
        )
        .outerjoin(
            taker,
            sa.and_(
                col(taker.id) == col(StepHandover.to_id), col(taker.status) == PersonStatus.ACTIVE
            ),
        )
        .outerjoin(giver, col(giver.id) == col(StepHandover.from_id))
    )


def request_row(session: Session, request_id: int) -> RequestRow | None:
    """Return one request in whatever state, or None."""
    found = filled(session, requests().where(col(AccessRequest.id) == request_id))
    return found[0] if found else None


def excluded(row: RequestRow) -> set[int]:
    """Return who may not take the step being asked, whatever else they are (L20, L21)."""
    out = {row.subject_id, row.requester_id}
    if needs_distinct_people(row.risk):
        out |= {taken.by_id for taken in row.earlier}
    return out


def filled(session: Session, statement: AnySelect) -> list[RequestRow]:
    """Run ``requests()``, and add who decided before, what else is held, what would be
    replaced, and who may decide now.

    Eight queries however many rows there are.
    """
    bare = rows(session, RequestRow, statement)
    if not bare:
        return []
    who = authority(session, {row.subject_id for row in bare}, {row.app_id for row in bare})
    taken = _taken(session, [row.request_id for row in bare])
    others = _others(session, bare)
    replaces = replaced_names(session, [row.request_id for row in bare])
    filled = []
    for row in bare:
        known = replace(
            row,
            earlier=tuple(taken.get(row.request_id, ())),
            others=others.get((row.subject_id, row.app_id, row.entitlement_id), 0),
            replaces=replaces.get(row.request_id, ""),
        )
        filled.append(replace(known, deciders=_deciders(who, known)))
    return filled


def _deciders(who: Authority, row: RequestRow) -> Deciders | None:
    if row.kind is None or row.state is not RequestState.WAITING:
        return None
    if row.passed_to_id is not None and row.passed_to_id not in excluded(row):
        taker = Person(row.passed_to_id, row.passed_to)
        return Deciders(row.kind, (taker,), passed_by=row.passed_by)
    return who.deciders(
        row.kind, subject_id=row.subject_id, app_id=row.app_id, excluded=excluded(row)
    )


def _taken(session: Session, request_ids: Sequence[int]) -> dict[int, list[Taken]]:
    found = rows(
        session,
        Taken,
        sa.select(
            col(ApprovalStep.request_id),
            col(ApprovalStep.position),
            col(ApprovalStep.state),
            col(ApprovalStep.decided_by).label("by_id"),
            col(Identity.name).label("by"),
            col(ApprovalStep.decided_at).label("at"),
            col(ApprovalStep.minutes),
            col(ApprovalStep.reason),
        )
        .join(Identity, col(Identity.id) == col(ApprovalStep.decided_by))
        .where(col(ApprovalStep.request_id).in_(request_ids))
        .order_by(col(ApprovalStep.request_id), col(ApprovalStep.position)),
    )
    by_request: dict[int, list[Taken]] = {}
    for taken in found:
        by_request.setdefault(taken.request_id, []).append(taken)
    return by_request


def _others(session: Session, bare: Sequence[RequestRow]) -> Mapping[tuple[int, int, int], int]:
    """Count what else each subject holds in the app, without what is asked for and the account."""
    other = sa.orm.aliased(Entitlement)
    found = session.connection().execute(
        sa.select(
            col(AccessRequest.subject_id),
            col(Grant.app_id),
            col(AccessRequest.entitlement_id),
            sa.func.count(sa.distinct(col(Grant.entitlement_id))),
        )
        .join(Entitlement, col(Entitlement.id) == col(AccessRequest.entitlement_id))
        .join(Account, col(Account.identity_id) == col(AccessRequest.subject_id))
        .join(
            Grant,
            sa.and_(
                col(Grant.account_id) == col(Account.id),
                col(Grant.app_id) == col(Entitlement.app_id),
                col(Grant.entitlement_id) != col(AccessRequest.entitlement_id),
                col(Grant.ended_at).is_(None),
            ),
        )
        .join(other, sa.and_(col(other.id) == col(Grant.entitlement_id), ~col(other.is_builtin)))
        .where(col(AccessRequest.id).in_([row.request_id for row in bare]))
        .group_by(
            col(AccessRequest.subject_id), col(Grant.app_id), col(AccessRequest.entitlement_id)
        )
    )
    return {(subject, app, right): n for subject, app, right, n in found}
