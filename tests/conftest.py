"""What every test may ask for: a stopped clock, a database of either kind, the cast."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests import postgres
from tests.world import World
from uar import clock
from uar.db import connect
from uar.migrations import migrate

pytest_plugins = ["tests.skips"]

NOON = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)


@pytest.fixture
def noon() -> Iterator[datetime]:
    """Stop the clock at noon of 12 March 2026."""
    with clock.frozen(NOON):
        yield NOON


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "uar.db"
    engine = connect(f"sqlite:///{file}")
    migrate(engine)
    with engine.connect() as connection:
        connection.connection.dbapi_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return file


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    why = postgres.missing()
    if why:
        pytest.skip(why)
    with postgres.cluster() as base:
        postgres.run(base, "CREATE DATABASE template_uar")
        engine = connect(postgres.url(base, "template_uar"))
        migrate(engine)
        engine.dispose()
        yield base


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    shutil.copy(sqlite_template, tmp_path / "uar.db")
    return f"sqlite:///{tmp_path / 'uar.db'}"


@pytest.fixture
def postgres_url(postgres_server: str, request: pytest.FixtureRequest) -> Iterator[str]:
    name = f"t_{os.getpid()}_{abs(hash(request.node.nodeid))}"
    postgres.run(postgres_server, f"CREATE DATABASE {name} TEMPLATE template_uar")
    yield postgres.url(postgres_server, name)
    postgres.run(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated, empty database, once on SQLite and once on PostgreSQL."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    engine = connect(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def world(engine: sa.Engine, noon: datetime) -> World:
    """The cast and one app, on both databases, at noon."""
    return World(engine)


@pytest.fixture
def lite_world(sqlite_url: str, noon: datetime) -> Iterator[World]:
    """The same on SQLite only, for tests in which the database makes no difference."""
    engine = connect(sqlite_url)
    yield World(engine)
    engine.dispose()
