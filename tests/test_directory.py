"""People come from directories, and stay."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from connectors.base import AccountRecord, AccountStatus
from tests.world_sync import SyncWorld, Vendor
from uar.identities import PersonRow, people, person
from uar.models import AuditEntry, Identity
from uar.models.kinds import Match, PersonStatus


@pytest.fixture
def world(engine: sa.Engine, noon: object) -> SyncWorld:
    return SyncWorld(engine)


def who(world: SyncWorld, email: str) -> PersonRow | None:
    with world.reading() as session:
        found = [row for row in people(session) if row.email == email]
        return person(session, found[0].id) if found else None


def test_people_come_from_the_directory_by_mail_in_lower_case(world: SyncWorld) -> None:
    world.vendor.add_person(
        "Nora Falk", email="Nora@Example.test", department="Finance", title="Clerk",
        employee_id="E7",
    )  # fmt: skip

    world.sync()

    nora = who(world, "nora@example.test")
    assert nora is not None
    assert (nora.name, nora.department, nora.title, nora.employee_id, nora.accounts) == (
        "Nora Falk", "Finance", "Clerk", "E7", 1,
    )  # fmt: skip


def test_a_person_is_refreshed_and_not_made_twice(world: SyncWorld) -> None:
    ada = world.vendor.add_person("Ada Byrne", title="Seller")
    world.sync()
    world.vendor.change(ada, title="Head of sales", name="Ada Byrne-Roth")

    world.sync()

    found = who(world, "ada@example.test")
    assert found is not None
    assert (found.id, found.name, found.title) == (world.ada.id, "Ada Byrne-Roth", "Head of sales")


def test_an_app_that_is_no_directory_makes_no_people(world: SyncWorld) -> None:
    with world.site.working() as work:
        work.session.connection().execute(sa.text("UPDATE app SET is_directory = false"))
    world.vendor.add_person("Nora Falk")

    world.sync()

    assert who(world, "nora@example.test") is None


def test_administrators_of_a_directory_are_no_people(world: SyncWorld) -> None:
    world.vendor.accounts.append(AccountRecord("admin", "a1", "Root", "root@example.test"))

    world.sync()

    assert who(world, "root@example.test") is None


def test_an_address_that_two_accounts_share_makes_nobody(world: SyncWorld) -> None:
    world.vendor.add_person("Nora Falk", email="office@example.test")
    world.vendor.add_person("Otto Falk", email="Office@example.test")

    world.sync()

    assert who(world, "office@example.test") is None


def test_managers_follow_the_directory(world: SyncWorld) -> None:
    nora = world.vendor.add_person("Nora Falk", manager_id="u-otto")
    world.vendor.add_person("Otto Falk", manager_id="u-otto")
    world.sync()
    first = who(world, "nora@example.test")
    otto = who(world, "otto@example.test")
    world.vendor.change(nora, manager_id="")

    world.sync()

    after = who(world, "nora@example.test")
    assert first is not None
    assert first.manager == "Otto Falk"
    assert otto is not None
    assert otto.manager is None, "nobody is their own manager"
    assert after is not None
    assert after.manager is None


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"status": AccountStatus.DISABLED, "status_detail": "suspended"}, PersonStatus.INACTIVE),
        ({"status": AccountStatus.DELETED}, PersonStatus.INACTIVE),
        ({"status": AccountStatus.DISABLED, "status_detail": "locked"}, PersonStatus.ACTIVE),
        ({"status": AccountStatus.UNSPECIFIED}, PersonStatus.ACTIVE),
    ],
)
def test_who_is_suspended_has_left_and_who_is_locked_out_has_not(
    world: SyncWorld, values: dict[str, object], status: PersonStatus
) -> None:
    ada = world.vendor.add_person("Ada Byrne")
    world.sync()
    world.vendor.change(ada, **values)

    world.sync()

    found = world.get(Identity, world.ada.id)
    assert found.status is status
    assert found.left_at == (world.now if status is PersonStatus.INACTIVE else None)


def test_the_day_somebody_left_stays_when_something_else_changes(world: SyncWorld) -> None:
    ada = world.vendor.add_person("Ada Byrne", status=AccountStatus.DISABLED)
    world.sync()
    left_at = world.now
    world.vendor.change(ada, title="Former seller")

    world.sync()

    found = world.get(Identity, world.ada.id)
    assert (found.title, found.left_at) == ("Former seller", left_at)


def test_who_is_gone_from_the_directory_has_left_and_can_return(world: SyncWorld) -> None:
    ada, *_ = world.vendor.add_person("Ada Byrne"), *world.vendor.add_people(9)
    world.sync()
    world.vendor.leave(ada)
    world.sync()
    gone = world.get(Identity, world.ada.id)
    world.vendor.accounts.append(ada)

    world.sync()

    back = world.get(Identity, world.ada.id)
    actions = [row.action for row in world.all(AuditEntry) if row.subject == f"identity:{back.id}"]
    assert gone.status is PersonStatus.INACTIVE
    assert (back.status, back.left_at) == (PersonStatus.ACTIVE, None)
    assert actions == ["identity.left", "identity.returned"]


def test_people_whom_no_directory_knows_are_left_alone(world: SyncWorld) -> None:
    world.vendor.add_person("Ada Byrne")

    world.sync()

    assert world.get(Identity, world.sam.id).status is PersonStatus.ACTIVE


def test_a_new_address_stays_the_same_person(world: SyncWorld) -> None:
    ada = world.vendor.add_person("Ada Byrne", employee_id="E1")
    world.sync()
    world.vendor.change(ada, email="ada.roth@example.test")

    world.sync()

    assert world.get(Identity, world.ada.id).email == "ada.roth@example.test"
    assert who(world, "ada@example.test") is None


def test_an_address_that_goes_to_somebody_else_does_not_take_the_person_along(
    world: SyncWorld,
) -> None:
    ada = world.vendor.add_person("Ada Byrne")
    world.sync()
    world.vendor.change(ada, email="ada2@example.test")
    eve = world.vendor.add_person("Eve Stone", email="ada@example.test")

    world.sync()

    assert world.get(Identity, world.ada.id).email == "ada2@example.test"
    assert world.account_of(ada).identity_id == world.ada.id
    second = who(world, "ada@example.test")
    assert second is not None
    assert (second.name, second.id) == ("Eve Stone", world.account_of(eve).identity_id)


def test_somebody_else_with_the_address_of_a_leaver_does_not_become_the_leaver(
    world: SyncWorld,
) -> None:
    ada, *_ = world.vendor.add_person("Ada Byrne", employee_id="E1"), *world.vendor.add_people(9)
    world.sync()
    world.vendor.leave(ada)
    eve = world.vendor.add_person("Eve Stone", email="ada@example.test", employee_id="E2")

    world.sync()

    assert world.account_of(eve).identity_id is None
    assert world.get(Identity, world.ada.id).name == "Ada Byrne"
    assert world.get(Identity, world.ada.id).status is PersonStatus.INACTIVE


def test_an_employee_id_that_the_directory_corrects_is_taken_over(world: SyncWorld) -> None:
    ada = world.vendor.add_person("Ada Byrne", employee_id="E1")
    world.sync()
    world.vendor.change(ada, employee_id="E2")

    world.sync()

    assert world.get(Identity, world.ada.id).employee_id == "E2"
    assert world.account_of(ada).identity_id == world.ada.id


def test_of_two_directories_the_first_decides(world: SyncWorld) -> None:
    world.vendor.add_person("Ada Byrne", title="Seller")
    world.sync()
    payroll = world.app("Payroll")
    world.add_directory(payroll.id)
    world.connector_id = world.connector(payroll).id
    second = Vendor()
    record = second.add_person("Ada B.", title="4711")

    world.sync(second)

    assert world.get(Identity, world.ada.id).title == "Seller"
    assert world.account_of(record).match is Match.MAIL


def test_people_are_paged_and_searched(world: SyncWorld) -> None:
    with world.reading() as session:
        first = people(session, limit=2)
        rest = people(session, after=(first[-1].name, first[-1].id))
        found = people(session, search="byrne sales")

    assert [row.name for row in first + rest] == [
        "Ada Byrne", "Cam Lee", "Max Roth", "Rita Ortiz", "Sam Hill",
    ]  # fmt: skip
    assert [row.name for row in found] == ["Ada Byrne"]
    assert found[0].manager == "Max Roth"
