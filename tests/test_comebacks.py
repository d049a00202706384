"""Access that came back is removed again when an owner of the app says so (L18)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.world import Person, World
from tests.world_requests import make_super, own, prove
from uar.comebacks import may_remove_again, remove_again, seen_again
from uar.endings import give_back
from uar.errors import Conflict, Invalid, NotFound, Refused
from uar.incidents import close
from uar.models import Account, Entitlement, Grant, Incident
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import OrderReason
from uar.models.states import GrantState, IncidentState, OrderState


def _came_back(world: World) -> Incident:
    """Ada gave her access back, it was gone, and a sync shows it again."""
    first = world.grant()
    with world.as_(world.ada) as work:
        removal = give_back(work, first.id, why="")[0]
    prove(world, removal)
    second = world.grant(
        entitlement=world.get(Entitlement, first.entitlement_id),
        account=world.get(Account, first.account_id),
    )
    with world.as_(world.rita) as work:
        seen_again(work, work.session.get_one(Grant, second.id))
    incident: Incident = world.all(Incident)[-1]
    return incident


def _remove(world: World, incident: Incident, by: Person, why: str = "not hers any more") -> Order:
    with world.as_(by) as work:
        return remove_again(work, incident.id, why)[0]


def test_l18_an_owner_orders_it_and_has_looked_at_the_alarm(world: World) -> None:
    incident = _came_back(world)

    order = _remove(world, incident, world.rita)

    assert (order.state, order.reason) == (OrderState.QUEUED, OrderReason.REAPPEARED)
    assert order.not_before - order.created_at == timedelta(seconds=600)  # L17
    closed = world.get(Incident, incident.id)
    assert (closed.state, closed.closed_by) == (IncidentState.CLOSED, "Rita Ortiz")
    assert closed.closed_why == "Removed again: not hers any more"
    prove(world, order)
    assert world.all(Grant)[-1].state is GrantState.ENDED


def test_a_second_click_orders_nothing_more(world: World) -> None:
    incident = _came_back(world)
    _remove(world, incident, world.rita)

    with pytest.raises(Conflict, match="ordered already"):
        _remove(world, incident, world.rita)


def test_a_removal_needs_a_reason(world: World) -> None:
    with pytest.raises(Invalid):
        _remove(world, _came_back(world), world.rita, why="  ")


def test_l20_its_holder_does_not_decide_even_as_an_owner(world: World) -> None:
    incident = _came_back(world)
    own(world, world.ada)

    with pytest.raises(Refused):
        _remove(world, incident, world.ada)


def test_l27_who_owns_the_app_no_more_does_not_decide(world: World) -> None:
    incident = _came_back(world)
    own(world, world.max)

    with pytest.raises(Refused):
        _remove(world, incident, world.rita)
    with world.reading() as session:
        assert may_remove_again(session, incident, world.max.id)
        assert not may_remove_again(session, incident, world.sam.id)


def test_a_super_administrator_decides_where_nobody_owns_the_app(world: World) -> None:
    incident = _came_back(world)
    own(world)
    make_super(world, world.cam)

    assert _remove(world, incident, world.cam).state is OrderState.QUEUED


def test_what_was_closed_or_does_not_exist_is_not_removed(world: World) -> None:
    incident = _came_back(world)
    with world.as_(world.rita) as work:
        close(work, incident.id, "she needs it until Friday")

    with pytest.raises(Conflict):
        _remove(world, incident, world.rita)
    with pytest.raises(NotFound), world.as_(world.rita) as work:
        remove_again(work, 999, "gone")
