"""Ends that are due come whatever else was ordered; returns are told from ends (L2, L16, L18)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import col

from tests.world import World
from tests.world_requests import make_super, site_of
from uar import clock
from uar.comebacks import seen_again
from uar.endings import end_due, give_back
from uar.errors import Refused
from uar.grants import ended, remove
from uar.lifecycle import move
from uar.models import (
    Account,
    Entitlement,
    Grant,
    GrantCause,
    Incident,
)
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import Cause, IncidentKind, OrderReason
from uar.models.states import GrantState, OrderState
from uar.provisioning import cancel

HOUR = timedelta(hours=1)


def _for_a_while(world: World, ends_at: datetime) -> Grant:
    return world.grant(kind=Cause.REQUEST, request_id=1, ends_at=ends_at, began=clock.now())


def _again(world: World, grant: Grant) -> Grant:
    """Let a read show the access once more."""
    return world.grant(
        entitlement=world.get(Entitlement, grant.entitlement_id),
        account=world.get(Account, grant.account_id),
        began=clock.now(),
    )


def test_l16_an_end_that_is_due_waits_for_no_undo_time(world: World, noon: datetime) -> None:
    """A review had wanted it removed, ten minutes from now; its time is over before."""
    grant = _for_a_while(world, noon + timedelta(minutes=1))
    with world.as_(world.rita) as work:
        (removal,) = remove(
            work, grant.id, reason=OrderReason.REVIEW, why="denied",
            not_before=noon + timedelta(minutes=10),
        )  # fmt: skip

    end = noon + timedelta(minutes=1)
    with clock.frozen(end):
        assert end_due(site_of(world)) == 1

    row = world.get(Order, removal.id)
    assert (row.state, row.not_before, row.next_at) == (OrderState.QUEUED, end, end)
    with clock.frozen(end), pytest.raises(Refused, match="time"), world.as_(world.max) as work:
        cancel(work, removal.id, reason="a mistake")


@pytest.mark.parametrize("state", [GrantState.OUT_OF_SCOPE, GrantState.DISPLACED])
def test_l9_what_we_no_longer_look_at_ends_on_time_all_the_same(
    world: World, noon: datetime, state: GrantState
) -> None:
    grant = _for_a_while(world, noon + HOUR)
    with world.as_(world.rita) as work:
        move(work, work.session.get_one(Grant, grant.id), state)

    with clock.frozen(noon + HOUR):
        assert end_due(site_of(world)) == 1

    assert world.get(Grant, grant.id).state is GrantState.ENDING
    assert [o.reason for o in world.all(Order)] == [OrderReason.EXPIRY]


def test_l14_a_protected_account_gives_nothing_back_through_uar(world: World) -> None:
    grant = world.grant(account=world.account(world.ada, is_protected=True))

    with pytest.raises(Refused, match="protected"), world.as_(world.ada) as work:
        give_back(work, grant.id, why="")

    assert world.all(Order) == []


def test_l14_the_last_super_administrator_gives_nothing_back_by_a_forged_form(world: World) -> None:
    make_super(world, world.ada)
    (role,) = world.all(Grant)

    with pytest.raises(Refused, match="super administrator"), world.as_(world.ada) as work:
        give_back(work, role.id, why="")


def test_l18_what_was_given_again_since_is_no_return(world: World) -> None:
    """We ended it once; then it was given rightly, taken by the vendor, and given there again."""
    first = world.grant()
    with world.as_(world.ada) as work:
        removal = give_back(work, first.id, why="")[0]
        ended(work, work.session.get_one(Grant, first.id), order_id=removal.id)
    second = _again(world, first)
    with world.as_(world.rita) as work:
        ended(work, work.session.get_one(Grant, second.id))
    third = _again(world, first)

    with world.as_(world.rita) as work:
        seen_again(work, work.session.get_one(Grant, third.id))

    assert world.all(Incident) == []


def test_l18_what_came_back_and_went_and_came_back_is_still_what_we_ended(world: World) -> None:
    first = world.grant()
    with world.as_(world.ada) as work:
        removal = give_back(work, first.id, why="")[0]
        ended(work, work.session.get_one(Grant, first.id), order_id=removal.id)
    for _ in range(2):
        back = _again(world, first)
        with world.as_(world.rita) as work:
            seen_again(work, work.session.get_one(Grant, back.id))
            ended(work, work.session.get_one(Grant, back.id))
    last = _again(world, first)

    with world.as_(world.rita) as work:
        seen_again(work, work.session.get_one(Grant, last.id))

    assert world.get(Grant, last.id).reappeared
    assert "given back" in world.all(Incident)[-1].sentence


def test_l18_a_return_whose_source_is_not_read_yet_is_an_alarm_and_breaks_no_sync(
    world: World, noon: datetime
) -> None:
    """It came back through a group that the same read has not brought in yet."""
    first = _for_a_while(world, noon)
    end_due(site_of(world))
    with world.as_(world.rita) as work:
        ended(work, work.session.get_one(Grant, first.id), order_id=world.all(Order)[0].id)
    back = _again(world, first)
    with world.as_(world.rita) as work:
        work.session.connection().execute(
            sa.update(GrantCause)
            .where(col(GrantCause.grant_id) == back.id)
            .values(kind=Cause.GROUP, via_id=4711)
        )

    with world.as_(world.rita) as work:
        seen_again(work, work.session.get_one(Grant, back.id))

    assert [i.kind for i in world.all(Incident)] == [IncidentKind.REAPPEARED]
    assert len(world.all(Order)) == 1
