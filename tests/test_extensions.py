"""More time, and asking again while a removal is on its way: L2, L4, L19."""

from __future__ import annotations

from tests.world import World
from tests.world_requests import (
    account_of,
    after,
    answer,
    ask,
    now_of,
    orders_of,
    prove,
    site_of,
    told,
)
from uar import clock
from uar.access_requests import cancel, order_due
from uar.endings import end_due
from uar.grants import remove
from uar.models import (
    AccessRequest,
    Entitlement,
    Grant,
    GrantCause,
)
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import OrderKind, OrderReason
from uar.models.states import GrantState, RequestState
from uar.provisioning import cancel as call_off
from uar.work import SYSTEM, unit_of_work


def _approved(world: World, right: Entitlement | None = None, **values: int) -> AccessRequest:
    account_of(world, world.ada)
    request = ask(world, right or world.entitlement(), **values)
    answer(world, request, world.max)
    return request


def _running(world: World, minutes: int = 60, **values: int) -> tuple[Entitlement, AccessRequest]:
    """Ada holds something for a while, from now on."""
    right = world.entitlement(**values)
    request = _approved(world, right, minutes=minutes)
    prove(world, orders_of(world, request)[0])
    return right, request


def _removal(world: World, grant: Grant) -> Order:
    with unit_of_work(world.engine, SYSTEM) as work:
        return remove(work, grant.id, reason=OrderReason.REVIEW, why="denied")[0]


def _cancel(world: World, request: AccessRequest) -> None:
    with world.as_(world.ada) as work:
        cancel(work, request.id)


def test_an_approved_extension_is_in_force_at_once_and_nothing_is_sent(world: World) -> None:
    right, first = _running(world, 60)

    with clock.frozen(after(50)):
        more = _approved(world, right, minutes=30)

    assert now_of(world, more).state is RequestState.GRANTED
    assert orders_of(world, more) == []
    assert [cause.ends_at for cause in world.all(GrantCause)] == [after(60), after(90)]
    assert told(world, world.ada)[-1] == "CRM · Admins member: granted"
    assert now_of(world, first).state is RequestState.GRANTED


def test_an_extension_reaches_no_further_than_the_longest_time_from_now(world: World) -> None:
    right, _ = _running(world, 60, max_minutes=100)

    with clock.frozen(after(10)):
        _approved(world, right, minutes=100)

    assert world.all(GrantCause)[1].ends_at == after(110)


def test_an_extension_never_shortens(world: World) -> None:
    right, _ = _running(world, 60, max_minutes=60)

    _approved(world, right, minutes=10)

    assert world.all(GrantCause)[1].ends_at == after(60)


def test_the_first_time_over_does_not_end_what_was_extended(world: World) -> None:
    right, _ = _running(world, 60)
    _approved(world, right, minutes=30)

    with clock.frozen(after(61)):
        end_due(site_of(world))

    assert world.all(Grant)[0].state is GrantState.ACTIVE


def test_l19_an_extension_that_comes_too_late_becomes_a_new_grant(world: World) -> None:
    right, _ = _running(world, 60)
    more = ask(world, right, minutes=30)

    with clock.frozen(after(61)):
        end_due(site_of(world))
        answer(world, more, world.max)
        assert now_of(world, more).state is RequestState.APPROVED
        assert orders_of(world, more) == []
        assert order_due(site_of(world)) == 0

        [removal] = [order for order in world.all(Order) if order.kind is OrderKind.REVOKE]
        prove(world, removal)
        assert order_due(site_of(world)) == 1
        [order] = orders_of(world, more)
        prove(world, order)

    grants = world.all(Grant)
    assert [grant.state for grant in grants] == [GrantState.ENDED, GrantState.ACTIVE]
    assert world.all(GrantCause)[-1].ends_at == after(91)
    assert now_of(world, more).state is RequestState.GRANTED


def test_l19_between_the_end_and_its_removal_a_request_waits_too(world: World) -> None:
    right, _ = _running(world, 60)
    more = ask(world, right, minutes=30)

    with clock.frozen(after(60)):
        answer(world, more, world.max)

        assert orders_of(world, more) == []
        assert order_due(site_of(world)) == 0


def test_l19_a_removal_that_is_called_off_lets_the_waiting_request_go_on(world: World) -> None:
    right = world.entitlement()
    grant = world.grant(account=account_of(world, world.ada), entitlement=right)
    removal = _removal(world, grant)
    request = _approved(world, right)
    with world.as_(world.rita) as work:
        call_off(work, removal.id, reason="undone")

    assert order_due(site_of(world)) == 1

    assert len(orders_of(world, request)) == 1  # delivery reads, and finds it held already


def test_order_due_is_safe_to_call_twice(world: World) -> None:
    right = world.entitlement()
    grant = world.grant(account=account_of(world, world.ada), entitlement=right)
    removal = _removal(world, grant)
    request = _approved(world, right)
    prove(world, removal)

    assert [order_due(site_of(world)) for _ in range(3)] == [1, 0, 0]
    assert len(orders_of(world, request)) == 1


def test_one_that_waits_for_a_removal_can_be_taken_back(world: World) -> None:
    right = world.entitlement()
    grant = world.grant(account=account_of(world, world.ada), entitlement=right)
    removal = _removal(world, grant)
    request = _approved(world, right)

    _cancel(world, request)
    prove(world, removal)

    assert order_due(site_of(world)) == 0
    assert orders_of(world, request) == []
