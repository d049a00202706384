"""A vendor that is a few lists, and a connector that reads them: an input, not a double of ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlmodel import col

from connectors.base import (
    AccountRecord,
    AccountStatus,
    EntitlementRecord,
    GrantRecord,
    Net,
    ResourceRecord,
    ResourceType,
    SignedIn,
    Unread,
)
from connectors.errors import Remote
from connectors.steps import Guide, guide
from tests.world import World
from uar import clock, sync
from uar.models import Account, Connector, Entitlement, Grant, GrantCause, Resource, SyncRun
from uar.models.states import ConnectorState
from uar.settings import Settings
from uar.site import Site
from uar.vault import Vault
from uar.work import SYSTEM, Actor


@dataclass(frozen=True, slots=True)
class NoConfig:
    """A connector without settings."""


@dataclass
class Vendor:
    """What the vendor would answer. ``fails`` names the list that breaks off, and how."""

    accounts: list[AccountRecord] = field(default_factory=list)
    resources: list[ResourceRecord] = field(default_factory=list)
    grants: list[GrantRecord | Unread] = field(default_factory=list)
    fails: dict[str, Remote | Exception] = field(default_factory=dict)
    scope: str = ""

    def add_person(self, name: str, **values: Any) -> AccountRecord:
        """Add a person of the directory; id and address follow from the first name."""
        first = name.split()[0].lower()
        filled: dict[str, Any] = {
            "name": name, "email": f"{first}@example.test", "username": first,
            "status": AccountStatus.ENABLED, "is_directory_person": True,
        }  # fmt: skip
        record = AccountRecord("user", f"u-{first}", **(filled | values))
        self.accounts.append(record)
        return record

    def add_people(self, count: int) -> list[AccountRecord]:
        """Add people who only have numbers."""
        return [self.add_person(f"P{n} Number") for n in range(count)]

    def add_group(self, name: str, *members: AccountRecord, **values: Any) -> ResourceRecord:
        """Add a group and its members."""
        record = ResourceRecord("group", f"g-{name.lower()}", name, **values)
        self.resources.append(record)
        for member in members:
            self.give(member, record)
        return record

    def add_app(self, name: str) -> ResourceRecord:
        """Add an application."""
        record = ResourceRecord("app", f"a-{name.lower()}", name)
        self.resources.append(record)
        return record

    def give(
        self, account: AccountRecord, resource: ResourceRecord, via: ResourceRecord | None = None
    ) -> GrantRecord:
        """Let an account hold what can be held, directly or through another resource."""
        slug = "member" if resource.type == "group" else "access"
        record = GrantRecord(resource.ref, slug, account.ref, via.ref if via else None)
        self.grants.append(record)
        return record

    def take(
        self, account: AccountRecord, resource: ResourceRecord, via: ResourceRecord | None = None
    ) -> None:
        """Take one way of holding it away."""
        slug = "member" if resource.type == "group" else "access"
        self.grants.remove(GrantRecord(resource.ref, slug, account.ref, via.ref if via else None))

    def change(self, account: AccountRecord, **values: Any) -> AccountRecord:
        """Change what the vendor says about an account."""
        changed = replace(account, **values)
        self.accounts[self.accounts.index(account)] = changed
        return changed

    def leave(self, *accounts: AccountRecord) -> None:
        """Remove accounts with all that they hold."""
        gone = {account.ref for account in accounts}
        self.accounts = [each for each in self.accounts if each.ref not in gone]
        self.grants = [
            each for each in self.grants if isinstance(each, Unread) or each.account not in gone
        ]


class ListReader:
    """Reads a `Vendor`."""

    kind: ClassVar[str] = "lists"
    title: ClassVar[str] = "Lists"
    summary: ClassVar[str] = "Reads lists."
    is_directory: ClassVar[bool] = True
    is_beta: ClassVar[bool] = False
    guide: ClassVar[Guide] = guide("Anybody.", "Take a list.")
    Config: ClassVar[type[Any]] = NoConfig
    resource_types: ClassVar[tuple[ResourceType, ...]] = (ResourceType("group", "Group"),)

    def __init__(self, config: Any, net: Net) -> None:  # noqa: ARG002
        self.vendor: Vendor = config
        self.requests = 3
        self.scope = self.vendor.scope

    def check(self) -> SignedIn:
        """Say who we are."""
        return SignedIn("tests", "Example")

    def accounts(self) -> Iterator[AccountRecord]:
        """List accounts."""
        yield from self._list("accounts", self.vendor.accounts)

    def resources(self) -> Iterator[ResourceRecord]:
        """List resources."""
        yield from self._list("resources", self.vendor.resources)

    def entitlements(self, resource: ResourceRecord) -> Iterable[EntitlementRecord]:
        """Say what can be held."""
        slug = "member" if resource.type == "group" else "access"
        yield EntitlementRecord(
            resource.ref, slug, f"{resource.name} {slug}", can_provision=resource.type == "group"
        )

    def grants(
        self,
        resources: Sequence[ResourceRecord],  # noqa: ARG002
    ) -> Iterator[GrantRecord | Unread]:
        """List grants."""
        yield from self._list("grants", self.vendor.grants)

    def close(self) -> None:
        """Do nothing."""

    def _list(self, name: str, rows: Sequence[Any]) -> Iterator[Any]:
        failure = self.vendor.fails.get(name)
        half = len(rows) // 2 if failure else len(rows)
        yield from rows[:half]
        if failure:
            raise failure


class SyncWorld(World):
    """The cast, and a directory app whose vendor is lists; every sync is an hour after the last."""

    def __init__(self, engine: sa.Engine) -> None:
        """Make the app "Directory", owned by Rita; nothing is read yet."""
        super().__init__(engine)
        self.site = Site(engine, Settings(undo_seconds=0), Vault(["test"]))
        self.vendor = Vendor()
        self.app_row = self.app("Directory", owners=[self.rita], state=ConnectorState.NEW)
        self.add_directory(self.app_row.id)
        self.connector_id = self.connector(self.app_row).id
        self.now = clock.now()

    def add_directory(self, app_id: int) -> None:
        """Let people come from an app."""
        with self.site.working(SYSTEM) as work:
            work.session.connection().execute(
                sa.text("UPDATE app SET is_directory = true WHERE id = :id"), {"id": app_id}
            )

    def sync(self, vendor: Vendor | None = None, by: Actor = SYSTEM) -> SyncRun:
        """Read the vendor, an hour after the last time."""
        self.now += timedelta(hours=1)
        with clock.frozen(self.now):
            return sync.run_with(
                self.site, self.connector_id, ListReader(vendor or self.vendor, Net()), by
            )

    def set_connector(self, **values: Any) -> None:
        """Change the connector's row."""
        with self.site.working(SYSTEM) as work:
            work.session.connection().execute(
                sa.update(Connector).where(col(Connector.id) == self.connector_id).values(**values)
            )

    def account_of(self, record: AccountRecord) -> Account:
        """Return the account's row."""
        with self.reading() as session:
            return session.scalars(
                sa.select(Account).where(
                    col(Account.connector_id) == self.connector_id,
                    col(Account.type) == record.type,
                    col(Account.vendor_id) == record.id,
                )
            ).one()

    def entitlement_of(self, record: ResourceRecord) -> Entitlement:
        """Return the right on a resource."""
        with self.reading() as session:
            return session.scalars(
                sa.select(Entitlement)
                .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
                .where(
                    col(Resource.connector_id) == self.connector_id,
                    col(Resource.type) == record.type,
                    col(Resource.vendor_id) == record.id,
                )
            ).one()

    def grants_of(
        self, account: AccountRecord, resource: ResourceRecord, *, past: bool = False
    ) -> list[Grant]:
        """Return the open grants of an account on a resource, at most one, or the past ones."""
        with self.reading() as session:
            return list(
                session.scalars(
                    sa.select(Grant)
                    .where(
                        col(Grant.account_id) == self.account_of(account).id,
                        col(Grant.entitlement_id) == self.entitlement_of(resource).id,
                        col(Grant.ended_at).is_not(None) if past else col(Grant.ended_at).is_(None),
                    )
                    .order_by(col(Grant.id))
                )
            )

    def holds(self, account: AccountRecord, resource: ResourceRecord) -> bool:
        """Say whether the inventory shows the access."""
        return bool(self.grants_of(account, resource))

    def causes_of(self, grant: Grant) -> list[GrantCause]:
        """Return the open causes of a grant."""
        with self.reading() as session:
            return list(
                session.scalars(
                    sa.select(GrantCause)
                    .where(col(GrantCause.grant_id) == grant.id, col(GrantCause.ended_at).is_(None))
                    .order_by(col(GrantCause.id))
                )
            )

    def state(self) -> ConnectorState:
        """Return the connector's state."""
        with self.reading() as session:
            return session.get_one(Connector, self.connector_id).state
