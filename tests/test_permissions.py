"""uar's own roles are access like any other (L25)."""

from __future__ import annotations

import sqlalchemy as sa

from tests.world import World
from uar.grants import ended
from uar.held_by import held_by
from uar.models import App, Grant, Identity
from uar.models.kinds import PersonStatus, Role
from uar.permissions import ensure_own_app, give, holders, roles_of


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
