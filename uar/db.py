"""The database: one engine, two doors.

Readers use ``reading``; writers use :func:`uar.work.unit_of_work`. On SQLite a
writer begins with ``BEGIN IMMEDIATE``: a deferred transaction that reads first
and writes later fails at once when somebody wrote between, whatever the busy
time-out says, and four such threads lost 159 of 200 attempts here.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias, TypeVar

import sqlalchemy as sa
from sqlmodel import Session

Row = TypeVar("Row")
Item = TypeVar("Item")

READ_ONLY = {"uar_reading": True}

LOCK_WAIT = 10.0
"""How long a writer waits for SQLite's lock, in seconds."""
LOCK_LOOK = 0.002
"""How often it looks."""

AnySelect: TypeAlias = "sa.Select[*tuple[Any, ...]]"
"""A query of any columns; mypy follows SQLAlchemy's column types only up to ten."""


def connect(url: str) -> sa.Engine:
    """Make the engine for an SQLite or PostgreSQL address; opens nothing yet.

    A PostgreSQL statement that runs for more than 30 s, or waits for a lock for
    more than 5 s, is ended by the server.
    """
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = sa.create_engine(parsed)
        sa.event.listen(engine, "connect", _set_up_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
        return engine
    limits = "-c statement_timeout=30000 -c lock_timeout=5000 -c timezone=UTC"
    return sa.create_engine(
        parsed,
        pool_pre_ping=True,
        pool_size=10,
        max_overflow=20,
        connect_args={"connect_timeout": 5, "options": limits},
    )


def is_sqlite(session: Session) -> bool:
    """Say whether the session speaks to SQLite; the few places where SQL differs ask."""
    return session.get_bind().dialect.name == "sqlite"


@contextmanager
def reading(engine: sa.Engine) -> Iterator[Session]:
    """Open a session that only reads, on one snapshot, and is closed at the end.

    On PostgreSQL the transaction is read-only and repeatable, so that the facts
    of one page agree with each other.
    """
    options: dict[str, Any] = dict(READ_ONLY)
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with (
        engine.connect().execution_options(**options) as connection,
        Session(connection, autoflush=False, expire_on_commit=False) as session,
    ):
        yield session


def rows(session: Session, shape: type[Row], statement: sa.Executable) -> list[Row]:
    """Run a query and return its rows as frozen dataclasses, columns matched by name."""
    result = session.connection().execute(statement)
    return [shape(**row) for row in result.mappings()]


def one(session: Session, shape: type[Row], statement: sa.Executable) -> Row | None:
    """Return the only row of a query as a frozen dataclass, or None."""
    found = rows(session, shape, statement)
    if len(found) > 1:
        raise ValueError(f"expected one {shape.__name__}, found {len(found)}")
    return found[0] if found else None


def in_batches(items: Sequence[Item], size: int = 500) -> Iterator[Sequence[Item]]:
    """Cut ids, or rows, into lists short enough for the bound parameters of one statement."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def tidy(engine: sa.Engine) -> None:
    """Move what was written from SQLite's journal to its place; nothing on PostgreSQL.

    Otherwise whoever commits when the journal is full does it, and waits for all of
    it and for the disk. Blocks nobody.
    """
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            driver: Any = connection.connection.dbapi_connection
            driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in (
        "journal_mode=WAL",
        f"busy_timeout={LOCK_WAIT * 1000:.0f}",
        "foreign_keys=ON",
        "synchronous=NORMAL",
        "cache_size=-65536",
        "temp_store=MEMORY",
        "wal_autocheckpoint=8192",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    """Begin; a writer that has to wait looks every two milliseconds.

    SQLite's own waiting looks less and less often, up to every 100 ms. It would
    miss the short pauses that a sync leaves between its transactions, and wait
    three times as long as anybody held the lock.
    """
    if connection.get_execution_options().get("uar_reading"):
        connection.exec_driver_sql("BEGIN")
        return
    driver: Any = connection.connection.dbapi_connection
    give_up = time.monotonic() + LOCK_WAIT
    driver.execute("PRAGMA busy_timeout=0")
    try:
        while time.monotonic() < give_up:
            try:
                driver.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
                time.sleep(LOCK_LOOK)
            else:
                return
    finally:
        driver.execute(f"PRAGMA busy_timeout={LOCK_WAIT * 1000:.0f}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")  # whose error says that it is locked
