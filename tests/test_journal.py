"""The log of a run while it runs, and its sign of life."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlmodel import col

from connectors.base import AccountRecord, Net
from tests.world_sync import ListReader, SyncWorld
from tests.world_vendor import eventually
from uar import journal, runs, sync
from uar.db import connect
from uar.models import Account, SyncRun
from uar.models.states import RunState
from uar.work import SYSTEM


class SlowReader(ListReader):
    """Answers when it is allowed to."""

    go_on = threading.Event()

    def accounts(self) -> Iterator[AccountRecord]:
        """Wait, then list accounts."""
        assert self.go_on.wait(20)
        yield from super().accounts()


@pytest.fixture
def world(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[SyncWorld]:
    """A world in real time, with a short breath."""
    monkeypatch.setattr(journal, "EVERY", 0.02)
    monkeypatch.setattr(journal, "ALIVE_EVERY", 0.04)
    engine = connect(sqlite_url)
    yield SyncWorld(engine)
    engine.dispose()


def test_a_run_that_waits_for_its_vendor_shows_signs_of_life_and_its_log(
    world: SyncWorld,
) -> None:
    reader = SlowReader(world.vendor, Net())
    thread = threading.Thread(
        target=lambda: sync.run_with(world.site, world.connector_id, reader, SYSTEM)
    )
    thread.start()

    def run() -> SyncRun:
        (found,) = world.all(SyncRun)
        assert isinstance(found, SyncRun)
        return found

    try:
        eventually(lambda: world.all(SyncRun))
        eventually(lambda: run().heartbeat_at > run().started_at)
        assert run().state is RunState.RUNNING
    finally:
        reader.go_on.set()
        thread.join()

    assert run().state is RunState.COMPLETE
    with world.reading() as session:
        assert runs.lines(session, run().id)[-1].text == "Applied."


def test_lines_come_from_many_threads_and_none_is_lost(world: SyncWorld) -> None:
    run = world.add(
        SyncRun(
            connector_id=world.connector_id, by="uar", started_at=world.now, heartbeat_at=world.now
        )
    )
    with journal.Journal(world.site, run.id, None) as lines:
        threads = [
            threading.Thread(target=lambda: [lines.write(f"line {n}") for n in range(50)])
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    with world.reading() as session:
        assert len(runs.lines(session, run.id)) == 400


def test_a_run_that_somebody_else_has_ended_applies_nothing_more(world: SyncWorld) -> None:
    class Ended(ListReader):
        """Is taken for dead while it reads."""

        def accounts(self) -> Iterator[AccountRecord]:
            """List accounts, ended meanwhile."""
            with world.site.working() as work:
                work.session.connection().execute(
                    sa.update(SyncRun)
                    .where(col(SyncRun.state) == RunState.RUNNING)
                    .values(state=RunState.FAILED, trouble="The process that ran it died.")
                )
            yield from super().accounts()

    world.vendor.add_person("Ada Byrne")

    run = sync.run_with(world.site, world.connector_id, Ended(world.vendor, Net()))

    assert (run.state, run.trouble) == (RunState.FAILED, "The process that ran it died.")
    assert [row for row in world.all(Account) if row.vendor_id == "u-ada"] == []
