"""A company whose JumpCloud is a vendor server: rows come in by a sync, changes go out."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from tests.vendor_process import VendorProcess, vendor
from tests.world import World
from tests.world_requests import answer, ask
from uar import clock, connections, sync
from uar.models import (
    AccessRequest,
    App,
    AppOwner,
    Connector,
    Entitlement,
    Grant,
    Identity,
    Resource,
    SyncRun,
)
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import Approval
from uar.settings import Settings
from uar.site import Site
from uar.vault import Vault
from uar.work import SYSTEM

ADMINS = "64c000000000000000000001"
RULED = "64c000000000000000000002"


def _person(n: int, first: str, **more: Any) -> dict[str, Any]:
    return {
        "_id": f"64b00000000000000000000{n}", "username": first.lower(), "lastname": "Byrne",
        "email": f"{first.lower()}@example.test", "firstname": first, "state": "ACTIVATED", **more,
    }  # fmt: skip


COMPANY = {
    "systemusers": [
        _person(1, "Ada", manager="64b000000000000000000002"),
        _person(2, "Max"), _person(3, "Rita"), _person(4, "Cam"), _person(5, "Sam"),
    ],
    "users": [],
    "usergroups": [
        {"id": ADMINS, "name": "crm-admins", "members": ["64b000000000000000000002"]},
        {"id": RULED, "name": "everybody", "members": [], "membershipMethod": "DYNAMIC_AUTOMATED"},
    ],
    "applications": [
        {"_id": "64a000000000000000000001", "name": "crm", "displayLabel": "CRM", "users": [],
         "groups": [ADMINS]},
    ],
}  # fmt: skip


@contextmanager
def company_server(folder: Path, **switches: Any) -> Iterator[VendorProcess]:
    """Run the vendor server of the company, its state in a file of the folder."""
    (folder / "company.json").write_text(json.dumps(COMPANY))
    with vendor("--company", folder / "company.json", "--state", folder / "state") as running:
        if switches:
            running.switch(**switches)
        yield running


class VendorWorld(World):
    """The cast, with JumpCloud as their directory, read once over HTTP."""

    def __init__(self, engine: sa.Engine, server: VendorProcess, **settings: Any) -> None:
        """Connect, read, and let crm-admins be asked for."""
        super().__init__(engine)
        self.server = server
        values = {"undo_seconds": 0, "allow_private_hosts": "127.0.0.1", **settings}
        self.site = Site(engine, Settings(**values), Vault(["test"]))
        with self.site.working(SYSTEM) as work:
            connector = connections.add(
                work,
                self.site.vault,
                "jumpcloud",
                "JumpCloud",
                {"api_key": "demo-key", "base_url": server.url},
                writes_on=True,
            )
            self.connector_id = connector.id
        self.sync()
        with self.site.working(SYSTEM) as work:
            work.session.add(AppOwner(app_id=connector.app_id, identity_id=self.rita.id))
            work.session.connection().execute(
                sa.update(Entitlement)
                .where(col(Entitlement.id) == self.membership().id)
                .values(requestable=True, approval=Approval.MANAGER, max_minutes=600)
            )

    def sync(self) -> SyncRun:
        """Read the vendor now."""
        return sync.run(self.site, self.connector_id, SYSTEM)

    def membership(self, group: str = ADMINS) -> Entitlement:
        """Return the right to be a member of a group."""
        with self.reading() as session:
            return session.scalars(
                sa.select(Entitlement)
                .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
                .where(col(Resource.vendor_id) == group)
            ).one()

    def approved(self, *, minutes: int = 60) -> AccessRequest:
        """Let Ada ask for crm-admins, and Max approve."""
        request = ask(self, self.membership(), minutes=minutes)
        answer(self, request, self.max)
        return self.request(request.id)

    def request(self, request_id: int) -> AccessRequest:
        """Read one request afresh."""
        row: AccessRequest = self.get(AccessRequest, request_id)
        return row

    def orders(self) -> list[Order]:
        """Read all orders, by id."""
        return self.all(Order)

    def grant_of(self, request: AccessRequest) -> Grant | None:
        """Return the latest grant of what was asked for, ended or not."""
        with self.reading() as session:
            return session.scalars(
                sa.select(Grant)
                .where(
                    col(Grant.account_id) == request.account_id,
                    col(Grant.entitlement_id) == request.entitlement_id,
                )
                .order_by(col(Grant.id).desc())
            ).first()

    def vendor_changes(self) -> list[tuple[str, str]]:
        """Return what the vendor really applied through its API: (operation, person)."""
        return [
            (line["body"]["op"], line["body"]["id"])
            for line in self.server.history()
            if "/members" in line["path"] and line.get("body")
        ]

    def is_member(self, person_id: str = "64b000000000000000000001") -> bool:
        """Ask the vendor itself whether a person is in crm-admins."""
        answer_ = self.server.http.get(
            f"{self.server.url}/api/v2/usergroups/{ADMINS}/members?limit=100",
            headers={"x-api-key": "demo-key"},
        )
        return person_id in [edge["to"]["id"] for edge in answer_.json()]

    def connector_row(self) -> Connector:
        """Read the connector afresh."""
        row: Connector = self.get(Connector, self.connector_id)
        return row

    def app_row(self) -> App:
        """Read the app of the connector."""
        row: App = self.get(App, self.connector_row().app_id)
        return row

    def identity(self, mail: str) -> Identity:
        """Read a person by mail."""
        with self.reading() as session:
            return session.scalars(sa.select(Identity).where(col(Identity.email) == mail)).one()


def later(seconds: float) -> timedelta:
    """Return so many seconds, for ``clock.frozen(noon + later(5))``."""
    return timedelta(seconds=seconds)


def eventually(condition: Callable[[], object], *, within: float = 20.0) -> None:
    """Wait in real time until a condition holds; fail with its name when it does not."""
    end = time.monotonic() + within
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {within} s: {condition}")
        time.sleep(0.05)


__all__ = ["ADMINS", "RULED", "VendorWorld", "clock", "company_server", "eventually", "later"]
