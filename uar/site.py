"""One installation: its database, its settings, its vault. Jobs and edges are handed it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from uar import db
from uar.settings import Settings
from uar.vault import Vault
from uar.work import SYSTEM, Actor, Work, unit_of_work


@dataclass(frozen=True, slots=True)
class Site:
    """What a process needs to work on one installation."""

    engine: sa.Engine
    settings: Settings
    vault: Vault

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a session that only reads."""
        with db.reading(self.engine) as session:
            yield session

    @contextmanager
    def working(self, actor: Actor = SYSTEM) -> Iterator[Work]:
        """Begin a unit of work for an actor; see :func:`uar.work.unit_of_work`."""
        with unit_of_work(self.engine, actor, self.settings) as work:
            yield work


def open_site(settings: Settings) -> Site:
    """Open the installation that the settings describe; connects to nothing yet."""
    settings.folder.mkdir(parents=True, exist_ok=True)
    return Site(db.connect(settings.database), settings, Vault(settings.keys()))
