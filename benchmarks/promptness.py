"""How long a change that is due waits until the vendor has it, on an idle site.

The real scheduler, the real connector and a vendor server in its own process.
"""

from __future__ import annotations

import random
import time
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import col

from benchmarks.figures import Figure, at_most
from tests.vendor_process import VendorProcess, vendor
from uar import clock, connections, sync
from uar.db import connect
from uar.models import Account, Grant, Resource
from uar.models import Entitlement as Right
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import OrderKind, OrderReason
from uar.models.states import OrderState
from uar.provisioning import end_begun, order
from uar.scheduler import Scheduler
from uar.settings import Settings
from uar.site import Site
from uar.vault import Vault
from uar.work import SYSTEM

LIMIT_SECONDS = 1.0


def run(tiny: bool, url: str) -> list[Figure]:
    """Measure 100 removals (5 when tiny) that fall due at random over 20 seconds (2 when tiny)."""
    changes, spread = (5, 2.0) if tiny else (100, 20.0)
    engine = connect(url)
    settings = Settings(allow_private_hosts="127.0.0.1", undo_seconds=0)
    site = Site(engine, settings, Vault(["bench"]))
    sizes = ("--people", "60", "--groups", "6", "--memberships", "200", "--apps", "1")
    with vendor(*sizes) as server:
        connector_id = _connect(site, server)
        due = _order_removals(site, connector_id, changes, spread)
        scheduler = Scheduler(site)
        scheduler.start()
        try:
            _wait(site, changes, spread)
        finally:
            scheduler.stop()
        late = sorted(_lateness(server, due))
    engine.dispose()
    p99 = late[min(int(len(late) * 0.99), len(late) - 1)]
    return [
        at_most(
            "a change that is due until the vendor has it, p99",
            p99,
            "s",
            float("inf") if tiny else LIMIT_SECONDS,
            p50=round(late[len(late) // 2], 4),
            longest=round(late[-1], 4),
            changes=len(late),
        )
    ]


def _connect(site: Site, server: VendorProcess) -> int:
    with site.working(SYSTEM) as work:
        connector = connections.add(
            work,
            site.vault,
            "jumpcloud",
            "Directory",
            {"api_key": "demo-key", "base_url": server.url},
            writes_on=True,
        )
    sync.run(site, connector.id, SYSTEM)
    return connector.id


def _order_removals(
    site: Site, connector_id: int, changes: int, spread: float
) -> dict[tuple[str, str], datetime]:
    """Order removals from groups; return when each (group, person) is due."""
    chance = random.Random(7)
    start = clock.now() + timedelta(seconds=1)
    due = {}
    with site.working(SYSTEM) as work:
        found = work.session.execute(
            sa.select(
                col(Grant.id), col(Grant.account_id), col(Grant.entitlement_id),
                col(Resource.vendor_id), col(Account.vendor_id),
            )
            .join(Right, col(Right.id) == col(Grant.entitlement_id))
            .join(Resource, col(Resource.id) == col(Right.resource_id))
            .join(Account, col(Account.id) == col(Grant.account_id))
            .where(
                col(Grant.connector_id) == connector_id,
                col(Resource.type) == "group",
                col(Right.can_provision),
            )
            .limit(changes)
        ).all()  # fmt: skip
        for grant_id, account_id, entitlement_id, group, person in found:
            at = start + timedelta(seconds=chance.random() * spread)
            order(
                work, OrderKind.REVOKE, account_id=account_id, entitlement_id=entitlement_id,
                reason=OrderReason.REVIEW, not_before=at, grant_id=grant_id,
            )  # fmt: skip
            end_begun(work, grant_id)
            due[(group, person)] = at
    return due


def _wait(site: Site, changes: int, spread: float) -> None:
    end = time.monotonic() + spread + 30
    while time.monotonic() < end:
        with site.reading() as session:
            verified = session.scalar(
                sa.select(sa.func.count())
                .select_from(Order)
                .where(col(Order.state) == OrderState.VERIFIED)
            )
        if verified == changes:
            return
        time.sleep(0.5)
    raise RuntimeError(f"only {verified} of {changes} were proven")


def _lateness(server: VendorProcess, due: dict[tuple[str, str], datetime]) -> list[float]:
    """Compare the vendor's own instants with ours; both clocks are this machine's."""
    late = []
    for line in server.history():
        group = line["path"].split("/")[-2]
        at = due[(group, line["body"]["id"])]
        seen = datetime.fromisoformat(line["at"].replace("Z", "+00:00"))
        late.append((seen - at).total_seconds())
    if len(late) != len(due):
        raise RuntimeError(f"the vendor applied {len(late)} of {len(due)} changes")
    return late
