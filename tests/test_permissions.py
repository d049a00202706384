"""uar's own roles are access like any other (L25)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.world import World
from tests.world_requests import make_super, site_of
from uar import clock
from uar.delivery import carry_out_due
from uar.endings import end_due
from uar.errors import Conflict, Refused
from uar.grants import ended, remove
from uar.held_by import held_by
from uar.models import App, Grant, GrantCause, Identity
from uar.models.kinds import Cause, OrderReason, PersonStatus, Role
from uar.models.states import OrderState
from uar.permissions import ensure_own_app, give, holders, roles_of
from uar.provisioning import mark_done, retry


def _roles(world: World, person_id: int) -> frozenset[Role]:
    with world.reading() as session:
        return roles_of(session, person_id)


def test_l25_a_role_is_a_grant_of_the_app_uar(world: World) -> None:
    with world.as_(world.cam) as work:
        give(work, world.cam.id, Role.CAMPAIGN_ADMIN)

    assert _roles(world, world.cam.id) == {Role.CAMPAIGN_ADMIN}
    with world.reading() as session:
        held = held_by(session, world.cam.id)
        assert [(row.app, row.resource) for row in held] == [("uar", "Campaign administrator")]
        assert holders(session, Role.CAMPAIGN_ADMIN) == [world.cam.id]


def test_giving_a_role_twice_gives_it_once(world: World) -> None:
    for _ in range(2):
        with world.as_(world.cam) as work:
            give(work, world.cam.id, Role.AUDITOR)

    assert len(world.all(Grant)) == 1


def test_a_role_ends_with_its_grant(world: World) -> None:
    with world.as_(world.cam) as work:
        give(work, world.cam.id, Role.AUDITOR)
        ended(work, work.session.scalars(sa.select(Grant)).one())

    assert _roles(world, world.cam.id) == frozenset()


def test_a_leaver_has_no_role(world: World) -> None:
    with world.as_(world.cam) as work:
        give(work, world.cam.id, Role.SUPER_ADMIN)
        person = work.session.get_one(Identity, world.cam.id)
        person.status = PersonStatus.INACTIVE
        work.session.add(person)

    assert _roles(world, world.cam.id) == frozenset()


def test_a_stranger_has_no_role(world: World) -> None:
    assert _roles(world, world.sam.id) == frozenset()


def test_the_own_app_is_made_once(world: World) -> None:
    for _ in range(2):
        with world.as_(world.cam) as work:
            ensure_own_app(work)

    assert [app.name for app in world.all(App) if app.is_own] == ["uar"]


def test_l25_a_role_for_a_while_is_over_with_its_time_whatever_becomes_of_its_removal(
    world: World, noon: datetime
) -> None:
    _for_a_while(world, noon + timedelta(hours=1))
    assert _roles(world, world.cam.id) == {Role.AUDITOR}

    with clock.frozen(noon + timedelta(hours=1)):
        assert _roles(world, world.cam.id) == frozenset()
        with world.reading() as session:
            assert holders(session, Role.AUDITOR) == []


def test_a_role_that_was_held_for_a_while_can_be_given_for_good(
    world: World, noon: datetime
) -> None:
    _for_a_while(world, noon + timedelta(hours=1))

    with world.as_(world.max) as work:
        give(work, world.cam.id, Role.AUDITOR)

    with clock.frozen(noon + timedelta(hours=2)):
        end_due(site_of(world))
        assert _roles(world, world.cam.id) == {Role.AUDITOR}
    assert len(world.all(Grant)) == 1


def test_a_role_that_is_just_being_taken_away_is_not_given_meanwhile(world: World) -> None:
    with world.as_(world.cam) as work:
        give(work, world.cam.id, Role.AUDITOR)
    with world.as_(world.max) as work:
        remove(work, world.all(Grant)[0].id, reason=OrderReason.REVIEW, why="denied")

    with pytest.raises(Conflict, match="afterwards"), world.as_(world.max) as work:
        give(work, world.cam.id, Role.AUDITOR)


def test_l14_the_last_super_administrator_stays_until_there_is_another(world: World) -> None:
    make_super(world, world.cam)
    with world.as_(world.max) as work:
        (row,) = remove(work, world.all(Grant)[0].id, reason=OrderReason.REVIEW, why="denied")
    site = site_of(world)
    assert row.state is OrderState.MANUAL
    with pytest.raises(Refused, match="last super"), world.as_(world.max) as work:
        retry(work, row.id)
    with pytest.raises(Refused, match="nothing to do by hand"), world.as_(world.max) as work:
        mark_done(work, row.id, note="done")

    make_super(world, world.rita)
    with world.as_(world.max) as work:
        retry(work, row.id)
    carry_out_due(site)

    assert _roles(world, world.cam.id) == frozenset()
    assert _roles(world, world.rita.id) == {Role.SUPER_ADMIN}


def test_l14_of_two_super_administrators_that_are_removed_at_once_one_stays(world: World) -> None:
    for person in (world.cam, world.rita):
        make_super(world, person)
    with world.as_(world.max) as work:
        for grant in world.all(Grant):
            remove(work, grant.id, reason=OrderReason.REVIEW, why="denied")

    carry_out_due(site_of(world))

    with world.reading() as session:
        assert len(holders(session, Role.SUPER_ADMIN)) == 1


def _for_a_while(world: World, ends_at: datetime) -> None:
    """Cam is an auditor until then."""
    with world.as_(world.cam) as work:
        give(work, world.cam.id, Role.AUDITOR)
        work.session.flush()
        work.session.connection().execute(
            sa.update(GrantCause).values(kind=Cause.REQUEST, request_id=1, ends_at=ends_at)
        )
