"""The schema's history, never edited after release.

``migrate`` brings a database to the newest schema; ``check_current`` refuses to
work on an older or a newer one.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from uar.errors import UarError

HERE = Path(__file__).parent


class WrongSchema(UarError):
    """The database is not at the schema that this version of uar needs."""


def migrate(engine: sa.Engine) -> None:
    """Bring the database to the newest schema; does nothing when it is there already.

    Several processes may call it at once: PostgreSQL waits on an advisory lock,
    SQLite on its write lock. A migration that fails leaves nothing behind.
    """
    if not is_current(engine):
        command.upgrade(_config(engine), "head")


def is_current(engine: sa.Engine) -> bool:
    """Say whether the database is at the newest schema."""
    return _version(engine) == ScriptDirectory.from_config(_config(engine)).get_current_head()


def check_current(engine: sa.Engine) -> None:
    """Raise WrongSchema unless the database is at the newest schema."""
    if not is_current(engine):
        raise WrongSchema("The database is at another schema than this version: run uar migrate.")


def _version(engine: sa.Engine) -> str | None:
    with engine.connect().execution_options(uar_reading=True) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _config(engine: sa.Engine) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["engine"] = engine
    return config
