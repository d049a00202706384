"""Builders for requests: filing, answering, and a read that proves what was ordered."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import col

from tests.world import Person, World
from uar import clock, settlement
from uar.approvals import Answer, decide
from uar.filing import file
from uar.lifecycle import move
from uar.models import (
    AccessRequest,
    Account,
    AppOwner,
    ApprovalStep,
    Entitlement,
    Identity,
    Notification,
)
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import PersonStatus, Role
from uar.models.states import OrderState
from uar.permissions import give
from uar.settings import Settings
from uar.site import Site
from uar.vault import Vault
from uar.work import SYSTEM, unit_of_work

WHY = "Month-end: reconcile invoice 2231"


def site_of(world: World) -> Site:
    """Return the installation that jobs are handed."""
    return Site(world.engine, Settings(), Vault(["k"]))


def ask(
    world: World,
    entitlement: Entitlement,
    *,
    by: Person | None = None,
    minutes: int = 60,
    reason: str = WHY,
) -> AccessRequest:
    """File a request; Ada asks unless told otherwise."""
    with world.as_(by or world.ada) as work:
        return file(work, entitlement.id, minutes, reason)


def answer(
    world: World,
    request: AccessRequest,
    by: Person,
    said: Answer = Answer.APPROVE,
    *,
    minutes: int | None = None,
    reason: str = "",
    step: int | None = None,
) -> None:
    """Decide the step that is asked now."""
    with world.as_(by) as work:
        decide(work, request.id, said, minutes=minutes, reason=reason, step=step)


def after(minutes: float) -> datetime:
    """Return the instant so many minutes from now."""
    return clock.now() + timedelta(minutes=minutes)


def now_of(world: World, request: AccessRequest) -> AccessRequest:
    """Read a request afresh."""
    fresh: AccessRequest = world.get(AccessRequest, request.id)
    return fresh


def steps_of(world: World, request: AccessRequest) -> list[ApprovalStep]:
    """Read the steps of a request in order."""
    return [step for step in world.all(ApprovalStep) if step.request_id == request.id]


def orders_of(world: World, request: AccessRequest) -> list[Order]:
    """Read the orders that a request led to."""
    return [order for order in world.all(Order) if order.request_id == request.id]


def told(world: World, person: Person) -> list[str]:
    """Read the subjects of the messages to a person, oldest first."""
    return [note.subject for note in world.all(Notification) if note.identity_id == person.id]


def prove(world: World, order: Order) -> None:
    """Let a read show what an order wanted, as delivery does after its call."""
    with unit_of_work(world.engine, SYSTEM) as work:
        row = work.session.get_one(Order, order.id, with_for_update=True)
        if row.state is OrderState.QUEUED:
            move(work, row, OrderState.SENDING)
        settlement.proven(work, row, result="A read shows it.")


def account_of(world: World, person: Person) -> Account:
    """Give a person an account in the CRM, unless she has one."""
    for account in world.all(Account):
        if account.identity_id == person.id and account.app_id == world.crm.id:
            return account
    return world.account(person)


def make_super(world: World, person: Person) -> None:
    """Make a person a super administrator."""
    with unit_of_work(world.engine, SYSTEM) as work:
        give(work, person.id, Role.SUPER_ADMIN)


def part_ways(world: World, person: Person) -> None:
    """Let a person leave the company."""
    with unit_of_work(world.engine, SYSTEM) as work:
        work.session.connection().execute(
            sa.update(Identity)
            .where(col(Identity.id) == person.id)
            .values(status=PersonStatus.INACTIVE, left_at=work.now)
        )


def manage(world: World, person: Person, manager: Person | None) -> None:
    """Give a person another manager, or none."""
    with unit_of_work(world.engine, SYSTEM) as work:
        work.session.connection().execute(
            sa.update(Identity)
            .where(col(Identity.id) == person.id)
            .values(manager_id=manager.id if manager else None)
        )


def own(world: World, *people: Person) -> None:
    """Make these people, and nobody else, the owners of the CRM."""
    with unit_of_work(world.engine, SYSTEM) as work:
        work.session.connection().execute(
            sa.delete(AppOwner).where(col(AppOwner.app_id) == world.crm.id)
        )
        work.session.add_all(
            AppOwner(app_id=world.crm.id, identity_id=person.id) for person in people
        )
