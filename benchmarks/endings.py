"""Many grants that end in the same second, against bare bulk statements on the same rows."""

from __future__ import annotations

import time
from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import col

from benchmarks.figures import Figure, at_most
from uar import clock
from uar.db import connect
from uar.endings import end_due
from uar.models import (
    Account,
    App,
    AuditEntry,
    Connector,
    Entitlement,
    Grant,
    GrantCause,
    Resource,
)
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import Cause, OrderKind, OrderReason
from uar.models.states import ConnectorState, GrantState, OrderState
from uar.settings import Settings
from uar.site import Site
from uar.vault import Vault
from uar.work import SYSTEM, Work, unit_of_work

LIMIT = 4.0
ROUNDS = 3


def run(tiny: bool, url: str) -> list[Figure]:
    """Measure 10,000 grants (200 when tiny) ending at once; the median of three rounds."""
    engine = connect(url)
    site = Site(engine, Settings(), Vault(["bench"]))
    size = 200 if tiny else 10_000
    ratios = []
    for _ in range(ROUNDS):
        with unit_of_work(engine, SYSTEM) as work:
            ours = _grants(work, size)
            bare = _grants(work, size, ends=False)
        with engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE")  # as a server does by itself within a minute
        began = time.perf_counter()
        while end_due(site):
            pass
        took = time.perf_counter() - began
        _check(engine, ours, size)
        baseline = _bare(engine, bare)
        ratios.append((took / baseline, took, baseline))
    engine.dispose()
    ratio, took, baseline = sorted(ratios)[ROUNDS // 2]
    return [
        at_most(
            f"{size:,} grants that end in one second / bare bulk statements",
            ratio,
            "x",
            float("inf") if tiny else LIMIT,
            seconds=round(took, 3),
            bare=round(baseline, 3),
            per_second=round(size / took),
        )
    ]


def _grants(work: Work, size: int, *, ends: bool = True) -> tuple[int, int]:
    """Insert grants of one entitlement; return the first and last of their ids."""
    session = work.session
    name = f"app {clock.now().timestamp()}"
    app = App(name=name, created_at=work.now)
    session.add(app)
    session.flush()
    connector = Connector(
        app_id=app.id, kind="jumpcloud", name=name, state=ConnectorState.READY, writes_on=True,
        created_at=work.now,
    )  # fmt: skip
    session.add(connector)
    session.flush()
    place = {"app_id": app.id, "connector_id": connector.id}
    resource = Resource(**place, type="group", vendor_id="g", name="group", first_seen_at=work.now)
    session.add(resource)
    session.flush()
    entitlement = Entitlement(
        **place, resource_id=resource.id, slug="member", name="member", can_provision=True,
        first_seen_at=work.now,
    )  # fmt: skip
    session.add(entitlement)
    session.flush()
    connection = session.connection()
    connection.execute(
        sa.insert(Account),
        [
            {**place, "type": "user", "vendor_id": str(n), "name": str(n), "profile": {},
             "first_seen_at": work.now}
            for n in range(size)
        ],
    )  # fmt: skip
    accounts = connection.scalars(
        sa.select(col(Account.id)).where(col(Account.connector_id) == connector.id)
    ).all()
    what = {**place, "entitlement_id": entitlement.id, "began_at": work.now}
    connection.execute(sa.insert(Grant), [{**what, "account_id": a} for a in accounts])
    grants = connection.execute(
        sa.select(col(Grant.id), col(Grant.account_id)).where(
            col(Grant.connector_id) == connector.id
        )
    ).all()
    kind = {"kind": Cause.REQUEST, "ends_at": work.now} if ends else {"kind": Cause.STANDING}
    connection.execute(
        sa.insert(GrantCause),
        [
            {**what, **kind, "grant_id": g, "account_id": a, "request_id": g if ends else 0}
            for g, a in grants
        ],
    )
    return min(g for g, _ in grants), max(g for g, _ in grants)


def _check(engine: sa.Engine, ids: tuple[int, int], size: int) -> None:
    """Make sure that what was timed was done: every grant ending, one order for each."""
    with engine.connect() as connection:
        ending = connection.scalar(
            sa.select(sa.func.count())
            .select_from(Grant)
            .where(col(Grant.id).between(*ids), col(Grant.state) == GrantState.ENDING)
        )
        ordered = connection.scalar(
            sa.select(sa.func.count()).select_from(Order).where(col(Order.grant_id).between(*ids))
        )
    if (ending, ordered) != (size, size):
        raise RuntimeError(f"{ending} of {size} are ending, {ordered} ordered")


def _bare(engine: sa.Engine, ids: tuple[int, int]) -> float:
    """Time one bulk update, one bulk insert of orders and one of audit rows."""
    with engine.connect() as connection:
        rows = connection.execute(
            sa.select(
                col(Grant.id), col(Grant.app_id), col(Grant.connector_id), col(Grant.account_id),
                col(Grant.entitlement_id),
            ).where(col(Grant.id).between(*ids))
        ).all()  # fmt: skip
    now = clock.now() + timedelta(days=1)
    began = time.perf_counter()
    with engine.begin() as connection:
        connection.execute(
            sa.update(Grant).where(col(Grant.id).between(*ids)).values(state=GrantState.ENDING)
        )
        connection.execute(
            sa.insert(Order),
            [
                {
                    "kind": OrderKind.REVOKE, "reason": OrderReason.EXPIRY,
                    "state": OrderState.QUEUED, "app_id": app, "connector_id": connector,
                    "account_id": account, "entitlement_id": entitlement, "grant_id": grant,
                    "created_at": now, "not_before": now, "next_at": now,
                }
                for grant, app, connector, account, entitlement in rows
            ],
        )  # fmt: skip
        connection.execute(
            sa.insert(AuditEntry),
            [
                {"at": now, "actor": "bench", "action": "grants.ending", "reason": "",
                 "subject": f"grants:{grant}", "request_ref": "",
                 "details": {"from": "active", "to": "ending"}}
                for grant, *_ in rows
            ],
        )  # fmt: skip
    return time.perf_counter() - began
