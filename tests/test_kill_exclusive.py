"""Killed at any instant: a ten-minute Admin returns to Operator all the same (L6, L11)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_kill import _dies as dies
from tests.test_kill import _end_now as end_now
from tests.test_kill import worker
from tests.vendor_process import VendorProcess
from tests.world_vendor import eventually
from tests.world_workato import WorkatoWorld, workspace_server
from uar.db import connect
from uar.models.states import GrantState, OrderState, RequestState

pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path: Path) -> Iterator[VendorProcess]:
    with workspace_server(tmp_path) as running:
        yield running


@pytest.fixture
def world(database_url: str, server: VendorProcess) -> Iterator[WorkatoWorld]:
    """Without a stopped clock: the worker is another process and has a clock of its own."""
    engine = connect(database_url)
    yield WorkatoWorld(engine, server)
    engine.dispose()


def _is_given(world: WorkatoWorld) -> bool:
    return world.request(1).state is RequestState.GRANTED


def _is_taken(world: WorkatoWorld) -> bool:
    return [row.state for row in world.orders()] == [OrderState.VERIFIED] * 2


@pytest.mark.parametrize("when", ["before", "after"])
def test_l6_a_worker_killed_around_each_call_still_gives_the_role_before_back(
    world: WorkatoWorld, tmp_path: Path, when: str
) -> None:
    world.approved("Admin", minutes=10)

    with worker(world, tmp_path) as first:
        world.server.kill_at_write(first.pid, when)
        dies(first)
    with worker(world, tmp_path):
        eventually(lambda: _is_given(world))
    assert world.state_of("Operator") is GrantState.DISPLACED

    end_now(world)
    with worker(world, tmp_path) as third:
        world.server.kill_at_write(third.pid, when)
        dies(third)
    with worker(world, tmp_path):
        eventually(lambda: _is_taken(world))

    assert world.vendor_changes() == [("prod", "Admin"), ("prod", "Operator")]
    assert world.roles_at_vendor() == {"dev": "Admin", "test": "Analyst", "prod": "Operator"}
    assert world.state_of("Operator") is GrantState.ACTIVE
    assert world.state_of("Admin") is GrantState.ENDED
    assert world.incidents() == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_l6_a_role_changed_while_no_worker_lives_is_left_and_told(
    world: WorkatoWorld, tmp_path: Path, when: str
) -> None:
    world.approved("Admin", minutes=10)
    with worker(world, tmp_path):
        eventually(lambda: _is_given(world))
    end_now(world)
    with worker(world, tmp_path) as second:
        world.server.kill_at_write(second.pid, when)
        dies(second)
    world.by_hand("prod", "Analyst")

    with worker(world, tmp_path):
        eventually(lambda: _is_taken(world))

    assert world.roles_at_vendor()["prod"] == "Analyst"
    assert ("prod", "Operator") in world.vendor_changes() or when == "before"
    assert len(world.incidents()) == 1
    assert world.state_of("Operator") is GrantState.ENDED
