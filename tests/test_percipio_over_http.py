"""Percipio connected to an app: read over HTTP, narrowed, changed and proven (L8, L9, L10, L12)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import col

from tests.connectors.loopback import Heard
from tests.connectors.percipio_cast import (
    ADA,
    EXAM,
    MAX,
    PRIVACY,
    PYTHON,
    TOKEN,
    percipio,
    small_company,
)
from tests.vendor_process import VendorProcess, vendor
from tests.world import World
from tests.world_requests import answer, ask
from uar import clock, connections, sync
from uar.calls import describe_due
from uar.delivery import carry_out_due
from uar.endings import end_due
from uar.models import (
    Account,
    AppOwner,
    Connector,
    Entitlement,
    Grant,
    Resource,
    SyncRun,
)
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import Approval, Completeness
from uar.models.states import GrantState, OrderState, RunState
from uar.population import Scope, counts
from uar.settings import Settings
from uar.site import Site
from uar.vault import Vault
from uar.work import SYSTEM


class PercipioWorld(World):
    """The cast, with accounts at a Percipio vendor server, read once over HTTP."""

    def __init__(self, engine: sa.Engine, server: VendorProcess) -> None:
        super().__init__(engine)
        self.server = server
        settings = Settings(undo_seconds=0, allow_private_hosts="127.0.0.1")
        self.site = Site(engine, settings, Vault(["test"]))
        values = {"api_token": TOKEN, "base_url": server.url}
        with self.site.working(SYSTEM) as work:
            connector = connections.add(
                work, self.site.vault, "percipio", "Percipio", values, writes_on=True
            )
            self.connector_id, self.app_id = connector.id, connector.app_id
            work.session.add(AppOwner(app_id=connector.app_id, identity_id=self.rita.id))
        self.first = self.sync()

    def sync(self) -> SyncRun:
        """Read the vendor now."""
        return sync.run(self.site, self.connector_id, SYSTEM)

    def narrow(self, **values: str) -> None:
        """Change settings as an administrator does."""
        with self.site.working(SYSTEM) as work:
            connections.change_settings(
                work, self.site.vault, self.connector_id, {"base_url": self.server.url, **values}
            )

    def held(self, kind: str = "course") -> dict[tuple[str, str, str], GrantState]:
        """(account, resource, slug) of every grant that is open, with its state."""
        statement = (
            sa.select(col(Account.vendor_id), col(Resource.vendor_id), col(Entitlement.slug),
                      col(Grant.state))
            .select_from(Grant)
            .join(Account, col(Account.id) == col(Grant.account_id))
            .join(Entitlement, col(Entitlement.id) == col(Grant.entitlement_id))
            .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
            .where(col(Grant.ended_at).is_(None), col(Resource.type) == kind)
        )  # fmt: skip
        with self.reading() as session:
            rows = session.connection().execute(statement).all()
        return {(who, what, how): state for who, what, how, state in rows}

    def role(self, name: str) -> Entitlement:
        """The right to have a role, which can be asked for."""
        with self.site.working(SYSTEM) as work:
            row = work.session.scalars(
                sa.select(Entitlement)
                .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
                .where(col(Resource.type) == "role", col(Resource.vendor_id) == name)
            ).one()
            row.requestable, row.approval, row.max_minutes = True, Approval.MANAGER, 600
            return row

    def at_vendor(self, user: str) -> dict[str, object]:
        """Ask the vendor itself about a user."""
        path = "/user-management/v1/organizations/0a0a0a0a-0000-4000-8000-000000000001/users"
        found: dict[str, object] = self.server.http.get(
            f"{self.server.url}{path}/{user}", headers={"authorization": f"Bearer {TOKEN}"}
        ).json()
        return found


@pytest.fixture
def server(tmp_path: Path) -> Iterator[VendorProcess]:
    file = tmp_path / "company.json"
    file.write_text(json.dumps(small_company()))
    flags = ("--company", file, "--rate-limit", "0", "--report-polls", "0")
    with vendor(*flags, name="percipio") as running:
        yield running


@pytest.fixture
def world(engine: sa.Engine, noon: datetime, server: VendorProcess) -> PercipioWorld:
    return PercipioWorld(engine, server)


def test_people_are_matched_and_roles_and_learning_are_held(world: PercipioWorld) -> None:
    assert (world.first.state, world.first.completeness) == (RunState.COMPLETE, Completeness.FULL)
    ada = next(row for row in world.all(Account) if row.vendor_id == ADA)
    assert ada.identity_id == world.ada.id
    assert (ADA, PRIVACY, "completed") in world.held()
    assert world.held("role")[MAX, "MANAGER", "assigned"] is GrantState.ACTIVE
    assert len(world.held()) == len(world.held("role")) == 6


def test_law_8_a_review_of_the_app_asks_about_accounts_and_roles_but_not_about_learning(
    world: PercipioWorld,
) -> None:
    with world.reading() as session:
        whole = counts(session, [Scope(world.app_id)])
        learning = counts(session, [Scope(world.app_id, "course")])

    assert (whole.items, learning.items) == (6 + 6, 6)


def test_law_9_courses_that_are_no_longer_read_are_out_of_scope_and_not_gone(
    world: PercipioWorld,
) -> None:
    before = world.held()
    world.narrow(courses=PYTHON)

    run = world.sync()

    assert (run.state, run.completeness) == (RunState.COMPLETE, Completeness.SCOPED)
    after = world.held()
    assert after.keys() == before.keys()
    outside = {what for (_, what, _), state in after.items() if state is GrantState.OUT_OF_SCOPE}
    assert outside == {PRIVACY, EXAM}
    assert set(world.held("role").values()) == {GrantState.ACTIVE}
    assert all(row.gone_at is None for row in world.all(Resource))

    world.narrow(courses="")
    assert world.sync().completeness is Completeness.FULL
    assert world.held() == before


@pytest.mark.parametrize("how", ["never", "failed"])
def test_a_report_that_does_not_come_loses_us_nothing_and_says_what_to_do(
    world: PercipioWorld, how: str
) -> None:
    before = world.held()
    world.server.switch(report_ends=how)
    with closing(percipio(world.server.url, Heard())) as reader:  # waits without sleeping
        run = sync.run_with(world.site, world.connector_id, reader)

    assert (run.state, run.completeness) == (RunState.PARTIAL, Completeness.PARTIAL)
    assert "The next sync asks again" in run.trouble
    assert world.held() == before


def test_law_12_a_role_is_had_for_a_while_and_both_ends_are_read_back(
    world: PercipioWorld, noon: datetime
) -> None:
    request = ask(world, world.role("LEARNING_ADMIN"), minutes=10)
    answer(world, request, world.max)

    carry_out_due(world.site)

    assert world.at_vendor(ADA)["role"] == "LEARNING_ADMIN"
    assert world.held("role")[ADA, "LEARNING_ADMIN", "assigned"] is GrantState.ACTIVE

    with clock.frozen(noon + timedelta(minutes=11)):
        assert end_due(world.site) == 1
        carry_out_due(world.site)

    assert world.at_vendor(ADA)["role"] == "LEARNER"
    assert (ADA, "LEARNING_ADMIN", "assigned") not in world.held("role")
    assert [order.state for order in world.all(Order)] == [OrderState.VERIFIED] * 2
    sent = [line["body"] for line in world.server.history() if "/users/" in line["path"]]
    assert sent == [{"role": "LEARNING_ADMIN"}, {"role": "LEARNER"}]


def test_law_10_without_writing_every_order_is_for_a_person(world: PercipioWorld) -> None:
    with world.site.working(SYSTEM) as work:
        connections.switch_writes(work, world.connector_id, on=False)
    request = ask(world, world.role("LEARNING_ADMIN"), minutes=10)
    answer(world, request, world.max)

    carry_out_due(world.site)

    assert [order.state for order in world.all(Order)] == [OrderState.MANUAL]
    assert world.at_vendor(ADA)["role"] == "LEARNER"


def test_an_order_says_its_exact_call_without_the_token(world: PercipioWorld) -> None:
    request = ask(world, world.role("LEARNING_ADMIN"), minutes=10)
    answer(world, request, world.max)

    assert describe_due(world.site, world.connector_id) == 1

    (order,) = world.all(Order)
    connector = world.get(Connector, world.connector_id)
    assert order.call.endswith(f'/users/{ADA} {{"role": "LEARNING_ADMIN"}}')
    assert TOKEN not in order.call + json.dumps(connector.settings)
