"""Killed at any instant: the real worker, before, after and between its calls (L11)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import col

from tests.vendor_process import VendorProcess
from tests.world_vendor import VendorWorld, company_server, eventually
from uar import clock
from uar.db import connect
from uar.models import GrantCause
from uar.models.kinds import Cause
from uar.models.states import GrantState, OrderState, RequestState

ADA = "64b000000000000000000001"
pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path: Path) -> Iterator[VendorProcess]:
    with company_server(tmp_path) as running:
        yield running


@pytest.fixture
def world(database_url: str, server: VendorProcess) -> Iterator[VendorWorld]:
    """Without a stopped clock: the worker is another process and has a clock of its own."""
    engine = connect(database_url)
    yield VendorWorld(engine, server)
    engine.dispose()


@contextmanager
def worker(world: VendorWorld, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``uar worker`` on the world's database."""
    (folder / "secret.key").write_text("test")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("UAR_")}
    environment |= {
        "UAR_DATA_DIR": str(folder),
        "UAR_DATABASE_URL": world.engine.url.render_as_string(hide_password=False),
        "UAR_ALLOW_PRIVATE_HOSTS": "127.0.0.1",
        "UAR_UNDO_SECONDS": "0",
    }
    with open(folder / "worker.log", "ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "uar.cli", "worker"], env=environment, stdout=log, stderr=log
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait(10)


def _dies(process: subprocess.Popen[bytes]) -> None:
    process.wait(30)
    assert process.returncode == -signal.SIGKILL


def _end_now(world: VendorWorld) -> None:
    """Let the time of all temporary access be over."""
    with world.as_(world.cam) as work:
        work.session.connection().execute(
            sa.update(GrantCause)
            .where(col(GrantCause.kind) == Cause.REQUEST)
            .values(ends_at=clock.now())
        )


def _is_given(world: VendorWorld, request_id: int) -> bool:
    return world.request(request_id).state is RequestState.GRANTED


def _is_taken(world: VendorWorld) -> bool:
    return [row.state for row in world.orders()] == [OrderState.VERIFIED] * 2


@pytest.mark.parametrize("when", ["before", "after"])
def test_l11_a_worker_killed_around_a_call_changes_the_vendor_exactly_once(
    world: VendorWorld, tmp_path: Path, when: str
) -> None:
    request = world.approved(minutes=10)

    with worker(world, tmp_path) as first:
        world.server.kill_at_write(first.pid, when)
        _dies(first)
    assert world.request(request.id).state is RequestState.APPROVED
    with worker(world, tmp_path):
        eventually(lambda: _is_given(world, request.id))
    assert world.vendor_changes() == [("add", ADA)]

    _end_now(world)
    with worker(world, tmp_path) as third:
        world.server.kill_at_write(third.pid, when)
        _dies(third)
    grant = world.grant_of(request)
    assert grant is not None
    assert grant.state is GrantState.ENDING
    with worker(world, tmp_path):
        eventually(lambda: _is_taken(world))

    assert world.vendor_changes() == [("add", ADA), ("remove", ADA)]
    assert not world.is_member()
    grant = world.grant_of(request)
    assert grant is not None
    assert grant.state is GrantState.ENDED


def test_l11_a_worker_killed_between_any_two_steps_loses_and_repeats_nothing(
    world: VendorWorld, tmp_path: Path
) -> None:
    """The vendor is slow, so that a kill every few hundred milliseconds hits every step."""
    world.server.switch(latency_ms=60)
    request = world.approved(minutes=10)
    for extra in (0.0, 0.08, 0.16, 0.24, 0.32):
        with worker(world, tmp_path) as process:
            _until_it_works(world, tmp_path)
            time.sleep(extra)
            process.kill()
    with worker(world, tmp_path):
        eventually(lambda: _is_given(world, request.id))
    _end_now(world)
    for extra in (0.0, 0.08, 0.16, 0.24, 0.32):
        with worker(world, tmp_path) as process:
            _until_it_works(world, tmp_path)
            time.sleep(extra)
            process.kill()
    with worker(world, tmp_path):
        eventually(lambda: _is_taken(world))

    assert world.vendor_changes() == [("add", ADA), ("remove", ADA)]


def _until_it_works(world: VendorWorld, folder: Path) -> None:
    """Wait until a worker has asked the vendor something, or has nothing to ask any more."""
    before = world.server.requests()["total"]
    end = time.monotonic() + 3
    while time.monotonic() < end:
        if world.server.requests()["total"] > before or not _is_moving(world):
            return
        time.sleep(0.02)


def _is_moving(world: VendorWorld) -> bool:
    return any(
        row.state in (OrderState.QUEUED, OrderState.SENDING, OrderState.SENT)
        for row in world.orders()
    ) or any(
        grant.state is GrantState.ACTIVE for grant in [world.grant_of(world.request(1))] if grant
    )
