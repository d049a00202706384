"""Transactions: readers do not wait, writers do not lose, nothing half-done is kept."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from tests.world import World
from uar import clock
from uar.db import reading
from uar.models import App, AuditEntry
from uar.work import Actor, unit_of_work


def test_an_exception_rolls_everything_back(world: World) -> None:
    with pytest.raises(ZeroDivisionError), world.as_(world.rita) as work:
        work.session.add(App(name="half", created_at=work.now))
        work.record("app.created", "app:0")
        raise ZeroDivisionError

    assert [app.name for app in world.all(App)] == ["CRM"]
    assert world.all(AuditEntry) == []


def test_concurrent_read_then_write_loses_no_update(engine: sa.Engine, noon: datetime) -> None:
    world = World(engine)
    errors: list[Exception] = []

    def bump() -> None:
        try:
            for _ in range(25):
                with unit_of_work(engine, Actor("t")) as work:
                    app = work.session.get_one(App, world.crm.id, with_for_update=True)
                    app.description = str(int(app.description or "0") + 1)
                    work.session.add(app)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=bump) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert world.get(App, world.crm.id).description == "100"


def test_a_reader_sees_one_snapshot_while_somebody_writes(
    engine: sa.Engine, noon: datetime
) -> None:
    world = World(engine)

    with reading(engine) as session:
        before = session.scalar(sa.select(sa.func.count()).select_from(App))
        with world.as_(world.rita) as work:
            work.session.add(App(name="new", created_at=work.now))
        after = session.scalar(sa.select(sa.func.count()).select_from(App))

    assert before == after == 1


def test_an_instant_survives_the_database_aware_and_exact(world: World) -> None:
    instant = datetime(2026, 10, 25, 0, 59, 59, 123456, tzinfo=UTC)

    row = world.add(App(name="instant", created_at=instant))

    assert world.get(App, row.id).created_at == instant
    assert world.get(App, row.id).created_at.tzinfo is not None


def test_the_clock_stands_still_when_told() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)

    with clock.frozen(at):
        assert clock.now() == at
    assert clock.now() > at
    with pytest.raises(ValueError, match="aware"), clock.frozen(datetime(2026, 1, 1)):  # noqa: DTZ001
        pass
