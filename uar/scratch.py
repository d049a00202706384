"""A connection of one run's own, with temporary tables that nobody else sees.

What is read goes into temporary tables, which lock nothing of the database.
They are compared in a transaction that only reads, and only the differences are
written, in transactions so short that no other writer waits for long.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from uar.pouring import pour
from uar.site import Site
from uar.work import Actor, Work, work_on

TEMPORARY = sa.MetaData()

SMALLEST, FIRST, LARGEST = 250, 1000, 5000
"""How many rows one transaction writes: at least, at first and at most."""
TARGET = 0.03
"""How long a transaction should take, in seconds; a third of what a writer may wait."""
REST = 0.004
"""How long to pause after each transaction, in seconds, so that a waiting writer gets in.

SQLite knows no queue: who waits looks every two milliseconds (:mod:`uar.db`)."""

MANY = 1000
"""From so many new rows on, the database's statistics are out of date."""


def temporary(name: str, *columns: sa.Column[Any]) -> sa.Table:
    """Declare a temporary table; it exists in a scratch that ``makes`` it."""
    return sa.Table(name, TEMPORARY, *columns, prefixes=["TEMPORARY"])


class Scratch:
    """The connection; use it in a ``with`` block, and from one thread only."""

    def __init__(self, site: Site) -> None:
        """Remember the installation; connects on entering the block."""
        self.site = site

    def __enter__(self) -> Scratch:
        """Connect. The connection never returns to the pool, so nothing of it leaks."""
        self._connection = self.site.engine.connect()
        self._connection.detach()
        self.is_sqlite = self._connection.dialect.name == "sqlite"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect; the temporary tables go with the connection."""
        self._connection.close()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Begin a transaction on one snapshot that writes to temporary tables at most."""
        self._connection.execution_options(uar_reading=True)
        with self._connection.begin():
            if not self.is_sqlite:
                self._connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                self._connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            yield self._connection

    @contextmanager
    def working(self, actor: Actor) -> Iterator[Work]:
        """Begin a unit of work that can also read the temporary tables."""
        self._connection.execution_options(uar_reading=False)
        with work_on(self._connection, actor, self.site.settings) as work:
            yield work

    def make(self, *tables: sa.Table) -> None:
        """Create temporary tables, empty."""
        with self.reading() as connection:
            for table in tables:
                connection.execute(sa.schema.CreateTable(table))

    def fill(self, table: sa.Table, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        """Append rows to a temporary table; their values are in the order of ``names``."""
        with self.reading() as connection:
            pour(connection, table, names, rows)

    def analyze(self, *tables: sa.Table) -> None:
        """Tell PostgreSQL how full the tables are; without it, joins of them crawl."""
        if self.is_sqlite:
            return
        with self.reading() as connection:
            for table in tables:
                connection.exec_driver_sql("ANALYZE " + table.name)

    def refresh_statistics(self, *tables: type[SQLModel]) -> None:
        """Tell PostgreSQL how full tables of the inventory are that have just grown a lot.

        It would learn by itself within a minute; until then it plans as if they
        were empty. Blocks nobody.
        """
        if self.is_sqlite:
            return
        with self.reading() as connection:
            for table in tables:
                connection.exec_driver_sql(f"ANALYZE {table.__tablename__}")

    def look_up_by_index(self, work: Work) -> None:
        """Let this transaction join its few rows by index, however empty the tables look."""
        self._may_join(work, by_index_only=True)

    def join_freely(self, work: Work) -> None:
        """Let this transaction join as the database sees fit again: its few rows to each other."""
        self._may_join(work, by_index_only=False)

    def _may_join(self, work: Work, *, by_index_only: bool) -> None:
        if not self.is_sqlite:
            value = "off" if by_index_only else "on"
            ways = ("hashjoin", "mergejoin", "seqscan")
            work.session.connection().execute(
                sa.select(*(sa.func.set_config(f"enable_{way}", value, True) for way in ways))
            )

    def ranges(self, last: int, first: int = 0) -> Iterator[tuple[int, int]]:
        """Cut the numbers after ``first`` up to ``last`` into ``(above, up to)``.

        The caller's transaction runs between two answers. Its time decides how
        many rows the next one may have.
        """
        low, size = first, FIRST
        while low < last:
            high = min(low + size, last)
            began = time.monotonic()
            yield low, high
            took = time.monotonic() - began
            low = high
            if not self.is_sqlite:
                size = LARGEST  # other writers do not wait for rows that are new
                continue
            size = max(SMALLEST, min(LARGEST, int(size * TARGET / max(took, 0.001))))
            if low < last:
                time.sleep(REST)
