"""Which account is whose (L26)."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from connectors.base import AccountRecord
from tests.world_sync import SyncWorld
from uar.errors import NotFound
from uar.matching import reset_person, set_person, suggestions
from uar.models import Account, AuditEntry, Identity
from uar.models.kinds import Match
from uar.permissions import own_account


@pytest.fixture
def world(engine: sa.Engine, noon: object) -> SyncWorld:
    """An app that is no directory."""
    world = SyncWorld(engine)
    with world.site.working() as work:
        work.session.connection().execute(sa.text("UPDATE app SET is_directory = false"))
    return world


def whose(world: SyncWorld, record: AccountRecord) -> tuple[int | None, Match]:
    account = world.account_of(record)
    return account.identity_id, account.match


def test_l26_an_account_belongs_to_the_person_with_its_address(world: SyncWorld) -> None:
    ada = world.vendor.add_person("Ada Byrne", email=" ADA@example.test")

    world.sync()

    assert whose(world, ada) == (world.ada.id, Match.MAIL)


def test_l26_an_address_shared_by_two_accounts_matches_neither(world: SyncWorld) -> None:
    one = world.vendor.add_person("Ada Byrne")
    two = world.vendor.add_person("Robot Byrne", email="Ada@example.test")

    world.sync()

    assert whose(world, one) == (None, Match.NONE)
    assert whose(world, two) == (None, Match.NONE)


def test_l26_accounts_of_different_types_may_share_an_address(world: SyncWorld) -> None:
    one = world.vendor.add_person("Ada Byrne")
    admin = AccountRecord("admin", "a1", "Ada Byrne", "ada@example.test")
    world.vendor.accounts.append(admin)

    world.sync()

    assert whose(world, one) == whose(world, admin) == (world.ada.id, Match.MAIL)


def test_l26_a_match_ends_when_the_address_is_no_longer_unique(world: SyncWorld) -> None:
    ada = world.vendor.add_person("Ada Byrne")
    world.sync()
    world.vendor.add_person("Robot Byrne", email="ada@example.test")

    world.sync()

    assert whose(world, ada) == (None, Match.NONE)
    unmatched = [row for row in world.all(AuditEntry) if row.action == "account.matched"][-1]
    assert unmatched.details["unmatched"] == [world.account_of(ada).id]


def test_l26_employee_ids_that_disagree_prevent_a_match(world: SyncWorld) -> None:
    with world.site.working() as work:
        work.session.connection().execute(
            sa.text("UPDATE identity SET employee_id = 'E1' WHERE name = 'Ada Byrne'")
        )
    other = world.vendor.add_person("Ada Byrne", employee_id="E2")

    world.sync()
    disagreeing = whose(world, other)
    world.vendor.accounts = []
    same = world.vendor.add_person("Ada Byrne", employee_id="E1")
    world.sync()

    assert disagreeing == (None, Match.NONE)
    assert whose(world, same) == (world.ada.id, Match.MAIL)


def test_l26_an_administrator_belongs_to_the_person_the_vendor_names(world: SyncWorld) -> None:
    ada = world.vendor.add_person("Ada Byrne", linked_id="a1")
    admin = AccountRecord("admin", "a1", "root", "root@example.test", linked_id="u-ada")
    world.vendor.accounts.append(admin)
    with world.site.working() as work:
        work.session.connection().execute(sa.text("UPDATE app SET is_directory = true"))

    world.sync()

    assert whose(world, ada) == (world.ada.id, Match.MAIL)
    assert whose(world, admin) == (world.ada.id, Match.LINK)


def test_l26_a_user_name_suggests_and_nothing_acts_on_it(world: SyncWorld) -> None:
    ada = world.vendor.add_person("A. Byrne", email="", username="ADA")
    world.vendor.add_person("Nobody Known", email="", username="nobody")

    world.sync()

    with world.reading() as session:
        (suggestion,) = suggestions(session, world.app_row.id)
    assert whose(world, ada) == (None, Match.NONE)
    assert (suggestion.account, suggestion.identity, suggestion.email) == (
        "A. Byrne", "Ada Byrne", "ada@example.test",
    )  # fmt: skip


def test_what_a_person_said_survives_syncs(world: SyncWorld) -> None:
    ada, max_ = world.vendor.add_person("Ada Byrne"), world.vendor.add_person("Max Roth")
    world.sync()
    with world.as_(world.rita) as work:
        set_person(work, world.account_of(ada).id, world.sam.id, why="He uses it.")
        set_person(work, world.account_of(max_).id, None, why="A shared mailbox.")

    world.sync()

    assert whose(world, ada) == (world.sam.id, Match.HAND)
    assert whose(world, max_) == (None, Match.HAND)
    (first, _) = [row for row in world.all(AuditEntry) if row.action == "account.person_set"]
    assert (first.reason, first.details["before"]) == ("He uses it.", world.ada.id)


def test_what_a_person_said_can_be_taken_back(world: SyncWorld) -> None:
    ada = world.vendor.add_person("Ada Byrne")
    world.sync()
    with world.as_(world.rita) as work:
        set_person(work, world.account_of(ada).id, world.sam.id, why="He uses it.")
        reset_person(work, world.account_of(ada).id, why="A mistake.")

    world.sync()

    assert whose(world, ada) == (world.ada.id, Match.MAIL)


def test_an_account_or_person_that_is_not_there_cannot_be_said(world: SyncWorld) -> None:
    ada = world.vendor.add_person("Ada Byrne")
    world.sync()

    with pytest.raises(NotFound), world.as_(world.rita) as work:
        set_person(work, 999, world.ada.id, why="")
    with pytest.raises(NotFound), world.as_(world.rita) as work:
        set_person(work, world.account_of(ada).id, 999, why="")
    with pytest.raises(NotFound), world.as_(world.rita) as work:
        reset_person(work, 999, why="")


def test_a_gone_account_keeps_its_person(world: SyncWorld) -> None:
    ada, *_ = world.vendor.add_person("Ada Byrne"), *world.vendor.add_people(9)
    world.sync()
    world.vendor.leave(ada)

    world.sync()

    assert whose(world, ada) == (world.ada.id, Match.MAIL)


def test_the_accounts_of_uar_itself_are_not_matched(world: SyncWorld) -> None:
    with world.site.working() as work:
        account = own_account(work, work.session.get_one(Identity, world.sam.id))
        account.email = "ada@example.test"
    with world.site.working() as work:
        work.session.connection().execute(sa.text("UPDATE app SET is_directory = true"))

    world.sync()

    assert world.get(Account, account.id).match is Match.LINK
    assert world.get(Account, account.id).identity_id == world.sam.id
