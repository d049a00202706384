"""How Alembic runs our migrations; called by :func:`uar.migrations.migrate`.

Foreign keys are off on SQLite while a table is rebuilt: with them on, dropping
the old copy of a parent silently deletes its children. They are checked before
the commit instead.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context
from sqlmodel import SQLModel

import uar.models  # noqa: F401 - registers the tables

ONE_AT_A_TIME = 7331


def run(engine: sa.Engine) -> None:
    """Upgrade or compare on one connection, in one transaction."""
    with engine.connect() as connection:
        lite = connection.dialect.name == "sqlite"
        if lite:
            raw = connection.connection.dbapi_connection
            assert raw is not None
            raw.execute("PRAGMA foreign_keys=OFF")
        context.configure(
            connection=connection,
            target_metadata=SQLModel.metadata,
            render_as_batch=True,
            compare_type=True,
            transactional_ddl=True,
        )
        with context.begin_transaction():
            if not lite:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ONE_AT_A_TIME})")
            context.run_migrations()
            if lite and connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall():
                raise RuntimeError("the migration would leave rows that point nowhere")
        if lite:
            connection.invalidate()  # no pooled connection may keep foreign keys off


run(context.config.attributes["engine"])
