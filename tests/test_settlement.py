"""What a read proves, and what it settles besides: paths that are left, alarms that are over."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.world import World
from tests.world_requests import account_of, answer, ask, orders_of, site_of
from uar import clock
from uar.endings import end_due
from uar.grants import ended, remove
from uar.incidents import close
from uar.lifecycle import move
from uar.models import Entitlement, Grant, GrantCause, Incident, Resource
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import Cause, IncidentKind, OrderReason
from uar.models.states import GrantState, IncidentState, OrderState
from uar.overdue import alarm_due
from uar.provisioning import cancel
from uar.settlement import impossible, proven, settle_observed, worry


def _twice_held(world: World) -> tuple[Grant, Grant]:
    """Ada has the CRM directly, and through crm-admins; return both grants."""
    account = world.account(world.ada)
    member: Entitlement = world.entitlement("crm-admins")
    membership = world.grant(entitlement=member, account=account)
    access = world.entitlement("CRM", type_="app", slug="access", can_provision=False)
    grant = world.grant(
        entitlement=access, account=account, kind=Cause.GROUP,
        via=world.get(Resource, member.resource_id),
    )  # fmt: skip
    world.add(
        GrantCause(
            grant_id=grant.id, kind=Cause.STANDING, began_at=clock.now(),
        )
    )  # fmt: skip
    return grant, membership


def _worry(world: World, order: Order) -> None:
    with world.as_(world.rita) as work:
        worry(work, work.session.get_one(Order, order.id), IncidentKind.OVERDUE, "503")


def _incident_states(world: World) -> list[IncidentState]:
    return [incident.state for incident in world.all(Incident)]


def test_l5_what_is_still_held_through_a_group_has_not_ended(world: World) -> None:
    """A person took the direct path away by hand; the owner of the group has not agreed yet."""
    grant, _ = _twice_held(world)
    with world.as_(world.max) as work:
        direct, through = remove(work, grant.id, reason=OrderReason.REVIEW, why="denied")
    assert (direct.state, through.state) == (OrderState.MANUAL, OrderState.CONSENT)

    with world.as_(world.max) as work:
        settle_observed(work, [(direct.id, False)])

    assert world.get(Order, direct.id).state is OrderState.VERIFIED
    held = world.get(Grant, grant.id)
    assert (held.state, held.ended_at) == (GrantState.ACTIVE, None)
    open_causes = [c for c in world.all(GrantCause) if c.grant_id == grant.id and not c.ended_at]
    assert [cause.kind for cause in open_causes] == [Cause.GROUP]


def test_l5_an_owner_who_decides_too_agrees_to_what_waits_for_an_owner(world: World) -> None:
    grant, membership = _twice_held(world)
    with world.as_(world.max) as work:
        remove(work, grant.id, reason=OrderReason.REVIEW, why="denied")
    assert world.get(Grant, membership.id).state is GrantState.ACTIVE

    with world.as_(world.rita) as work:
        remove(work, membership.id, reason=OrderReason.REVIEW, why="denied here too")

    states = {o.entitlement_id: o.state for o in world.all(Order)}
    assert states[membership.entitlement_id] is OrderState.QUEUED
    assert world.get(Grant, membership.id).state is GrantState.ENDING


def test_an_alarm_is_over_when_a_sync_shows_that_the_access_is_gone(world: World) -> None:
    grant = world.grant()
    with world.as_(world.rita) as work:
        (removal,) = remove(work, grant.id, reason=OrderReason.REVIEW, why="denied")
    _worry(world, removal)

    with world.as_(world.rita) as work:
        ended(work, work.session.get_one(Grant, grant.id))

    assert _incident_states(world) == [IncidentState.CLOSED]


def test_an_alarm_is_over_when_the_removal_is_called_off(world: World) -> None:
    grant = world.grant()
    with world.as_(world.rita) as work:
        (removal,) = remove(work, grant.id, reason=OrderReason.REVIEW, why="denied")
    _worry(world, removal)

    with world.as_(world.rita) as work:
        cancel(work, removal.id, reason="a mistake")

    assert _incident_states(world) == [IncidentState.CLOSED]
    assert world.all(Incident)[0].closed_why == "a mistake"


def test_an_alarm_about_a_grant_is_over_when_its_request_fails(world: World) -> None:
    account_of(world, world.ada)
    request = ask(world, world.entitlement())
    answer(world, request, world.max)
    (order,) = orders_of(world, request)
    _worry(world, order)

    with world.as_(world.rita) as work:
        row = work.session.get_one(Order, order.id)
        move(work, row, OrderState.SENDING)
        impossible(work, row, result="A rule keeps it now.")

    assert _incident_states(world) == [IncidentState.CLOSED]


def test_an_alarm_is_over_when_a_read_proves_the_change(world: World) -> None:
    grant = world.grant()
    with world.as_(world.rita) as work:
        (removal,) = remove(work, grant.id, reason=OrderReason.REVIEW, why="denied")
    _worry(world, removal)

    with world.as_(world.rita) as work:
        proven(work, work.session.get_one(Order, removal.id), result="Read back: it is so.")

    assert _incident_states(world) == [IncidentState.CLOSED]


def test_l16_a_removal_that_is_late_is_an_alarm_once(world: World, noon: datetime) -> None:
    grant = world.grant()
    with world.as_(world.rita) as work:
        remove(work, grant.id, reason=OrderReason.REVIEW, why="denied")
    site = site_of(world)

    with clock.frozen(noon + timedelta(minutes=14)):
        assert alarm_due(site) == 0
    with clock.frozen(noon + timedelta(minutes=15)):
        assert (alarm_due(site), alarm_due(site)) == (1, 0)
    with world.as_(world.rita) as work:
        close(work, world.all(Incident)[0].id, "Known: the vendor is being moved.")
    with clock.frozen(noon + timedelta(days=1)):
        assert alarm_due(site) == 0

    assert [i.kind for i in world.all(Incident)] == [IncidentKind.OVERDUE]


def test_l16_the_end_of_access_that_nobody_carries_out_by_hand_is_an_alarm(
    world: World, noon: datetime
) -> None:
    app = world.app("Wiki", owners=[world.rita], writes_on=False)
    world.grant(
        entitlement=world.entitlement(app=app), account=world.account(world.ada, app=app),
        kind=Cause.REQUEST, request_id=1, ends_at=noon, began=noon,
    )  # fmt: skip
    by_review = world.grant(
        entitlement=world.entitlement("Readers", app=app),
        account=world.account(world.max, app=app),
    )
    site = site_of(world)
    end_due(site)
    with world.as_(world.rita) as work:
        remove(work, by_review.id, reason=OrderReason.REVIEW, why="denied")

    with clock.frozen(noon + timedelta(minutes=59)):
        assert alarm_due(site) == 0
    with clock.frozen(noon + timedelta(hours=1)):
        assert alarm_due(site) == 1

    assert "Ada Byrne" in world.all(Incident)[0].sentence
