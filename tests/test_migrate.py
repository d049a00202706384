"""Migrations build what the models say, on both databases, and lose nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from tests import postgres
from uar.db import connect
from uar.migrations import WrongSchema, check_current, is_current, migrate


def _shape(engine: sa.Engine) -> dict[str, Any]:
    """Describe every table as the database itself does."""
    inspector = sa.inspect(engine)
    shape: dict[str, Any] = {}
    for table in sorted(set(inspector.get_table_names()) - {"alembic_version"}):
        shape[table] = {
            "columns": [
                (c["name"], str(c["type"]), c["nullable"]) for c in inspector.get_columns(table)
            ],
            "primary key": inspector.get_pk_constraint(table)["constrained_columns"],
            "foreign keys": sorted(
                (f["constrained_columns"], f["referred_table"])
                for f in inspector.get_foreign_keys(table)
            ),
            "unique": sorted(u["column_names"] for u in inspector.get_unique_constraints(table)),
            "checks": sorted(c["name"] or "" for c in inspector.get_check_constraints(table)),
            "indexes": sorted(
                (
                    i["name"] or "",
                    i["column_names"],
                    bool(i["unique"]),
                    str(sorted(map(str, i.get("dialect_options", {}).values()))),
                )
                for i in inspector.get_indexes(table)
            ),
        }
    return shape


def test_a_migrated_sqlite_file_equals_the_models(tmp_path: Path) -> None:
    migrated = connect(f"sqlite:///{tmp_path / 'a.db'}")
    migrate(migrated)
    created = connect(f"sqlite:///{tmp_path / 'b.db'}")
    with created.begin() as connection:
        SQLModel.metadata.create_all(connection)

    assert _shape(migrated) == _shape(created)
    migrated.dispose()
    created.dispose()


@pytest.mark.postgres
def test_a_migrated_postgresql_database_equals_the_models(postgres_server: str) -> None:
    for name in ("shape_a", "shape_b"):
        postgres.run(postgres_server, f"CREATE DATABASE {name}")
    migrated = connect(postgres.url(postgres_server, "shape_a"))
    migrate(migrated)
    created = connect(postgres.url(postgres_server, "shape_b"))
    with created.begin() as connection:
        SQLModel.metadata.create_all(connection)

    assert _shape(migrated) == _shape(created)
    migrated.dispose()
    created.dispose()


def test_migrating_twice_changes_nothing(engine: sa.Engine) -> None:
    before = _shape(engine)

    migrate(engine)

    assert is_current(engine)
    assert _shape(engine) == before


def test_an_older_schema_is_refused_with_a_sentence(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'empty.db'}")

    with pytest.raises(WrongSchema, match="run uar migrate"):
        check_current(engine)
    engine.dispose()


@pytest.mark.postgres
def test_four_processes_may_migrate_at_once(postgres_server: str) -> None:
    postgres.run(postgres_server, "CREATE DATABASE together")
    url = postgres.url(postgres_server, "together")
    program = "import sys; from uar.db import connect; from uar.migrations import migrate"
    command = [sys.executable, "-c", f"{program}; migrate(connect(sys.argv[1]))", url]

    processes = [subprocess.Popen(command) for _ in range(4)]

    assert [process.wait(60) for process in processes] == [0, 0, 0, 0]
    engine = connect(url)
    assert is_current(engine)
    engine.dispose()


def test_the_database_itself_refuses_to_change_the_record(engine: sa.Engine) -> None:
    for statement in ("UPDATE audit_entry SET actor = 'x'", "DELETE FROM audit_entry"):
        with engine.connect() as connection:
            connection.begin()
            connection.exec_driver_sql(
                "INSERT INTO audit_entry (at, actor, action, subject, reason, details, request_ref)"
                " VALUES ('2026-03-12 12:00:00', 'Ada', 'x.y', 'x:1', '', '{}', '')"
            )
            with pytest.raises(sa.exc.DBAPIError, match="never changed or deleted"):
                connection.exec_driver_sql(statement)
            connection.rollback()
