"""What an app has, as pages and exports show it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from connectors.base import Ref
from tests.queries import asserts_queries
from tests.world_sync import SyncWorld
from uar import inventory
from uar.errors import NotFound
from uar.models import Grant, GrantCause
from uar.models.states import GrantState


@pytest.fixture
def world(engine: sa.Engine, noon: object) -> SyncWorld:
    """Ada in Admins, which gives CRM; Max has CRM directly too."""
    world = SyncWorld(engine)
    vendor = world.vendor
    ada = vendor.add_person("Ada Byrne", profile={"company": "Example"})
    max_ = vendor.add_person("Max Roth")
    vendor.add_person("Xavier Doe", email="")
    admins = vendor.add_group("Admins", ada, parent=Ref("app", "a-crm"))
    crm = vendor.add_app("CRM")
    vendor.give(ada, crm, via=admins)
    vendor.give(max_, crm)
    world.sync()
    return world


def test_the_export_is_in_the_vendors_own_ids(world: SyncWorld) -> None:
    with world.reading() as session, asserts_queries(5, world.engine):
        found = inventory.export(session, "Directory")

    group, crm = {"type": "group", "id": "g-admins"}, {"type": "app", "id": "a-crm"}
    assert found["accounts"][0] == {
        "id": "u-ada", "type": "user", "name": "Ada Byrne", "email": "ada@example.test",
        "status": "enabled", "last_login_at": None, "profile": {"company": "Example"},
        "identity": "ada@example.test",
    }  # fmt: skip
    assert found["accounts"][2]["identity"] is None
    assert found["resources"] == [
        {"type": "app", "id": "a-crm", "name": "CRM", "parent": None},
        {"type": "group", "id": "g-admins", "name": "Admins", "parent": crm},
    ]
    assert found["entitlements"] == [
        {"resource": crm, "slug": "access"}, {"resource": group, "slug": "member"},
    ]  # fmt: skip
    assert found["grants"] == [
        {"resource": crm, "slug": "access", "account": "u-ada", "direct": False, "via": [group]},
        {"resource": crm, "slug": "access", "account": "u-max", "direct": True, "via": []},
        {"resource": group, "slug": "member", "account": "u-ada", "direct": True, "via": []},
    ]


def test_what_is_gone_is_not_exported(world: SyncWorld) -> None:
    world.set_connector(brake_share=1.0)
    world.vendor.grants = []
    world.vendor.resources = []
    world.sync()

    with world.reading() as session:
        found = inventory.export(session, "Directory")

    assert (found["resources"], found["entitlements"], found["grants"]) == ([], [], [])
    assert len(found["accounts"]) == 3


def test_an_app_that_is_not_there_is_said_to_be_so(world: SyncWorld) -> None:
    with pytest.raises(NotFound, match="Nowhere"), world.reading() as session:
        inventory.export(session, "Nowhere")


def test_accounts_are_paged_by_name_and_searched(world: SyncWorld) -> None:
    app_id = world.app_row.id
    with world.reading() as session:
        first = inventory.accounts(session, app_id, limit=2)
        rest = inventory.accounts(session, app_id, after=(first[-1].name, first[-1].id))
        found = inventory.accounts(session, app_id, search="MAX example")

    assert [row.name for row in first + rest] == ["Ada Byrne", "Max Roth", "Xavier Doe"]
    assert [row.name for row in found] == ["Max Roth"]
    assert (first[0].identity, rest[0].identity) == ("Ada Byrne", None)


def test_entitlements_say_how_many_hold_them(world: SyncWorld) -> None:
    with world.reading() as session, asserts_queries(1, world.engine):
        found = inventory.entitlements(session, world.app_row.id)

    assert [(row.name, row.resource_type, row.grants) for row in found] == [
        ("Access", "credential", 3), ("Admins member", "group", 1), ("CRM access", "app", 2),
    ]  # fmt: skip


def test_grants_say_through_what_they_are_held(world: SyncWorld) -> None:
    with world.reading() as session, asserts_queries(1, world.engine):
        found = inventory.grants(session, app_id=world.app_row.id)

    assert {(row.account, row.entitlement, row.direct, row.via) for row in found} == {
        ("Ada Byrne", "Access", True, None), ("Max Roth", "Access", True, None),
        ("Xavier Doe", "Access", True, None), ("Ada Byrne", "Admins member", True, None),
        ("Ada Byrne", "CRM access", False, "Admins"), ("Max Roth", "CRM access", True, None),
    }  # fmt: skip


def test_grants_are_paged_and_narrowed(world: SyncWorld) -> None:
    crm = world.entitlement_of(world.vendor.resources[1])
    with world.reading() as session:
        every = inventory.grants(session, app_id=world.app_row.id)
        first = inventory.grants(session, app_id=world.app_row.id, limit=4)
        rest = inventory.grants(session, app_id=world.app_row.id, after=first[-1].id)
        of_crm = inventory.grants(session, entitlement_id=crm.id)
        of_ada = inventory.grants(session, account_id=world.account_of(world.vendor.accounts[0]).id)

    assert first + rest == every
    assert {row.account for row in of_crm} == {"Ada Byrne", "Max Roth"}
    assert len(of_ada) == 3


def test_past_grants_keep_through_what_they_were_held(world: SyncWorld) -> None:
    crm = world.vendor.resources[1]
    world.vendor.take(world.vendor.accounts[0], crm, via=world.vendor.resources[0])
    world.sync()

    with world.reading() as session:
        (past,) = inventory.grants(session, app_id=world.app_row.id, past=True)

    assert (past.account, past.direct, past.via) == ("Ada Byrne", False, "Admins")
    assert past.ended_at == world.now


def test_a_grant_whose_removal_is_under_way_is_still_direct(world: SyncWorld) -> None:
    (grant,) = world.grants_of(world.vendor.accounts[1], world.vendor.resources[1])
    with world.site.working() as work:
        connection = work.session.connection()
        connection.execute(
            sa.update(GrantCause)
            .where(sa.text("grant_id = :id").bindparams(id=grant.id))
            .values(ended_at=world.now)
        )
        connection.execute(
            sa.update(Grant)
            .where(sa.text("id = :id").bindparams(id=grant.id))
            .values(state=GrantState.ENDING)
        )

    with world.reading() as session:
        (row,) = [each for each in inventory.grants(session, limit=50) if each.id == grant.id]
        exported = inventory.export(session, "Directory")["grants"]

    assert row.direct
    assert [each["direct"] for each in exported if each["account"] == "u-max"] == [True]
