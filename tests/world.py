"""The cast and the builders: rows as a sync or a screen would have left them.

Ada asks, Max manages her, Rita owns the app, Cam runs the campaign, Sam is a
stranger and must never see anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from uar import clock
from uar.db import reading
from uar.models import (
    Account,
    App,
    AppOwner,
    Connector,
    Entitlement,
    Grant,
    GrantCause,
    Identity,
    Resource,
)
from uar.models.kinds import AccountStatus, Cause, Match
from uar.models.states import ConnectorState
from uar.work import Actor, Work, unit_of_work


@dataclass(frozen=True)
class Person:
    """One of the cast."""

    id: int
    name: str
    email: str

    @property
    def actor(self) -> Actor:
        """Return the person as the actor of a unit of work."""
        return Actor(self.name, self.id)


class World:
    """A small company in a database of its own."""

    def __init__(self, engine: sa.Engine) -> None:
        """Put the cast in, and the app CRM with its connector, owned by Rita."""
        self.engine = engine
        self._n = 0
        self.max = self.person("Max Roth")
        self.ada = self.person("Ada Byrne", manager=self.max, department="Sales", title="Seller")
        self.rita = self.person("Rita Ortiz")
        self.cam = self.person("Cam Lee")
        self.sam = self.person("Sam Hill")
        self.crm = self.app("CRM", owners=[self.rita])

    @contextmanager
    def as_(self, person: Person) -> Iterator[Work]:
        """Work as one of the cast, at the instant of the clock."""
        with unit_of_work(self.engine, person.actor) as work:
            yield work

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Read as anybody."""
        with reading(self.engine) as session:
            yield session

    def add(self, row: Any) -> Any:
        """Insert one row and return it with its id."""
        with unit_of_work(self.engine, Actor("test")) as work:
            work.session.add(row)
            work.session.flush()
        return row

    def get(self, table: type[SQLModel], row_id: int) -> Any:
        """Read one row afresh."""
        with self.reading() as session:
            row = session.get(table, row_id)
        assert row is not None
        return row

    def all(self, table: type[SQLModel]) -> list[Any]:
        """Read all rows of a table, by id."""
        with self.reading() as session:
            return list(session.scalars(sa.select(table).order_by(sa.text("1"))))

    def person(
        self, name: str, *, manager: Person | None = None, department: str = "", title: str = ""
    ) -> Person:
        """Add a person; the mail address is the first name at example.test."""
        email = f"{name.split()[0].lower()}@example.test"
        row = self.add(
            Identity(
                name=name, email=email, department=department, title=title,
                manager_id=manager.id if manager else None,
                created_at=clock.now(), changed_at=clock.now(),
            )
        )  # fmt: skip
        return Person(row.id, name, email)

    def app(self, name: str, *, owners: list[Person] | None = None, **connector: Any) -> App:
        """Add a managed app with one ready connector that may write."""
        app: App = self.add(App(name=name, created_at=clock.now()))
        for owner in owners or []:
            self.add(AppOwner(app_id=app.id, identity_id=owner.id))
        values: dict[str, Any] = {
            "kind": "jumpcloud", "name": name, "state": ConnectorState.READY, "writes_on": True,
        }  # fmt: skip
        self.add(Connector(app_id=app.id, created_at=clock.now(), **(values | connector)))
        return app

    def connector(self, app: App | None = None) -> Connector:
        """Read the connector of an app."""
        with self.reading() as session:
            wanted = (app or self.crm).id
            return session.scalars(sa.select(Connector).where(Connector.app_id == wanted)).one()

    def entitlement(
        self, name: str = "Admins", *, app: App | None = None, type_: str = "group", **values: Any
    ) -> Entitlement:
        """Add a resource and the right to be its member, which the connector can change."""
        connector = self.connector(app)
        resource = self.add(
            Resource(
                app_id=connector.app_id, connector_id=connector.id, type=type_,
                vendor_id=self._id("r"), name=name, first_seen_at=clock.now(),
            )
        )  # fmt: skip
        filled: dict[str, Any] = {
            "slug": "member", "name": f"{name} member", "can_provision": True, "requestable": True,
        }  # fmt: skip
        row: Entitlement = self.add(
            Entitlement(
                app_id=connector.app_id, connector_id=connector.id, resource_id=resource.id,
                first_seen_at=clock.now(), **(filled | values),
            )
        )  # fmt: skip
        return row

    def account(self, person: Person | None, *, app: App | None = None, **values: Any) -> Account:
        """Add a person's account in an app; without a person, an orphan."""
        connector = self.connector(app)
        filled: dict[str, Any] = {
            "type": "user", "vendor_id": self._id("a"),
            "name": person.name if person else "nobody", "email": person.email if person else "",
            "status": AccountStatus.ENABLED,
        }  # fmt: skip
        row: Account = self.add(
            Account(
                app_id=connector.app_id, connector_id=connector.id, first_seen_at=clock.now(),
                identity_id=person.id if person else None,
                match=Match.MAIL if person else Match.NONE, **(filled | values),
            )
        )  # fmt: skip
        return row

    def grant(
        self,
        person: Person | None = None,
        entitlement: Entitlement | None = None,
        *,
        account: Account | None = None,
        kind: Cause = Cause.STANDING,
        began: datetime | None = None,
        ends_at: datetime | None = None,
        via: Resource | None = None,
        request_id: int = 0,
    ) -> Grant:
        """Add an open grant with one cause, as a read would have shown it a year ago."""
        entitlement = entitlement or self.entitlement()
        account = account or self.account(person or self.ada)
        began = began or clock.now() - timedelta(days=365)
        row: Grant = self.add(
            Grant(
                app_id=entitlement.app_id, connector_id=entitlement.connector_id,
                account_id=account.id, entitlement_id=entitlement.id, began_at=began,
            )
        )  # fmt: skip
        self.add(
            GrantCause(
                grant_id=row.id, kind=kind, via_id=via.id if via else 0,
                request_id=request_id, began_at=began, ends_at=ends_at,
            )
        )  # fmt: skip
        return row

    def _id(self, letter: str) -> str:
        self._n += 1
        return f"{letter}{self._n:04d}"
