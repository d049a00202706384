"""The numbers beside the menu: what waits for whom."""

from __future__ import annotations

from tests.queries import asserts_queries
from tests.world import Person, World
from tests.world_requests import account_of, answer, ask, make_super, manage, own
from uar.inbox import inbox
from uar.models import Connector, SyncRun
from uar.models.kinds import Approval, Risk, Role
from uar.models.states import ConnectorState, RunState
from uar.permissions import give, roles_of
from uar.waiting import Waiting, waiting

BOTH = Approval.MANAGER_OWNER


def of(world: World, person: Person) -> Waiting:
    with world.reading() as session:
        return waiting(session, person.id, roles_of(session, person.id))


def approvals(world: World, person: Person) -> int:
    """Count what waits for a decision, and see that the inbox shows as much."""
    n = of(world, person).approvals
    with world.reading() as session:
        assert len(inbox(session, person.id)) == n
    return n


def test_a_request_waits_for_the_manager_and_for_nobody_else(world: World) -> None:
    account_of(world, world.ada)
    ask(world, world.entitlement())

    found = {
        person.name: approvals(world, person)
        for person in (world.max, world.ada, world.rita, world.cam, world.sam)
    }

    assert found == {"Max Roth": 1, "Ada Byrne": 0, "Rita Ortiz": 0, "Cam Lee": 0, "Sam Hill": 0}


def test_a_later_step_waits_for_an_owner_once_it_is_asked(world: World) -> None:
    account_of(world, world.ada)
    request = ask(world, world.entitlement(approval=BOTH))
    assert approvals(world, world.rita) == 0

    answer(world, request, world.max)

    assert (approvals(world, world.rita), approvals(world, world.max)) == (1, 0)


def test_super_administrators_stand_in_only_where_nobody_else_is(world: World) -> None:
    make_super(world, world.cam)
    account_of(world, world.ada)
    ask(world, world.entitlement())
    assert approvals(world, world.cam) == 0

    manage(world, world.ada, None)

    assert approvals(world, world.cam) == 1


def test_nobody_is_asked_about_her_own_request(world: World) -> None:
    make_super(world, world.cam)
    own(world, world.ada)
    account_of(world, world.ada)
    ask(world, world.entitlement(approval=Approval.OWNER))

    assert (approvals(world, world.ada), approvals(world, world.cam)) == (0, 1)


def test_at_high_risk_whoever_took_a_step_is_not_asked_again(world: World) -> None:
    own(world, world.max, world.rita)
    account_of(world, world.ada)
    request = ask(world, world.entitlement(risk=Risk.HIGH, approval=BOTH))

    answer(world, request, world.max)

    assert (approvals(world, world.max), approvals(world, world.rita)) == (0, 1)


def test_connectors_in_trouble_are_counted_for_who_looks_after_them(world: World) -> None:
    world.app("ERP", state=ConnectorState.BROKEN)
    held = world.app("Billing")
    world.add(
        SyncRun(
            connector_id=world.connector(held).id, state=RunState.HELD, by="uar",
            started_at=held.created_at, heartbeat_at=held.created_at,
        )
    )  # fmt: skip
    with world.as_(world.cam) as work:
        give(work, world.cam.id, Role.CONNECTOR_ADMIN)

    assert (of(world, world.cam).connectors, of(world, world.rita).connectors) == (2, 0)
    assert len(world.all(Connector)) == 4


def test_all_numbers_cost_one_query(world: World) -> None:
    with world.reading() as session, asserts_queries(1, world.engine):
        waiting(session, world.rita.id, {Role.SUPER_ADMIN})
