"""Many rows of one table at once, in each driver's own fastest way.

SQLAlchemy's dictionaries cost as much again as the insert, and PostgreSQL takes
rows one by one five times as slowly as a stream or an array of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, TypeAlias

import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel

Row: TypeAlias = tuple[Any, ...]

MOST_MARKS = 32_766
"""How many values one statement of SQLite takes."""

_NOTHING: Any = object()


def pour(
    connection: sa.Connection, table: sa.Table, names: Sequence[str], rows: Sequence[Row]
) -> None:
    """Insert rows whose values are in the order of ``names``. Nothing happens without rows.

    Columns that are not named get the database's default, never the model's.
    Raises what an insert raises; then nothing of it is there.
    """
    if not rows:
        return
    ready = _as_the_driver_wants(connection, table, names, rows)
    if connection.dialect.name == "sqlite":
        _insert(connection, table, names, ready)
        return
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    driver: Any = connection.connection.dbapi_connection
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in ready:
            copy.write_row(row)


def pour_new(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, which have the same columns, but for those that a unique index refuses."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        names = list(rows[0])
        ready = _as_the_driver_wants(connection, table, names, [tuple(r.values()) for r in rows])
        _insert(connection, table, names, ready, "ON CONFLICT DO NOTHING")
        return
    given = _given(table, rows)
    connection.execute(
        postgresql.insert(table)
        .from_select(list(rows[0]), sa.select(*given.c))
        .on_conflict_do_nothing()
    )


def amend(
    connection: sa.Connection,
    table: sa.Table,
    rows: Sequence[Mapping[str, Any]],
    *where: sa.ColumnElement[bool],
) -> None:
    """Update rows by their ``id``; each mapping has it and the same further columns.

    ``where`` narrows which of them are updated. Nothing happens without rows.
    """
    if not rows:
        return
    names = [name for name in rows[0] if name != "id"]
    if connection.dialect.name == "sqlite":
        _update(connection, table, names, rows, where)
        return
    given = _given(table, rows)
    connection.execute(
        sa.update(table)
        .where(table.c.id == given.c.id, *where)
        .values({name: given.c[name] for name in names})
    )


def _given(table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> sa.TableValuedAlias:
    """Hand rows to PostgreSQL as one array for each column."""
    names = list(rows[0])
    arrays = [
        sa.literal([row[name] for row in rows], postgresql.ARRAY(table.c[name].type))
        for name in names
    ]
    return sa.func.unnest(*arrays).table_valued(*names, name="given").render_derived()


def table_of(model: type[SQLModel]) -> sa.Table:
    """Return the table of a model."""
    table = sa.inspect(model).local_table
    assert isinstance(table, sa.Table)
    return table


def _insert(
    connection: sa.Connection,
    table: sa.Table,
    names: Sequence[str],
    ready: Iterable[Row],
    unless: str = "",
) -> None:
    quote = connection.dialect.identifier_preparer.quote
    into = f"INSERT INTO {quote(table.name)} ({', '.join(map(quote, names))})"
    for values, flat in _as_values(ready):
        connection.exec_driver_sql(f"{into} {values} {unless}", flat)


def _update(
    connection: sa.Connection,
    table: sa.Table,
    names: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    where: Sequence[sa.ColumnElement[bool]],
) -> None:
    quote = connection.dialect.identifier_preparer.quote
    changes = ", ".join(f"{quote(n)} = given.column{at}" for at, n in enumerate(names, 2))
    this = " AND ".join(
        [f"{quote(table.name)}.id = given.column1"]
        + [
            str(each.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))
            for each in where
        ]
    )
    every = ["id", *names]
    ready = _as_the_driver_wants(
        connection, table, every, [tuple(row[name] for name in every) for row in rows]
    )
    for values, flat in _as_values(ready):
        connection.exec_driver_sql(
            f"UPDATE {quote(table.name)} SET {changes} FROM ({values}) AS given WHERE {this}",  # noqa: S608
            flat,
        )


def _as_values(ready: Iterable[Row]) -> Iterator[tuple[str, Row]]:
    """Yield lists of rows as SQL with marks, and what belongs there.

    The driver takes a list of rows one by one, and lets other threads go on
    between two of them: a transaction of a few milliseconds took a hundred.
    """
    rows = list(ready)
    marks = f"({', '.join('?' * len(rows[0]))})"
    size = MOST_MARKS // len(rows[0])
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        yield "VALUES " + ", ".join([marks] * len(part)), tuple(chain.from_iterable(part))


def _as_the_driver_wants(
    connection: sa.Connection, table: sa.Table, names: Sequence[str], rows: Iterable[Row]
) -> Iterable[Row]:
    changes: list[tuple[int, Callable[[Any], Any]]] = []
    for place, name in enumerate(names):
        kind = table.columns[name].type.dialect_impl(connection.dialect)
        change = kind.bind_processor(connection.dialect)
        if change is not None:
            changes.append((place, change))
    return _changed(rows, changes) if changes else rows


def _changed(
    rows: Iterable[Row], changes: Sequence[tuple[int, Callable[[Any], Any]]]
) -> Iterator[Row]:
    before: list[Any] = [_NOTHING] * len(changes)
    after: list[Any] = [None] * len(changes)
    for row in rows:
        values = list(row)
        for n, (place, change) in enumerate(changes):
            value = values[place]
            if value is not before[n]:  # most rows have the same instant, kind and state
                before[n], after[n] = value, change(value)
            values[place] = after[n]
        yield tuple(values)
