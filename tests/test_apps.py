"""What people say about apps; about uar itself only those who may do everything (L25)."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlmodel import col

from tests.world import World
from tests.world_requests import make_super
from uar.apps import Terms, set_owners, set_terms
from uar.errors import Forbidden
from uar.models import App, AppOwner, Entitlement, Resource
from uar.models.kinds import Approval, Risk, Role
from uar.permissions import give


def test_l25_nobody_makes_a_way_to_roles_that_she_does_not_have(world: World) -> None:
    """An app administrator could else let anybody's manager approve a super administrator."""
    with world.as_(world.max) as work:
        give(work, world.max.id, Role.APP_ADMIN)
    app_id, right_id = _own(world)
    terms = Terms(Risk.LOW, True, Approval.MANAGER, 60)

    with pytest.raises(Forbidden), world.as_(world.max) as work:
        set_owners(work, app_id, [world.max.email])
    with pytest.raises(Forbidden), world.as_(world.max) as work:
        set_terms(work, app_id, right_id, terms)

    make_super(world, world.cam)
    with world.as_(world.cam) as work:
        set_owners(work, app_id, [world.rita.email])
        set_terms(work, app_id, right_id, terms)
    assert [o.identity_id for o in world.all(AppOwner) if o.app_id == app_id] == [world.rita.id]
    assert world.get(Entitlement, right_id).requestable


def _own(world: World) -> tuple[int, int]:
    with world.reading() as session:
        app = session.scalars(sa.select(App).where(col(App.is_own))).one()
        right = session.scalars(
            sa.select(col(Entitlement.id))
            .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
            .where(col(Resource.vendor_id) == Role.SUPER_ADMIN.value)
        ).one()
        return app.id, right
