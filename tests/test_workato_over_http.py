"""Workato synced from its vendor server: what it covers, and what it does not lose (L9)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import col

from tests.connectors.workato_cast import newer_company
from tests.world_workato import WorkatoWorld, workspace_server
from uar import connections
from uar.models import Account, Entitlement, Grant, Identity, Resource
from uar.models.kinds import Completeness
from uar.models.states import GrantState, RunState
from uar.work import SYSTEM


@pytest.fixture
def world(engine: sa.Engine, noon: datetime, tmp_path: Path) -> Iterator[WorkatoWorld]:
    with workspace_server(tmp_path, newer_company) as server:
        yield WorkatoWorld(engine, server)


def states(world: WorkatoWorld, kind: str, vendor_id: str) -> set[GrantState]:
    """The states of all grants on one resource."""
    with world.reading() as session:
        return set(
            session.scalars(
                sa.select(col(Grant.state))
                .join(Entitlement, col(Entitlement.id) == col(Grant.entitlement_id))
                .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
                .where(col(Resource.type) == kind, col(Resource.vendor_id) == vendor_id)
            )
        )


def resource(world: WorkatoWorld, kind: str, vendor_id: str) -> Resource:
    with world.reading() as session:
        return session.scalars(
            sa.select(Resource).where(
                col(Resource.type) == kind, col(Resource.vendor_id) == vendor_id
            )
        ).one()


def test_l9_what_the_api_client_may_see_no_more_is_out_of_scope_and_not_gone(
    world: WorkatoWorld,
) -> None:
    assert states(world, "project", "11") == {GrantState.ACTIVE}

    world.server.switch(tokens="demo-token:projects=12")
    run = world.sync()

    assert (run.state, run.completeness) == (RunState.COMPLETE, Completeness.SCOPED)
    assert run.counts["scope"] == "projects that the API client may see: HR"
    assert states(world, "project", "11") == {GrantState.OUT_OF_SCOPE}
    assert resource(world, "project", "11").gone_at is None
    assert resource(world, "folder", "1100").gone_at is None
    assert states(world, "environment_role", "1-prod") == {GrantState.ACTIVE}

    world.server.switch(tokens="demo-token")
    world.sync()
    assert states(world, "project", "11") == {GrantState.ACTIVE}


def test_l9_one_environment_only_keeps_the_others_out_of_scope(world: WorkatoWorld) -> None:
    with world.site.working(SYSTEM) as work:
        connections.change_settings(
            work,
            world.site.vault,
            world.connector_id,
            {"environment": "prod", "base_url": world.server.url},
        )

    run = world.sync()

    assert run.counts["scope"].startswith("roles in prod; ")
    assert states(world, "environment_role", "1-prod") == {GrantState.ACTIVE}
    assert states(world, "environment_role", "1-dev") == {GrantState.OUT_OF_SCOPE}


def test_collaborators_belong_to_the_people_with_their_address(world: WorkatoWorld) -> None:
    with world.reading() as session:
        found = dict(
            session.execute(
                sa.select(col(Account.name), col(Identity.name)).join(
                    Identity, col(Identity.id) == col(Account.identity_id)
                )
            ).all()
        )

    assert found["Ada Byrne"] == "Ada Byrne"
    assert found["Max Byrne"] == "Max Roth"


def test_an_endpoint_that_is_not_ticked_leaves_the_run_complete_and_says_what_it_lacks(
    world: WorkatoWorld,
) -> None:
    world.server.switch(tokens="demo-token:-GET/api/user_groups")

    run = world.sync()

    assert (run.state, run.completeness) == (RunState.COMPLETE, Completeness.SCOPED)
    assert "without collaborator groups" in run.counts["scope"]
    assert states(world, "group", "am-1") == {GrantState.OUT_OF_SCOPE}


def test_roles_that_may_not_be_listed_any_more_lose_nobody_access(world: WorkatoWorld) -> None:
    world.server.switch(tokens="demo-token:-GET/api/environment_roles")

    run = world.sync()

    assert (run.state, run.completeness) == (RunState.PARTIAL, Completeness.PARTIAL)
    assert "GET /api/environment_roles" in run.trouble
    assert states(world, "environment_role", "1-prod") == {GrantState.ACTIVE}
