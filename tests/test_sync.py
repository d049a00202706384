"""What a read becomes: rows begin, change and end as the vendor's lists do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import col

from connectors.base import (
    AccountRecord,
    AccountStatus,
    GrantRecord,
    Net,
    Ref,
    ResourceRecord,
    Unread,
)
from connectors.errors import Unauthorised, Unavailable
from tests.world_sync import ListReader, SyncWorld
from uar import clock, runs, sync
from uar.db import connect
from uar.models import (
    Account,
    AuditEntry,
    Connector,
    Entitlement,
    Grant,
    GrantCause,
    Notification,
    Resource,
    SyncRun,
)
from uar.models.kinds import Cause, Change, Completeness, Risk
from uar.models.states import ConnectorState, RunState
from uar.scratch import FIRST, LARGEST


@pytest.fixture
def world(engine: sa.Engine, noon: object) -> SyncWorld:
    return SyncWorld(engine)


@pytest.fixture
def lite(sqlite_url: str, noon: object) -> Iterator[SyncWorld]:
    engine = connect(sqlite_url)
    yield SyncWorld(engine)
    engine.dispose()


def test_a_first_read_begins_everything_at_the_instant_of_the_read(world: SyncWorld) -> None:
    ada = world.vendor.add_person("Ada Byrne", department="Sales")
    admins = world.vendor.add_group("Admins", ada)

    run = world.sync()

    (grant,) = world.grants_of(ada, admins)
    assert run.state is RunState.COMPLETE
    assert run.completeness is Completeness.FULL
    assert run.requests == 3
    assert (grant.began_at, grant.began_run_id) == (world.now, run.id)
    assert [cause.kind for cause in world.causes_of(grant)] == [Cause.STANDING]
    assert world.account_of(ada).department == "Sales"
    assert world.entitlement_of(admins).can_provision
    assert run.counts["after"] == {"accounts": 1, "grants": 2}


def test_every_account_that_is_not_deleted_holds_the_built_in_entitlement(
    world: SyncWorld,
) -> None:
    ada = world.vendor.add_person("Ada Byrne")
    sam = world.vendor.add_person("Sam Hill", status=AccountStatus.DELETED)

    world.sync()

    access = ResourceRecord("credential", "access")
    assert world.holds(ada, access)
    assert not world.holds(sam, access)
    assert world.entitlement_of(access).is_builtin
    assert not world.entitlement_of(access).can_provision


def test_a_read_of_the_same_again_finds_nothing(world: SyncWorld) -> None:
    ada = world.vendor.add_person("Ada Byrne", last_login_at=clock.now(), profile={"b": "1"})
    world.vendor.add_group("Admins", ada, facts={"kind": "static"})
    world.sync()

    run = world.sync()

    with world.reading() as session:
        row = runs.run_row(session, run.id)
        assert [row.total(change) for change in Change] == [0, 0, 0]
        assert runs.changes(session, run.id) == []


def test_what_is_gone_ends_at_the_instant_of_the_read_and_keeps_its_history(
    world: SyncWorld,
) -> None:
    ada, max_ = world.vendor.add_person("Ada Byrne"), world.vendor.add_person("Max Roth")
    admins = world.vendor.add_group("Admins", ada, max_)
    world.sync()
    world.vendor.take(ada, admins)

    run = world.sync()

    (past,) = world.grants_of(ada, admins, past=True)
    assert not world.holds(ada, admins)
    assert world.holds(max_, admins)
    assert (past.ended_at, past.ended_run_id) == (world.now, run.id)
    assert run.counts["grants"] == {"begun": 0, "ended": 1}


def test_access_that_comes_back_is_a_new_grant(world: SyncWorld) -> None:
    ada = world.vendor.add_person("Ada Byrne")
    admins = world.vendor.add_group("Admins", ada)
    world.sync()
    world.vendor.take(ada, admins)
    world.sync()
    world.vendor.give(ada, admins)

    world.sync()

    (now,) = world.grants_of(ada, admins)
    (past,) = world.grants_of(ada, admins, past=True)
    assert now.id != past.id
    assert not now.reappeared


def test_an_account_that_comes_back_is_the_same_account(world: SyncWorld) -> None:
    ada, *_ = world.vendor.add_person("Ada Byrne"), *world.vendor.add_people(9)
    world.sync()
    before = world.account_of(ada)
    world.vendor.leave(ada)
    world.sync()
    gone_at = world.account_of(ada).gone_at
    gone_on = world.now
    ada = world.vendor.add_person("Ada Byrne-Roth")

    world.sync()

    after = world.account_of(ada)
    assert gone_at == gone_on
    assert (after.id, after.name, after.gone_at) == (before.id, "Ada Byrne-Roth", None)


def test_an_id_that_changes_type_is_another_account(world: SyncWorld) -> None:
    world.vendor.add_people(9)
    world.vendor.accounts.append(AccountRecord("user", "x1", "Xenia"))
    world.sync()
    world.vendor.accounts[-1] = AccountRecord("admin", "x1", "Xenia")

    world.sync()

    found = [row for row in world.all(Account) if row.vendor_id == "x1"]
    assert [(row.type, row.gone_at is None) for row in found] == [("user", False), ("admin", True)]


def test_what_people_decide_about_an_entitlement_survives_a_change_by_the_vendor(
    world: SyncWorld,
) -> None:
    admins = world.vendor.add_group("Admins", world.vendor.add_person("Ada Byrne"))
    world.sync()
    with world.as_(world.rita) as work:
        row = work.session.get_one(Entitlement, world.entitlement_of(admins).id)
        row.risk, row.requestable, row.max_minutes = Risk.HIGH, True, 30
        work.session.add(row)
    world.vendor.resources[0] = ResourceRecord("group", admins.id, "Administrators", "All of them")

    run = world.sync()

    row = world.entitlement_of(admins)
    assert (row.name, row.risk, row.requestable, row.max_minutes) == (
        "Administrators member", Risk.HIGH, True, 30,
    )  # fmt: skip
    assert run.counts["resource"]["changed"] == 1


def test_a_change_says_what_it_was_before(world: SyncWorld) -> None:
    ada = world.vendor.add_person("Ada Byrne", title="Seller")
    world.sync()
    world.vendor.change(ada, title="Head of sales")

    run = world.sync()

    with world.reading() as session:
        (change,) = runs.changes(session, run.id)
    assert change.differing == {"title": ("Seller", "Head of sales")}
    assert world.account_of(ada).title == "Head of sales"


def test_a_resource_points_to_its_parent_even_when_that_is_listed_later(world: SyncWorld) -> None:
    world.vendor.add_group("Child", parent=Ref("group", "g-parent"))
    parent = world.vendor.add_group("Parent")

    world.sync()

    child, above = (
        next(row for row in world.all(Resource) if row.vendor_id == vendor_id)
        for vendor_id in ("g-child", parent.id)
    )
    assert child.parent_id == above.id
    world.vendor.resources[0] = ResourceRecord("group", "g-child", "Child")
    world.sync()
    assert world.get(Resource, child.id).parent_id is None


def test_things_listed_twice_count_once_and_the_log_says_so(world: SyncWorld) -> None:
    ada = world.vendor.add_person("Ada Byrne")
    admins = world.vendor.add_group("Admins", ada, ada)
    world.vendor.accounts.append(ada)
    world.vendor.resources.append(admins)

    run = world.sync()

    with world.reading() as session:
        text = "\n".join(line.text for line in runs.lines(session, run.id))
    assert run.state is RunState.COMPLETE
    assert len(world.grants_of(ada, admins)) == 1
    for noun in ("account user u-ada", "resource group g-admins", "u-ada holds member of group"):
        assert f"{noun}" in text


def test_grants_of_what_is_not_listed_are_left_out(world: SyncWorld) -> None:
    ada = world.vendor.add_person("Ada Byrne")
    admins = world.vendor.add_group("Admins", ada)
    world.vendor.grants += [
        GrantRecord(admins.ref, "member", Ref("user", "nobody")),
        GrantRecord(admins.ref, "owner", ada.ref),
        GrantRecord(admins.ref, "member", ada.ref, Ref("group", "nowhere")),
    ]

    run = world.sync()

    with world.reading() as session:
        text = "\n".join(line.text for line in runs.lines(session, run.id))
    assert run.counts["path"]["added"] == 2
    assert text.count("not all of it is listed") == 3


def test_names_that_could_deceive_are_cleaned_and_the_log_says_so(world: SyncWorld) -> None:
    ada = AccountRecord("user", "u1", "Ada\x00\x1b[31m\u202eByrne")
    world.vendor.accounts = [ada, AccountRecord("user", "u2\n", "Max Roth")]
    world.vendor.resources = [ResourceRecord("group", "g1", "L" + "o" * 20_000)]

    run = world.sync()

    with world.reading() as session:
        text = "\n".join(line.text for line in runs.lines(session, run.id))
    assert world.account_of(ada).name == "Ada [31mByrne"
    (group,) = [row for row in world.all(Resource) if row.vendor_id == "g1"]
    assert len(group.name) == 500
    assert text.count("had control characters or was too long") == 3, "its entitlement too"
    assert "An id that cannot be kept: account user 'u2\\n'" in text
    assert run.counts["account"]["added"] == 1


def test_a_resource_that_could_not_be_read_makes_the_run_partial(world: SyncWorld) -> None:
    ada, max_ = world.vendor.add_person("Ada Byrne"), world.vendor.add_person("Max Roth")
    admins, sellers = world.vendor.add_group("Admins", ada), world.vendor.add_group("Sellers", max_)
    world.sync()
    world.vendor.grants = [Unread(admins.ref, "The vendor had a fault of its own.")]
    world.vendor.give(ada, sellers)
    world.vendor.accounts.remove(max_)

    run = world.sync()

    assert (run.state, run.completeness) == (RunState.PARTIAL, Completeness.PARTIAL)
    assert "g-admins" in run.trouble
    assert world.holds(ada, admins), "a partial read never removes"
    assert world.holds(max_, sellers), "not even what was read and is not there"
    assert world.account_of(max_).gone_at is None
    assert world.holds(ada, sellers), "it may add"
    assert world.state() is ConnectorState.READY


@pytest.mark.parametrize("where", ["accounts", "resources", "grants"])
def test_a_vendor_that_breaks_off_loses_us_nothing(world: SyncWorld, where: str) -> None:
    people = world.vendor.add_people(6)
    admins = world.vendor.add_group("Admins", *people)
    world.sync()
    world.vendor.fails[where] = Unavailable("The vendor has a fault of its own. Try again later.")

    run = world.sync()

    assert run.state is RunState.FAILED
    assert run.trouble == "The vendor has a fault of its own. Try again later."
    assert all(world.holds(person, admins) for person in people)
    assert world.state() is ConnectorState.BROKEN


def test_a_fault_of_our_own_fails_the_run_and_nothing_else(
    lite: SyncWorld, caplog: pytest.LogCaptureFixture
) -> None:
    lite.vendor.fails["grants"] = KeyError("members")

    run = lite.sync()

    assert run.state is RunState.FAILED
    assert "KeyError" in run.trouble
    assert "members" in caplog.text


def test_a_connector_recovers_with_the_next_read(lite: SyncWorld) -> None:
    lite.vendor.add_person("Ada Byrne")
    lite.vendor.fails["accounts"] = Unauthorised("The key is not accepted.")
    lite.sync()
    broken = lite.get(Connector, lite.connector_id)
    lite.vendor.fails.clear()

    lite.sync()

    after = lite.get(Connector, lite.connector_id)
    assert (broken.state, broken.failures, broken.trouble) == (
        ConnectorState.BROKEN, 1, "The key is not accepted.",
    )  # fmt: skip
    assert (after.state, after.failures, after.trouble) == (ConnectorState.READY, 0, "")


def test_failures_wait_longer_and_longer_and_the_third_is_told_once(lite: SyncWorld) -> None:
    lite.vendor.fails["accounts"] = Unauthorised("The key is not accepted.")
    waits = []

    for _ in range(4):
        lite.sync()
        next_at = lite.get(Connector, lite.connector_id).next_sync_at
        waits.append(next_at - lite.now)

    assert waits == [timedelta(minutes=minutes) for minutes in (1, 2, 4, 8)]
    (message,) = lite.all(Notification)
    assert message.identity_id == lite.rita.id
    assert "3 times in a row" in message.subject
    assert message.body == "The key is not accepted."


def test_every_transaction_of_a_run_is_short_and_recorded(lite: SyncWorld) -> None:
    people = lite.vendor.add_people(1200)
    lite.vendor.add_group("Everybody", *people)
    inserted: list[int] = []

    def note(
        _c: object, cursor: sa.engine.interfaces.DBAPICursor, statement: str, *_: object
    ) -> None:
        if statement.startswith(("INSERT INTO grants", "INSERT INTO account")):
            inserted.append(cursor.rowcount)

    sa.event.listen(lite.engine, "after_cursor_execute", note)
    run = lite.sync()
    sa.event.remove(lite.engine, "after_cursor_execute", note)

    applied = [row for row in lite.all(AuditEntry) if row.action == "sync_run.applied"]
    assert sum(inserted) == 1200 + 2400
    assert inserted[3] <= FIRST
    assert max(inserted) <= LARGEST
    assert {row.subject for row in applied} == {f"sync_run:{run.id}"}
    assert {"what": "path", "change": "added"} in [row.details for row in applied]


def test_each_ended_grant_has_an_audit_row_of_its_own(lite: SyncWorld) -> None:
    people = lite.vendor.add_people(10)
    admins = lite.vendor.add_group("Admins", *people)
    lite.sync()
    lite.vendor.take(people[0], admins)
    lite.vendor.take(people[1], admins)

    run = lite.sync()

    ended = [row for row in lite.all(AuditEntry) if row.action == "grants.ended"]
    assert len(ended) == 2
    assert {row.reason for row in ended} == {f"Sync {run.id} no longer shows it."}


def test_a_run_that_died_in_the_middle_is_completed_by_the_next(world: SyncWorld) -> None:
    people = world.vendor.add_people(10)
    admins = world.vendor.add_group("Admins", *people)
    world.sync()
    # As a process leaves it that died after it had begun some grants.
    with world.site.working() as work:
        connection, this = work.session.connection(), world.account_of(people[3]).id
        held = sa.select(col(Grant.id)).where(col(Grant.account_id) == this)
        connection.execute(sa.delete(GrantCause).where(col(GrantCause.grant_id).in_(held)))
        connection.execute(sa.delete(Grant).where(col(Grant.account_id) == this))

    run = world.sync()

    assert run.counts["grants"] == {"begun": 2, "ended": 0}
    assert world.holds(people[3], admins)


def test_the_log_and_the_report_can_be_paged(lite: SyncWorld) -> None:
    lite.vendor.add_group("Admins", *lite.vendor.add_people(3))
    run = lite.sync()

    with lite.reading() as session:
        first = runs.changes(session, run.id, limit=2)
        rest = runs.changes(session, run.id, after=first[-1].id)
        lines = runs.lines(session, run.id)
        later = runs.lines(session, run.id, after=lines[0].id)

    assert len(first) == 2
    assert len(rest) == (2 + 2 + 3 + 6) - 2
    assert [line.text for line in later] == [line.text for line in lines[1:]]
    assert lines[0].text == "Read 3 accounts."
    assert (rest[-1].account, rest[-1].resource) == ("P2 Number", "Admins")


def test_a_run_tells_its_lines_to_the_caller_at_once(lite: SyncWorld) -> None:
    heard: list[str] = []

    sync.run_with(lite.site, lite.connector_id, ListReader(lite.vendor, Net()), log=heard.append)

    assert heard[0] == "Read 0 accounts."
    assert heard[-1] == "Applied."


def test_a_run_is_by_whoever_asked_for_it(lite: SyncWorld) -> None:
    lite.sync(by=lite.rita.actor)

    (run,) = lite.all(SyncRun)
    assert run.by == "Rita Ortiz"
    assert {row.actor_id for row in lite.all(AuditEntry) if row.action == "sync_run.begun"} == {
        lite.rita.id
    }
