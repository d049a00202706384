"""Policies: which decisions a request needs, and who may take them.

Steps are frozen when a request is filed; people are resolved whenever the answer
is used (L27). Nobody decides about their own access, or about a request of their
own (L20, L21). Where nobody is left, super administrators decide, visibly; where
there are none either, nobody does (L22).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.db import rows
from uar.models import AppOwner, Identity
from uar.models.kinds import Approval, PersonStatus, Risk, Role, StepKind
from uar.permissions import holders
from uar.words import either

STEPS: Mapping[Approval, tuple[StepKind, ...]] = {
    Approval.MANAGER: (StepKind.MANAGER,),
    Approval.OWNER: (StepKind.OWNER,),
    Approval.MANAGER_OWNER: (StepKind.MANAGER, StepKind.OWNER),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may decide."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Deciders:
    """Who may decide one step now, by name; any one of them will do.

    ``fallback`` is empty, or the reason why super administrators stand in.
    ``passed_by`` is empty, or who passed the step on to the only one named.
    """

    kind: StepKind
    people: tuple[Person, ...]
    fallback: str = ""
    passed_by: str = ""

    @property
    def ids(self) -> frozenset[int]:
        """Return their ids."""
        return frozenset(person.id for person in self.people)

    @property
    def words(self) -> str:
        """Name them: "Max Roth", "Rita Ortiz or Lena Huber", "nobody"; with why it is they."""
        names = either([person.name for person in self.people])
        why = f"passed on by {self.passed_by}" if self.passed_by else self.fallback
        return f"{names} ({why})" if why else names


@dataclass(frozen=True, slots=True)
class Authority:
    """Managers, owners and super administrators as they are now; people who left are not in it."""

    managers: Mapping[int, Person]
    owners: Mapping[int, tuple[Person, ...]]
    admins: tuple[Person, ...]

    def deciders(
        self, kind: StepKind, *, subject_id: int, app_id: int, excluded: Collection[int]
    ) -> Deciders:
        """Say who may decide a step; nobody at all means that it cannot be decided.

        ``excluded`` holds the subject, the requester and whoever else may not.
        """
        if kind is StepKind.MANAGER:
            manager = self.managers.get(subject_id)
            regular: tuple[Person, ...] = (manager,) if manager else ()
            missing = "no manager who may decide"
        else:
            regular = self.owners.get(app_id, ())
            missing = "no owner of the app who may decide"
        people = tuple(person for person in regular if person.id not in excluded)
        if people:
            return Deciders(kind, people)
        admins = tuple(person for person in self.admins if person.id not in excluded)
        return Deciders(kind, admins, f"super administrator: there is {missing}")

    def plan(
        self,
        approval: Approval,
        risk: Risk,
        *,
        app_id: int,
        subject_id: int,
        requester_id: int,
    ) -> list[Deciders]:
        """Say in advance who would decide each step of a request, in order.

        At high risk one person cannot take two steps, so that whoever alone can
        take the first is not among those of the second.
        """
        excluded = {subject_id, requester_id}
        found = []
        for kind in steps_for(approval):
            step = self.deciders(kind, subject_id=subject_id, app_id=app_id, excluded=excluded)
            if needs_distinct_people(risk) and len(step.people) == 1:
                excluded |= step.ids
            found.append(step)
        return found


def steps_for(approval: Approval) -> tuple[StepKind, ...]:
    """Return the decisions that a request for such an entitlement needs, in order."""
    return STEPS[approval]


def needs_distinct_people(risk: Risk) -> bool:
    """Say whether each step of a request wants a different person."""
    return risk is Risk.HIGH


def approvers(
    session: Session,
    kind: StepKind,
    *,
    subject_id: int,
    app_id: int,
    requester_id: int,
    already: Iterable[int] = (),
) -> Deciders:
    """Say who may decide one step right now. Four queries.

    ``already`` holds those who took an earlier step of a request that wants a
    different person for each.
    """
    return authority(session, [subject_id], [app_id]).deciders(
        kind,
        subject_id=subject_id,
        app_id=app_id,
        excluded={subject_id, requester_id, *already},
    )


def authority(
    session: Session, subject_ids: Collection[int], app_ids: Collection[int]
) -> Authority:
    """Read who manages these people, who owns these apps, and who may do everything.

    Four queries however many there are.
    """
    manager = sa.orm.aliased(Identity)
    managers = session.connection().execute(
        sa.select(col(Identity.id), col(manager.id), col(manager.name))
        .join(manager, col(manager.id) == col(Identity.manager_id))
        .where(col(Identity.id).in_(subject_ids), col(manager.status) == PersonStatus.ACTIVE)
    )
    owners: dict[int, list[Person]] = {}
    for app_id, identity_id, name in session.connection().execute(
        sa.select(col(AppOwner.app_id), col(Identity.id), col(Identity.name))
        .join(Identity, col(Identity.id) == col(AppOwner.identity_id))
        .where(col(AppOwner.app_id).in_(app_ids), col(Identity.status) == PersonStatus.ACTIVE)
        .order_by(col(Identity.name), col(Identity.id))
    ):
        owners.setdefault(app_id, []).append(Person(identity_id, name))
    return Authority(
        managers={subject: Person(id_, name) for subject, id_, name in managers},
        owners={app_id: tuple(people) for app_id, people in owners.items()},
        admins=super_administrators(session),
    )


def super_administrators(session: Session) -> tuple[Person, ...]:
    """Return the super administrators who work here, by name. Two queries."""
    ids = holders(session, Role.SUPER_ADMIN)
    return tuple(
        rows(
            session,
            Person,
            sa.select(col(Identity.id), col(Identity.name))
            .where(col(Identity.id).in_(ids))
            .order_by(col(Identity.name), col(Identity.id)),
        )
    )
