"""A company whose Workato is a vendor server: one role for each collaborator and environment."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import col

from tests.connectors.workato_cast import ADA, HEADERS, Company, legacy_company
from tests.vendor_process import VendorProcess, vendor
from tests.world import World
from tests.world_requests import answer, ask
from uar import connections, sync
from uar.models import (
    AccessRequest,
    Account,
    AppOwner,
    Entitlement,
    Grant,
    Incident,
    Resource,
    SyncRun,
)
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import Approval
from uar.models.states import GrantState
from uar.settings import Settings
from uar.site import Site
from uar.vault import Vault
from uar.work import SYSTEM


@contextmanager
def workspace_server(
    folder: Path, company: Callable[[], Company] = legacy_company
) -> Iterator[VendorProcess]:
    """Run the vendor server of a workspace, its state in a file of the folder."""
    (folder / "workspace.json").write_text(json.dumps(company()))
    flags = ("--company", folder / "workspace.json", "--state", folder / "workato.state")
    with vendor(*flags, name="workato") as running:
        yield running


class WorkatoWorld(World):
    """The cast, who are collaborators too, read once over HTTP; Ada is Operator in prod."""

    def __init__(self, engine: sa.Engine, server: VendorProcess) -> None:
        """Connect, read, and let every role be asked for."""
        super().__init__(engine)
        self.server = server
        settings = Settings(undo_seconds=0, allow_private_hosts="127.0.0.1")
        self.site = Site(engine, settings, Vault(["test"]))
        with self.site.working(SYSTEM) as work:
            connector = connections.add(
                work,
                self.site.vault,
                "workato",
                "Workato",
                {"api_key": "demo-token", "base_url": server.url},
                writes_on=True,
            )
            self.connector_id = connector.id
        self.sync()
        with self.site.working(SYSTEM) as work:
            work.session.add(AppOwner(app_id=connector.app_id, identity_id=self.rita.id))
            work.session.connection().execute(
                sa.update(Entitlement)
                .where(
                    col(Entitlement.connector_id) == connector.id, col(Entitlement.can_provision)
                )
                .values(requestable=True, approval=Approval.MANAGER, max_minutes=600)
            )

    def sync(self) -> SyncRun:
        """Read the vendor now."""
        return sync.run(self.site, self.connector_id, SYSTEM)

    def role(self, name: str, environment: str = "prod") -> Entitlement:
        """Return the right to have a role in an environment."""
        with self.reading() as session:
            return session.scalars(
                sa.select(Entitlement)
                .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
                .where(
                    col(Resource.connector_id) == self.connector_id,
                    col(Resource.name) == f"{name} in {environment}",
                )
            ).one()

    def approved(self, name: str = "Admin", *, minutes: int = 10) -> AccessRequest:
        """Let Ada ask for a role in prod, and Max approve."""
        request = ask(self, self.role(name), minutes=minutes)
        answer(self, request, self.max)
        return self.request(request.id)

    def request(self, request_id: int) -> AccessRequest:
        """Read one request afresh."""
        row: AccessRequest = self.get(AccessRequest, request_id)
        return row

    def orders(self) -> list[Order]:
        """Read all orders, by id."""
        return self.all(Order)

    def incidents(self) -> list[Incident]:
        """Read all incidents, by id."""
        return self.all(Incident)

    def grant_of_role(self, name: str, environment: str = "prod") -> Grant | None:
        """Return Ada's latest grant of a role, ended or not."""
        entitlement = self.role(name, environment)
        with self.reading() as session:
            return session.scalars(
                sa.select(Grant)
                .where(col(Grant.entitlement_id) == entitlement.id)
                .where(col(Grant.account_id) == self.account_of(ADA))
                .order_by(col(Grant.id).desc())
            ).first()

    def state_of(self, name: str, environment: str = "prod") -> GrantState | None:
        """Return the state of Ada's latest grant of a role."""
        grant = self.grant_of_role(name, environment)
        return grant.state if grant else None

    def account_of(self, vendor_id: str) -> int:
        """Return the id of a collaborator's account."""
        with self.reading() as session:
            return session.scalars(
                sa.select(col(Account.id)).where(
                    col(Account.connector_id) == self.connector_id,
                    col(Account.vendor_id) == vendor_id,
                )
            ).one()

    def roles_at_vendor(self, vendor_id: str = ADA) -> dict[str, str]:
        """Ask the vendor itself which roles somebody has."""
        row = self.server.http.get(
            f"{self.server.url}/api/members/{vendor_id}", headers=HEADERS
        ).json()
        return {each["environment_type"]: each["role_name"] for each in row["roles"]}

    def by_hand(self, environment: str, name: str, vendor_id: str = ADA) -> None:
        """Change a role as an administrator at the vendor's console."""
        form = {"person": vendor_id, "environment": environment, "role": f"privilege_group/{name}"}
        assert self.server.http.post(f"{self.server.url}/role", data=form).status_code == 303

    def vendor_changes(self) -> list[tuple[str, str]]:
        """Return what the vendor really applied through its API: (environment, role)."""
        return [
            (each["environment_type"], each["name"])
            for line in self.server.history()
            if line["by"] == "api"
            for each in line["body"].get("env_roles", ())
        ]
