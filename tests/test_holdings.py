"""What a person holds, until when, and what she may do with it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.queries import asserts_queries
from tests.world import World
from tests.world_requests import account_of, after, answer, ask, orders_of, prove
from uar import clock
from uar.endings import give_back
from uar.errors import NotFound
from uar.holdings import MyAccess, lately_ended, my_access, one_of_mine
from uar.models import App, Entitlement, Resource
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import Cause, OrderKind, OrderReason, Role
from uar.models.states import GrantState
from uar.permissions import give
from uar.work import SYSTEM, unit_of_work


def _mine(world: World) -> list[MyAccess]:
    with world.reading() as session:
        return my_access(session, world.ada.id, clock.now())


def _running(world: World, minutes: int = 60, name: str = "Admins", **values: int) -> Entitlement:
    account_of(world, world.ada)
    right = world.entitlement(name, **values)
    request = ask(world, right, minutes=minutes)
    answer(world, request, world.max)
    prove(world, orders_of(world, request)[0])
    return right


def test_what_ends_soonest_comes_first_and_what_never_ends_last(world: World) -> None:
    world.grant(account=account_of(world, world.ada), entitlement=world.entitlement("A"))
    _running(world, 120, "B")
    _running(world, 60, "C")

    assert [row.entitlement for row in _mine(world)] == ["C member", "B member", "A member"]


def test_what_is_left_is_a_share_of_the_lifetime(world: World) -> None:
    _running(world, 60)

    with clock.frozen(after(45)):
        [row] = _mine(world)

    assert row.ends_at == after(60)
    assert row.left == pytest.approx(0.25)
    assert row.access == "CRM · Admins member"


def test_more_time_is_asked_for_in_the_measure_of_the_last_time(world: World) -> None:
    _running(world, 45, max_minutes=30 + 15)

    [row] = _mine(world)

    assert row.extend_minutes == 45
    assert row.may_give_back


def test_while_more_time_is_asked_for_it_is_not_offered_again(world: World) -> None:
    right = _running(world, 60)
    request = ask(world, right)

    [row] = _mine(world)

    assert row.extend_minutes == 0
    assert row.request_id == request.id
    assert row.note == "more time is asked for"


def test_what_is_not_offered_any_more_is_not_extended(world: World) -> None:
    right = _running(world, 60)
    with unit_of_work(world.engine, SYSTEM) as work:
        work.session.get_one(Entitlement, right.id).requestable = False

    assert _mine(world)[0].extend_minutes == 0


def test_l3_standing_access_has_no_end_and_can_be_given_back(world: World) -> None:
    world.grant(account=account_of(world, world.ada))

    [row] = _mine(world)

    assert (row.ends_at, row.left, row.extend_minutes) == (None, 1.0, 0)
    assert row.may_give_back


def test_l5_what_comes_through_a_group_is_given_back_there(world: World) -> None:
    account = account_of(world, world.ada)
    group = world.entitlement("crm-users")
    through = world.get(Resource, group.resource_id)
    world.grant(
        entitlement=world.entitlement("CRM", type_="app"),
        account=account,
        kind=Cause.GROUP,
        via=through,
    )

    [row] = _mine(world)

    assert not row.may_give_back
    assert row.note == "comes through crm-users: give that back"


def test_what_is_being_removed_says_so_and_offers_nothing(world: World) -> None:
    _running(world, 60)
    with world.as_(world.ada) as work:
        give_back(work, _mine_id(world), why="done early")

    [row] = _mine(world)

    assert row.state is GrantState.ENDING
    assert (row.extend_minutes, row.may_give_back) == (0, False)


def test_what_is_over_offers_nothing_even_before_the_job_has_come_by(world: World) -> None:
    _running(world, 60)

    with clock.frozen(after(60)):
        [row] = _mine(world)

    assert (row.state, row.left, row.extend_minutes) == (GrantState.ENDING, 0.0, 0)
    assert not row.may_give_back


def test_the_plain_account_of_a_directory_is_not_listed(world: World) -> None:
    account = account_of(world, world.ada)
    access = world.entitlement("CRM", type_="app", slug="access", is_builtin=True)
    world.grant(entitlement=access, account=account)

    assert [row.note for row in _mine(world)] == [
        "an account: ask the owner of the app to close it"
    ]

    with unit_of_work(world.engine, SYSTEM) as work:
        work.session.get_one(App, world.crm.id).is_directory = True

    assert _mine(world) == []


def test_a_role_in_uar_is_given_back_like_other_access(world: World) -> None:
    with unit_of_work(world.engine, SYSTEM) as work:
        give(work, world.ada.id, Role.AUDITOR)

    [row] = _mine(world)

    assert row.access == "uar · Auditor"
    assert row.may_give_back


def test_l14_the_last_super_administrator_reads_why_she_keeps_it(world: World) -> None:
    with unit_of_work(world.engine, SYSTEM) as work:
        give(work, world.ada.id, Role.SUPER_ADMIN)

    [row] = _mine(world)

    assert not row.may_give_back
    assert row.note == "the last super administrator: give somebody else the role first"


def test_what_others_hold_is_not_mine(world: World) -> None:
    grant = world.grant(world.sam, account=world.account(world.sam))

    assert _mine(world) == []
    with world.reading() as session, pytest.raises(NotFound):
        one_of_mine(session, world.ada.id, grant.id, clock.now())


def test_what_ended_lately_says_why(world: World) -> None:
    _running(world, 60)
    with world.as_(world.ada) as work:
        give_back(work, _mine_id(world), why="done early")
    [removal] = [order for order in world.all(Order) if order.kind is OrderKind.REVOKE]
    prove(world, removal)

    with world.reading() as session:
        [row] = lately_ended(session, world.ada.id, clock.now())
        later = lately_ended(session, world.ada.id, clock.now() + timedelta(days=8))

    assert (row.reason, row.ended_at) == (OrderReason.GIVEN_BACK, clock.now())
    assert row.access == "CRM · Admins member"
    assert later == []


def test_my_access_costs_five_queries_however_much_it_is(lite_world: World) -> None:
    account = account_of(lite_world, lite_world.ada)
    for n in range(20):
        lite_world.grant(entitlement=lite_world.entitlement(f"Group {n}"), account=account)

    with lite_world.reading() as session, asserts_queries(5, lite_world.engine):
        held = my_access(session, lite_world.ada.id, clock.now())

    assert len(held) == 20


def _mine_id(world: World) -> int:
    return _mine(world)[0].grant_id
