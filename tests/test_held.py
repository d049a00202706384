"""The brake: a run that would remove too much waits for a person (CON-11)."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import col

from connectors.base import AccountRecord, ResourceRecord
from tests.world_sync import SyncWorld
from uar import clock, held, sync
from uar.brake import Sums, why_held
from uar.db import connect
from uar.errors import Conflict, NotFound, Refused
from uar.models import AuditEntry, Connector, Grant, Notification, ProvisioningOrder, SyncRun
from uar.models.kinds import OrderKind, OrderReason
from uar.models.states import ConnectorState, GrantState, OrderState, RunState
from uar.settings import Settings
from uar.site import Site
from uar.vault import Vault
from uar.work import SYSTEM


@pytest.fixture
def world(engine: sa.Engine, noon: object) -> SyncWorld:
    return SyncWorld(engine)


@pytest.fixture
def people(world: SyncWorld) -> list[AccountRecord]:
    """Ten people who are members of Admins; half of them no longer at the vendor."""
    people = world.vendor.add_people(10)
    world.vendor.add_group("Admins", *people)
    world.sync()
    world.vendor.leave(*people[5:])
    world.vendor.add_person("Newcomer One")
    return people


def admins(world: SyncWorld) -> ResourceRecord:
    return world.vendor.resources[0]


def test_a_run_that_would_remove_too_much_waits_and_changes_nothing(
    world: SyncWorld, people: list[AccountRecord]
) -> None:
    run = world.sync()

    assert run.state is RunState.HELD
    assert run.trouble == "It would remove 10 of 20 grants, which is more than 20%."
    assert all(world.holds(person, admins(world)) for person in people)
    assert run.counts["account"] == {"added": 1, "changed": 0, "gone": 5}
    assert len(world.all(Grant)) == 20
    (message,) = world.all(Notification)
    assert message.identity_id == world.rita.id
    assert world.state() is ConnectorState.READY


def test_a_held_run_can_be_applied_by_another_process(
    world: SyncWorld, people: list[AccountRecord]
) -> None:
    run = world.sync()
    later = connect(world.engine.url.render_as_string(hide_password=False))

    applied = sync.apply_held(
        Site(later, Settings(), Vault(["test"])), run.id, world.rita.actor, reason="They left."
    )
    later.dispose()

    assert applied.state is RunState.COMPLETE
    assert not any(world.holds(person, admins(world)) for person in people[5:])
    assert world.account_of(people[9]).gone_at == run.started_at
    assert applied.counts["after"] == {"accounts": 6, "grants": 11}
    (asked,) = [row for row in world.all(AuditEntry) if row.action == "sync_run.apply_asked"]
    assert (asked.actor, asked.reason) == ("Rita Ortiz", "They left.")


def test_a_held_run_can_be_discarded_and_the_next_reads_afresh(
    world: SyncWorld, people: list[AccountRecord]
) -> None:
    run = world.sync()
    with world.as_(world.rita) as work:
        sync.discard(work, run.id, reason="Their reorganisation.")
    for person in people[5:]:
        world.vendor.accounts.append(person)
        world.vendor.give(person, admins(world))

    after = world.sync()

    assert world.get(SyncRun, run.id).state is RunState.DISCARDED
    assert after.state is RunState.COMPLETE
    assert len(world.grants_of(people[9], admins(world))) == 1


def test_a_run_is_applied_or_discarded_once(world: SyncWorld, people: list[AccountRecord]) -> None:
    run = world.sync()
    sync.apply_held(world.site, run.id, world.rita.actor)

    with pytest.raises(Conflict, match="does not wait any more"):
        sync.apply_held(world.site, run.id, world.rita.actor)
    with pytest.raises(Conflict), world.as_(world.rita) as work:
        sync.discard(work, run.id, reason="late")
    with pytest.raises(NotFound):
        sync.apply_held(world.site, 999, world.rita.actor)


def test_a_held_run_is_not_applied_to_an_inventory_that_has_changed(
    world: SyncWorld, people: list[AccountRecord]
) -> None:
    run = world.sync()
    world.grant(
        world.ada,
        world.entitlement_of(admins(world)),
        account=world.account(None, app=world.app_row),
    )

    with pytest.raises(Refused, match="has changed since"):
        sync.apply_held(world.site, run.id, world.rita.actor)


@pytest.mark.parametrize(
    ("reason", "refused"), [(OrderReason.EXPIRY, False), (OrderReason.REVIEW, True)]
)
def test_only_ends_that_were_due_may_happen_before_a_held_run_is_applied(
    world: SyncWorld, people: list[AccountRecord], reason: OrderReason, *, refused: bool
) -> None:
    run = world.sync()
    (grant,) = world.grants_of(people[0], admins(world))
    order = world.add(
        ProvisioningOrder(
            kind=OrderKind.REVOKE, reason=reason, state=OrderState.VERIFIED, app_id=grant.app_id,
            connector_id=grant.connector_id, account_id=grant.account_id,
            entitlement_id=grant.entitlement_id, grant_id=grant.id, created_at=world.now,
            not_before=world.now, next_at=world.now, settled_at=world.now + timedelta(minutes=1),
        )
    )  # fmt: skip
    with world.site.working() as work:
        work.session.connection().execute(
            sa.update(Grant)
            .where(col(Grant.id) == grant.id)
            .values(
                state=GrantState.ENDED,
                ended_at=world.now + timedelta(minutes=1),
                ended_order_id=order.id,
            )
        )

    if refused:
        with pytest.raises(Refused):
            sync.apply_held(world.site, run.id, world.rita.actor)
    else:
        assert sync.apply_held(world.site, run.id, world.rita.actor).state is RunState.COMPLETE


def test_applying_again_after_the_process_died_goes_on(
    world: SyncWorld, people: list[AccountRecord]
) -> None:
    run = world.sync()
    # As a process leaves it that died after adding the newcomer and her account.
    with world.site.working() as work:
        row = work.session.get_one(SyncRun, run.id)
        row.counts = {**row.counts, "applying": True}
        work.session.add(row)
    world.account(None, app=world.app_row, vendor_id="u-newcomer")

    applied = sync.apply_held(world.site, run.id, world.rita.actor)

    assert applied.state is RunState.COMPLETE
    assert applied.counts["after"] == {"accounts": 6, "grants": 11}


def test_a_later_read_replaces_the_one_that_waits_and_tells_nobody_again(
    world: SyncWorld, people: list[AccountRecord]
) -> None:
    first = world.sync()

    second = world.sync()

    assert world.get(SyncRun, first.id).state is RunState.DISCARDED
    assert second.state is RunState.HELD
    assert len(world.all(Notification)) == 1


def test_a_connector_with_a_run_that_waits_is_not_due(
    world: SyncWorld, people: list[AccountRecord]
) -> None:
    world.sync()
    world.set_connector(next_sync_at=world.now)

    with clock.frozen(world.now + timedelta(hours=1)):
        assert sync.run_due(world.site) == 0


def test_an_empty_list_of_accounts_always_waits(world: SyncWorld) -> None:
    world.set_connector(brake_share=1.0)
    ada = world.vendor.add_person("Ada Byrne")
    world.sync()
    world.vendor.leave(ada)

    run = world.sync()

    assert run.state is RunState.HELD
    assert run.trouble == "The list of accounts is empty; there were 1 before."
    assert world.account_of(ada).gone_at is None


def test_the_brake_can_be_set_per_connector(world: SyncWorld, people: list[AccountRecord]) -> None:
    world.set_connector(brake_share=0.6)

    run = world.sync()

    assert run.state is RunState.COMPLETE


def test_a_path_that_goes_while_another_stays_is_no_removal(world: SyncWorld) -> None:
    people = world.vendor.add_people(10)
    group, crm = world.vendor.add_group("Admins", *people), world.vendor.add_app("CRM")
    for person in people:
        world.vendor.give(person, crm)
        world.vendor.give(person, crm, via=group)
    world.sync()
    for person in people:
        world.vendor.take(person, crm)

    run = world.sync()

    assert run.state is RunState.COMPLETE
    assert run.counts["path"]["gone"] == 10
    assert run.counts["grants"]["ended"] == 0


@pytest.mark.parametrize(
    ("sums", "waits"),
    [
        (Sums(accounts=0, grants=0, accounts_gone=0, grants_gone=0), False),
        (Sums(accounts=4, grants=4, accounts_gone=3, grants_gone=4), False),
        (Sums(accounts=10, grants=100, accounts_gone=2, grants_gone=20), False),
        (Sums(accounts=10, grants=100, accounts_gone=2, grants_gone=21), True),
        (Sums(accounts=10, grants=100, accounts_gone=3, grants_gone=3), True),
    ],
)
def test_the_share_counts_from_five_on(sums: Sums, *, waits: bool) -> None:
    assert bool(why_held(sums, share=0.2, accounts_read=1)) is waits


def test_a_failed_read_leaves_the_one_that_waits(
    world: SyncWorld, people: list[AccountRecord]
) -> None:
    run = world.sync()
    world.vendor.fails["accounts"] = RuntimeError()

    world.sync()

    assert world.get(SyncRun, run.id).state is RunState.HELD
    with world.site.working(SYSTEM) as work:
        assert held.mark_of(work.session, world.connector_id) == run.counts["mark"]
    assert world.get(Connector, world.connector_id).state is ConnectorState.BROKEN
