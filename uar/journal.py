"""A run's log and its sign of life, written by a thread of its own.

The thread that reads the vendor may wait for minutes; the page shows what it is
waiting for, and nobody takes the run for dead.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from types import TracebackType

import sqlalchemy as sa
from sqlmodel import col

from uar import clock
from uar.db import tidy
from uar.models import SyncLog, SyncRun
from uar.models.states import RunState
from uar.pouring import pour, table_of
from uar.site import Site

EVERY = 0.5
"""Seconds between two writes of lines, and between two tidyings up after the run."""
ALIVE_EVERY = 5.0
"""Seconds between two signs of life."""
LONGEST = 1000

log = logging.getLogger(__name__)


class Journal:
    """Takes lines from any thread while its block lasts; all are kept at the end of it."""

    def __init__(self, site: Site, run_id: int, also: Callable[[str], None] | None) -> None:
        """Write for one run; ``also`` gets every line at once, as the command line shows it."""
        self._site = site
        self._run_id = run_id
        self._also = also
        self._lines: list[tuple[datetime, str]] = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._live, name=f"sync {run_id}", daemon=True)

    def write(self, line: str) -> None:
        """Add one line, which must hold no secret."""
        with self._lock:
            self._lines.append((clock.now(), line[:LONGEST]))
        if self._also is not None:
            self._also(line)

    def __enter__(self) -> Journal:
        """Begin to write and to show signs of life."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write what is left and stop."""
        self._over.set()
        self._thread.join()
        self._keep(alive=False)

    def _live(self) -> None:
        shown = time.monotonic()
        while not self._over.wait(EVERY):
            alive = time.monotonic() - shown >= ALIVE_EVERY
            try:
                self._keep(alive=alive)
                tidy(self._site.engine)
            except sa.exc.SQLAlchemyError:
                log.exception("run=%d the log could not be written; later again", self._run_id)
            else:
                shown = time.monotonic() if alive else shown

    def _keep(self, *, alive: bool) -> None:
        with self._lock:
            lines = self._lines[:]
        if not lines and not alive:
            return
        with self._site.working() as work:
            connection = work.session.connection()
            rows = [(self._run_id, at, text) for at, text in lines]
            pour(connection, table_of(SyncLog), ("run_id", "at", "text"), rows)
            if alive:
                connection.execute(
                    sa.update(SyncRun)
                    .where(col(SyncRun.id) == self._run_id, col(SyncRun.state) == RunState.RUNNING)
                    .values(heartbeat_at=work.now)
                )
        with self._lock:
            del self._lines[: len(lines)]
