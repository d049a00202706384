"""uar's own roles from asking for one to losing it: no vendor, and all the same states (L25)."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import col

from tests.world import Person, World
from tests.world_requests import (
    after,
    answer,
    ask,
    make_super,
    now_of,
    orders_of,
    part_ways,
    site_of,
    steps_of,
    told,
)
from uar import clock
from uar.access_requests import order_due
from uar.catalogue import Offer, catalogue
from uar.claims import claim, lanes_due
from uar.delivery import carry_out_due
from uar.endings import end_due, give_back
from uar.errors import Forbidden, Refused
from uar.filing import file_extension
from uar.grants import holds, remove
from uar.holdings import MyAccess, my_access
from uar.models import AccessRequest, Account, App, AppOwner, Entitlement, Grant, Resource
from uar.models.kinds import OrderReason, Risk, Role
from uar.models.states import GrantState, OrderState, RequestState
from uar.permissions import ensure_own_app, give, holders, roles_of


@pytest.fixture
def roles(world: World) -> World:
    """Cam may do everything, Rita owns the app uar, Max manages Ada."""
    make_super(world, world.cam)
    with world.reading() as session:
        app_id = session.scalars(sa.select(col(App.id)).where(col(App.is_own))).one()
    world.add(AppOwner(app_id=app_id, identity_id=world.rita.id))
    return world


def _right(world: World, role: Role) -> Entitlement:
    with world.as_(world.cam) as work:
        ensure_own_app(work)
    with world.reading() as session:
        return session.scalars(
            sa.select(Entitlement)
            .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
            .join(App, col(App.id) == col(Entitlement.app_id))
            .where(col(App.is_own), col(Resource.vendor_id) == role.value)
        ).one()


def _roles(world: World, person: Person) -> frozenset[Role]:
    with world.reading() as session:
        return roles_of(session, person.id)


def _offers(world: World, person: Person) -> list[Offer]:
    with world.reading() as session:
        return [row for row in catalogue(session, person.id) if row.app == "uar"]


def _given(world: World, role: Role = Role.AUDITOR, minutes: int = 60) -> AccessRequest:
    """Ada asked for a role, Max and Rita approved, and it was carried out."""
    request = ask(world, _right(world, role), minutes=minutes)
    answer(world, request, world.max)
    answer(world, request, world.rita)
    carry_out_due(site_of(world))
    return request


def _grant_of(world: World, person: Person) -> Grant:
    with world.reading() as session:
        return session.scalars(
            sa.select(Grant)
            .join(Account, col(Account.id) == col(Grant.account_id))
            .where(col(Account.identity_id) == person.id, col(Grant.ended_at).is_(None))
        ).one()


def _mine(world: World) -> list[MyAccess]:
    with world.reading() as session:
        return my_access(session, world.ada.id, clock.now())


def test_l25_everybody_finds_the_roles_in_the_catalogue_and_who_decides(roles: World) -> None:
    offers = {row.resource: row for row in _offers(roles, roles.ada)}

    assert len(offers) == len(Role)
    auditor = offers["Auditor"]
    assert auditor.decides == ("Max Roth", "Rita Ortiz")
    assert (auditor.account, auditor.max_minutes) == ("Ada Byrne", 30 * 24 * 60)
    assert offers["Super administrator"].max_minutes == 8 * 60
    assert {row.risk for row in offers.values()} == {Risk.HIGH}


def test_l25_a_role_is_asked_for_approved_used_and_over_on_time(roles: World) -> None:
    request = ask(roles, _right(roles, Role.AUDITOR), minutes=60)
    assert _roles(roles, roles.ada) == frozenset()
    answer(roles, request, roles.max)
    answer(roles, request, roles.rita)
    assert [row.state for row in orders_of(roles, request)] == [OrderState.QUEUED]

    carry_out_due(site_of(roles))

    assert _roles(roles, roles.ada) == {Role.AUDITOR}
    assert now_of(roles, request).state is RequestState.GRANTED
    with clock.frozen(after(60)):
        assert _roles(roles, roles.ada) == frozenset()
        assert end_due(site_of(roles)) == 1
        carry_out_due(site_of(roles))
    grant = next(row for row in roles.all(Grant) if row.began_order_id)
    assert (grant.state, grant.ended_at) == (GrantState.ENDED, after(60))
    assert [row.state for row in orders_of(roles, request)] == [OrderState.VERIFIED]


def test_l4_the_clock_of_a_role_starts_when_it_works(roles: World) -> None:
    request = ask(roles, _right(roles, Role.AUDITOR), minutes=60)
    answer(roles, request, roles.max)
    answer(roles, request, roles.rita)

    with clock.frozen(after(15)):
        carry_out_due(site_of(roles))
        [row] = _mine(roles)

    assert row.ends_at == after(75)


def test_nobody_else_asks_for_the_account_in_uar_it_comes_with_the_request(roles: World) -> None:
    _given(roles)
    _given(roles, Role.CAMPAIGN_ADMIN)

    hers = [row for row in roles.all(Account) if row.identity_id == roles.ada.id]
    assert [row.name for row in hers] == ["Ada Byrne"]
    assert _roles(roles, roles.ada) == {Role.AUDITOR, Role.CAMPAIGN_ADMIN}


def test_l14_whose_account_in_uar_is_protected_asks_for_no_role(roles: World) -> None:
    _given(roles)
    with roles.as_(roles.cam) as work:
        work.session.connection().execute(
            sa.update(Account)
            .where(col(Account.identity_id) == roles.ada.id)
            .values(is_protected=True)
        )

    assert _offers(roles, roles.ada) == []
    with pytest.raises(Refused, match="no account in uar that could hold this"):
        ask(roles, _right(roles, Role.SUPER_ADMIN))


def test_l21_an_owner_of_uar_does_not_approve_a_role_for_herself(roles: World) -> None:
    make_super(roles, roles.sam)
    request = ask(roles, _right(roles, Role.SUPER_ADMIN), by=roles.rita)
    answer(roles, request, roles.cam)  # she has no manager

    with pytest.raises(Refused, match="own request"):
        answer(roles, request, roles.rita)


def test_the_manager_who_took_the_first_step_does_not_take_the_second(roles: World) -> None:
    """Every role is of high risk: one person alone gives none."""
    roles.add(AppOwner(app_id=_right(roles, Role.AUDITOR).app_id, identity_id=roles.max.id))
    request = ask(roles, _right(roles, Role.AUDITOR))
    answer(roles, request, roles.max)

    with pytest.raises(Forbidden, match="somebody else"):
        answer(roles, request, roles.max, step=2)
    assert _roles(roles, roles.ada) == frozenset()


def test_l22_without_an_owner_super_administrators_decide_about_roles(world: World) -> None:
    make_super(world, world.cam)

    [auditor] = [row for row in _offers(world, world.ada) if row.resource == "Auditor"]

    assert auditor.decides[1] == (
        "Cam Lee (super administrator: there is no owner of the app who may decide)"
    )


def test_l22_nobody_asks_for_a_role_that_nobody_could_give(world: World) -> None:
    with world.as_(world.cam) as work:
        give(work, world.cam.id, Role.AUDITOR)

    with pytest.raises(Refused, match="Nobody can decide"):
        ask(world, _right(world, Role.SUPER_ADMIN), by=world.sam)


def test_l3_a_role_that_was_given_for_good_meanwhile_gets_no_end(roles: World) -> None:
    request = ask(roles, _right(roles, Role.AUDITOR))
    answer(roles, request, roles.max)
    with roles.as_(roles.cam) as work:
        give(work, roles.ada.id, Role.AUDITOR)
    answer(roles, request, roles.rita)

    carry_out_due(site_of(roles))

    assert now_of(roles, request).state is RequestState.ALREADY_HELD
    [row] = _mine(roles)
    assert row.ends_at is None
    with clock.frozen(after(61)):
        assert end_due(site_of(roles)) == 0
        assert _roles(roles, roles.ada) == {Role.AUDITOR}


def test_l27_a_role_is_not_given_to_somebody_who_has_left_meanwhile(roles: World) -> None:
    request = ask(roles, _right(roles, Role.AUDITOR))
    answer(roles, request, roles.max)
    answer(roles, request, roles.rita)
    part_ways(roles, roles.ada)

    carry_out_due(site_of(roles))

    assert now_of(roles, request).state is RequestState.FAILED
    assert [row for row in roles.all(Grant) if row.began_order_id] == []


def test_a_role_for_a_while_is_given_back_early(roles: World) -> None:
    request = _given(roles)

    with clock.frozen(after(10)):
        with roles.as_(roles.ada) as work:
            give_back(work, _grant_of(roles, roles.ada).id, why="done")
        carry_out_due(site_of(roles))

    assert _roles(roles, roles.ada) == frozenset()
    grant = next(row for row in roles.all(Grant) if row.began_order_id)
    assert grant.ended_at == after(10)
    assert now_of(roles, request).state is RequestState.GRANTED


def test_a_role_is_extended_like_any_other_access(roles: World) -> None:
    _given(roles, minutes=60)
    with roles.as_(roles.ada) as work:
        more = file_extension(work, _grant_of(roles, roles.ada).id, 30)
    answer(roles, more, roles.max)
    answer(roles, more, roles.rita)

    [row] = _mine(roles)
    assert row.ends_at == after(90)


def test_l19_a_role_that_is_leaving_is_given_again_after_that(roles: World) -> None:
    _given(roles)
    with roles.as_(roles.cam) as work:
        remove(work, _grant_of(roles, roles.ada).id, reason=OrderReason.REVIEW, why="no")
    again = ask(roles, _right(roles, Role.AUDITOR))
    answer(roles, again, roles.max)
    answer(roles, again, roles.rita)
    assert orders_of(roles, again) == []

    for _ in range(2):
        carry_out_due(site_of(roles))
        order_due(site_of(roles))

    assert now_of(roles, again).state is RequestState.GRANTED
    assert _roles(roles, roles.ada) == {Role.AUDITOR}


def test_the_holder_of_a_role_is_told_how_long_it_lasts(roles: World) -> None:
    _given(roles)

    assert "uar · Auditor: granted" in told(roles, roles.ada)
    assert all(step.decided_by for step in steps_of(roles, roles.all(AccessRequest)[0]))


def test_l14_the_last_super_administrator_for_good_is_not_replaced_by_one_for_a_while(
    roles: World,
) -> None:
    _given(roles, Role.SUPER_ADMIN)
    with roles.reading() as session:
        assert len(holders(session, Role.SUPER_ADMIN)) == 2

    with pytest.raises(Refused, match="last super"), roles.as_(roles.cam) as work:
        give_back(work, _grant_of(roles, roles.cam).id, why="")
    with roles.as_(roles.max) as work:
        [order] = remove(
            work, _grant_of(roles, roles.cam).id, reason=OrderReason.REVIEW, why="denied"
        )

    assert order.state is OrderState.MANUAL
    assert _roles(roles, roles.cam) == {Role.SUPER_ADMIN}


def test_l14_the_end_of_a_super_administrator_for_a_while_is_never_held_up(roles: World) -> None:
    _given(roles, Role.SUPER_ADMIN)
    part_ways(roles, roles.cam)

    with clock.frozen(after(60)):
        end_due(site_of(roles))
        carry_out_due(site_of(roles))

        assert _roles(roles, roles.ada) == frozenset()
    ended = [row for row in roles.all(Grant) if row.began_order_id]
    assert [row.state for row in ended] == [GrantState.ENDED]


def test_l14_the_only_super_administrator_there_is_does_not_give_it_back(roles: World) -> None:
    """She has it for a while, and whoever had it for good has left."""
    _given(roles, Role.SUPER_ADMIN)
    part_ways(roles, roles.cam)
    [row] = _mine(roles)

    assert not row.may_give_back
    assert "last super administrator" in row.note
    with pytest.raises(Refused, match="last super"), roles.as_(roles.ada) as work:
        give_back(work, row.grant_id, why="")


def test_of_two_super_administrators_either_may_give_it_back(roles: World) -> None:
    make_super(roles, roles.sam)

    with roles.as_(roles.sam) as work:
        give_back(work, _grant_of(roles, roles.sam).id, why="")
    carry_out_due(site_of(roles))

    assert _roles(roles, roles.sam) == frozenset()
    assert _roles(roles, roles.cam) == {Role.SUPER_ADMIN}


def test_a_killed_worker_gives_a_role_once(roles: World) -> None:
    """It is one transaction: what was claimed and not done is done after the lease."""
    request = ask(roles, _right(roles, Role.AUDITOR))
    answer(roles, request, roles.max)
    answer(roles, request, roles.rita)
    with roles.reading() as session:
        [lane] = lanes_due(session, clock.now())
    claim(site_of(roles), lane)

    with clock.frozen(clock.now() + timedelta(minutes=1)):
        carry_out_due(site_of(roles))
        carry_out_due(site_of(roles))

    assert len([row for row in roles.all(Grant) if row.began_order_id]) == 1
    [order] = orders_of(roles, request)
    with roles.reading() as session:
        assert holds(session, order.account_id, order.entitlement_id) is not None
