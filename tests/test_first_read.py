"""A connector's first read is written while it goes on, and loses nothing by it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from connectors.base import Unread
from connectors.errors import Unavailable
from tests.world_sync import SyncWorld
from uar import runs
from uar.models import Account, AuditEntry, Grant, GrantCause, Resource, SyncChange
from uar.models.kinds import Change, ChangeOf
from uar.models.states import ConnectorState, RunState


@pytest.fixture
def world(engine: sa.Engine, noon: object) -> SyncWorld:
    """Six people in a group that gives an app to all of them; nothing is read yet."""
    world = SyncWorld(engine)
    people = world.vendor.add_people(6)
    group, crm = world.vendor.add_group("Admins", *people), world.vendor.add_app("CRM")
    for person in people:
        world.vendor.give(person, crm, via=group)
    return world


def test_a_first_read_reports_all_that_it_found(world: SyncWorld) -> None:
    run = world.sync()

    with world.reading() as session:
        report = runs.changes(session, run.id, what=ChangeOf.PATH)
    assert len(report) == 6 + 6 + 6
    assert {row.change for row in report} == {Change.ADDED}
    assert ("P3 Number", "CRM", "Admins") in {
        (row.account, row.resource, row.via) for row in report
    }
    assert run.counts["grants"] == {"begun": 18, "ended": 0}
    assert run.counts["before"] == {"accounts": 0, "grants": 0}
    assert run.counts["after"] == {"accounts": 6, "grants": 18}


def test_its_report_can_be_paged_and_filtered(world: SyncWorld) -> None:
    run = world.sync()
    shown, after = [], 0

    with world.reading() as session:
        while page := runs.changes(session, run.id, after=after, limit=4):
            shown += page
            after = page[-1].id
        whole = runs.changes(session, run.id, limit=1000)
        accounts = runs.changes(session, run.id, what=ChangeOf.ACCOUNT)
        gone = runs.changes(session, run.id, change=Change.GONE)

    assert shown == whole
    assert len(whole) == 3 + 3 + 6 + 18
    assert {row.after["name"] for row in accounts if row.after} == {
        f"P{n} Number" for n in range(6)
    }
    assert gone == []


def test_a_later_read_reports_only_what_differs(world: SyncWorld) -> None:
    world.sync()
    world.vendor.add_group("Sellers", world.vendor.add_person("Ben Cole"))

    run = world.sync()

    with world.reading() as session:
        report = runs.changes(session, run.id)
    assert {(row.what, row.account or row.vendor_id) for row in report} == {
        (ChangeOf.RESOURCE, "g-sellers"),
        (ChangeOf.ENTITLEMENT, "g-sellers"),
        (ChangeOf.ACCOUNT, "u-ben"),
        (ChangeOf.PATH, "Ben Cole"),
    }


def test_a_read_that_broke_off_reports_what_it_wrote(world: SyncWorld) -> None:
    world.vendor.fails["grants"] = Unavailable("The vendor has a fault of its own.")

    failed = world.sync()

    with world.reading() as session:
        accounts = runs.changes(session, failed.id, what=ChangeOf.ACCOUNT)
    assert len(accounts) == len(world.all(Account))


def test_a_child_whose_parent_was_not_written_yet_gets_it_from_the_next_read(
    world: SyncWorld,
) -> None:
    group = world.vendor.resources[0]
    world.vendor.add_group("Sub", parent=group.ref)
    world.sync()
    # As a process leaves it that died before it had pointed children to their parents.
    with world.site.working() as work:
        work.session.connection().execute(
            sa.update(Resource)
            .where(Resource.name == "Sub")  # type: ignore[arg-type]
            .values(parent_id=None, fingerprint="")
        )

    again, quiet = world.sync(), world.sync()

    (child,) = (row for row in world.all(Resource) if row.name == "Sub")
    (parent,) = (row for row in world.all(Resource) if row.name == "Admins")
    assert child.parent_id == parent.id
    assert again.counts["resource"]["changed"] == 1
    assert quiet.counts["resource"]["changed"] == 0


def test_a_read_that_breaks_off_before_the_parents_leaves_the_children_to_the_next(
    world: SyncWorld,
) -> None:
    world.vendor.add_group("Sub", parent=world.vendor.resources[0].ref)
    world.vendor.fails["resources"] = Unavailable("The vendor has a fault of its own.")
    world.sync()
    world.vendor.fails.clear()

    world.sync()

    (child,) = (row for row in world.all(Resource) if row.name == "Sub")
    assert child.parent_id is not None


def test_its_accounts_have_their_people_as_soon_as_it_is_over(world: SyncWorld) -> None:
    world.sync()

    assert all(row.identity_id for row in world.all(Account))


def test_a_first_read_that_breaks_off_has_failed_and_the_next_goes_on(world: SyncWorld) -> None:
    world.vendor.fails["grants"] = Unavailable("The vendor has a fault of its own.")
    failed = world.sync()
    world.vendor.fails.clear()

    run = world.sync()

    assert failed.state is RunState.FAILED
    assert run.state is RunState.COMPLETE
    assert run.counts["after"] == {"accounts": 6, "grants": 18}
    assert len(world.all(Grant)) == 18
    assert len(world.all(GrantCause)) == 18


def test_a_first_read_that_does_not_get_to_its_accounts_leaves_nothing(world: SyncWorld) -> None:
    world.vendor.fails["accounts"] = Unavailable("The vendor has a fault of its own.")

    failed = world.sync()

    assert failed.state is RunState.FAILED
    assert world.all(Account) == []
    assert world.all(SyncChange) == []
    assert world.state() is ConnectorState.BROKEN


def test_a_first_read_may_be_partial(world: SyncWorld) -> None:
    world.vendor.grants.insert(0, Unread(world.vendor.resources[0].ref, "Not today."))

    run = world.sync()

    assert run.state is RunState.PARTIAL
    assert run.counts["after"] == {"accounts": 6, "grants": 18}


def test_what_cannot_be_written_fails_the_run(
    world: SyncWorld, caplog: pytest.LogCaptureFixture
) -> None:
    with world.site.working() as work:
        work.session.connection().execute(sa.text("DROP TABLE grant_cause"))

    run = world.sync()

    assert run.state is RunState.FAILED
    assert "uar met a fault of its own" in run.trouble
    assert "grant_cause" in caplog.text


def test_each_transaction_of_it_is_recorded(world: SyncWorld) -> None:
    run = world.sync()

    applied = [row for row in world.all(AuditEntry) if row.action == "sync_run.applied"]
    assert {row.subject for row in applied} == {f"sync_run:{run.id}"}
    assert {row.details["what"] for row in applied} == {
        "resource", "entitlement", "account", "path",
    }  # fmt: skip
