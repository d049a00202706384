"""Every "at most one" is a unique index, and holds between two concurrent connections.

SQLite's BEGIN IMMEDIATE would hide such races, so these run on PostgreSQL.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from tests.world import World
from uar import clock
from uar.db import connect
from uar.models import (
    AccessRequest,
    Account,
    App,
    ApprovalStep,
    AuditEntry,
    AuditSeal,
    Campaign,
    Entitlement,
    Grant,
    GrantCause,
    Identity,
    Incident,
    Resource,
    ReviewItem,
    SignIn,
    SignOff,
    StepHandover,
    SyncRun,
)
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import Cause, IncidentKind, OrderKind, OrderReason, StepKind
from uar.models.states import RunState
from uar.work import Actor, unit_of_work

pytestmark = pytest.mark.postgres
Row = Callable[[World], Any]


@pytest.fixture
def world(postgres_url: str, noon: object) -> Any:
    engine = connect(postgres_url)
    yield World(engine)
    engine.dispose()


def _place(world: World) -> dict[str, int]:
    connector = world.connector()
    return {"app_id": connector.app_id, "connector_id": connector.id}


def _access(world: World) -> dict[str, int]:
    held = world.all(Account), world.all(Entitlement)
    account = held[0][0] if held[0] else world.account(world.ada)
    entitlement = held[1][0] if held[1] else world.entitlement()
    return {"account_id": account.id, "entitlement_id": entitlement.id}


def _one(world: World, table: type[SQLModel], make: Callable[[], Any]) -> Any:
    found = world.all(table)
    return found[0] if found else make()


def _grant(world: World) -> Grant:
    row: Grant = _one(world, Grant, lambda: world.grant())
    return row


def _campaign(world: World) -> Campaign:
    row: Campaign = _one(
        world,
        Campaign,
        lambda: world.add(
            Campaign(
                name="Q1", owner_id=world.cam.id, fallback_id=world.cam.id, due_at=clock.now(),
                created_at=clock.now(),
            )
        ),
    )  # fmt: skip
    return row


def _request(world: World) -> AccessRequest:
    return AccessRequest(
        requester_id=world.ada.id, subject_id=world.ada.id, minutes=5, granted_minutes=5,
        reason="r", filed_at=clock.now(), lapses_at=clock.now(), **_access(world),
    )  # fmt: skip


def _step(world: World) -> ApprovalStep:
    request = _one(world, AccessRequest, lambda: world.add(_request(world)))
    return ApprovalStep(request_id=request.id, position=1, kind=StepKind.MANAGER)


def _seal(world: World) -> AuditSeal:
    entry = _one(
        world,
        AuditEntry,
        lambda: world.add(AuditEntry(at=clock.now(), actor="a", action="a.b", subject="a:1")),
    )
    return AuditSeal(seq=len(world.all(AuditSeal)) + 1, audit_id=entry.id, previous="", hash="h")


def _item(world: World) -> ReviewItem:
    grant = _grant(world)
    return ReviewItem(
        campaign_id=_campaign(world).id, grant_id=grant.id, account_id=grant.account_id,
        entitlement_id=grant.entitlement_id, app_id=grant.app_id, person="Ada", account="ada",
        app="CRM", resource="r", resource_type="group", entitlement="e", entitlement_slug="member",
        granted_at=clock.now(),
    )  # fmt: skip


def _cause(world: World) -> GrantCause:
    grant = _grant(world)
    return GrantCause(
        grant_id=grant.id, kind=Cause.REQUEST, request_id=9,
        began_at=clock.now(),
    )  # fmt: skip


AT_MOST_ONE: dict[str, Row] = {
    "app.name": lambda _w: App(name="Wiki", created_at=clock.now()),
    "identity.email": lambda _w: Identity(
        name="X", email="x@example.test", created_at=clock.now(), changed_at=clock.now()
    ),
    "sign_in.token_hash": lambda w: SignIn(
        identity_id=w.ada.id, token_hash="t", began_at=clock.now(), seen_at=clock.now(),
        ends_at=clock.now(),
    ),
    "resource.connector_id,type,vendor_id": lambda w: Resource(
        **_place(w), type="group", vendor_id="g", name="g", first_seen_at=clock.now()
    ),
    "entitlement.resource_id,slug": lambda w: Entitlement(
        **_place(w), resource_id=w.get(Entitlement, _access(w)["entitlement_id"]).resource_id,
        slug="again", name="x", first_seen_at=clock.now(),
    ),
    "account.connector_id,type,vendor_id": lambda w: Account(
        **_place(w), type="user", vendor_id="a", name="a", first_seen_at=clock.now()
    ),
    "grants.account_id,entitlement_id": lambda w: Grant(
        **_place(w), **_access(w), began_at=clock.now()
    ),
    "grant_cause.grant_id,via_id,kind,request_id": _cause,
    "sync_run.connector_id (running)": lambda w: SyncRun(
        connector_id=w.connector().id, by="t", started_at=clock.now(), heartbeat_at=clock.now()
    ),
    "sync_run.connector_id (held)": lambda w: SyncRun(
        connector_id=w.connector().id, by="t", started_at=clock.now(), heartbeat_at=clock.now(),
        state=RunState.HELD,
    ),
    "provisioning_order.account_id,entitlement_id,kind": lambda w: Order(
        **_place(w), **_access(w), kind=OrderKind.REVOKE, reason=OrderReason.REVIEW,
        created_at=clock.now(), not_before=clock.now(), next_at=clock.now(),
    ),
    "incident.kind,account_id,entitlement_id": lambda w: Incident(
        app_id=w.crm.id, kind=IncidentKind.OVERDUE, sentence="s", opened_at=clock.now(),
        **_access(w),
    ),
    "access_request.subject_id,entitlement_id": _request,
    "approval_step.request_id,position": _step,
    "step_handover.step_id": lambda w: StepHandover(
        step_id=_one(w, ApprovalStep, lambda: w.add(_step(w))).id, from_id=w.max.id,
        to_id=w.sam.id, at=clock.now(), reason="r",
    ),
    "review_item.campaign_id,grant_id": _item,
    "sign_off.campaign_id,by": lambda w: SignOff(
        campaign_id=_campaign(w).id, by=w.ada.id, at=clock.now(), statement="s", certified=0,
        revoked=0, decisions_hash="h",
    ),
    "audit_seal.audit_id": _seal,
}  # fmt: skip


@pytest.mark.parametrize("name", AT_MOST_ONE)
def test_of_two_connections_that_insert_the_same_one_is_refused(world: World, name: str) -> None:
    make = AT_MOST_ONE[name]
    rows = [make(world), make(world)]
    if isinstance(rows[0], AuditSeal):
        rows[1].seq = rows[0].seq + 1
    both_in = threading.Barrier(2, timeout=1)
    outcomes: list[str] = []

    def insert(row: Any) -> None:
        try:
            with unit_of_work(world.engine, Actor("race")) as work:
                both_in.wait()
                work.session.add(row)
                work.session.flush()
            outcomes.append("in")
        except sa.exc.IntegrityError:
            outcomes.append("refused")

    threads = [threading.Thread(target=insert, args=[row]) for row in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["in", "refused"]


def test_every_unique_index_of_the_models_is_tried_here() -> None:
    said = set()
    for table in SQLModel.metadata.tables.values():
        for index in table.indexes:
            if index.unique:
                state = "held" if index.name == "uq_sync_run_held" else ""
                state = "running" if index.name == "uq_sync_run_running" else state
                columns = ",".join(column.name for column in index.columns)
                said.add(f"{table.name}.{columns}" + (f" ({state})" if state else ""))
        for constraint in table.constraints:
            if isinstance(constraint, sa.UniqueConstraint):
                said.add(f"{table.name}.{','.join(column.name for column in constraint.columns)}")

    assert said == set(AT_MOST_ONE)
