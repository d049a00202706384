"""Columns that several tables share, and the names of constraints.

Table models write; frozen dataclasses read. No relationships, no methods. This
package never uses ``from __future__ import annotations``: SQLModel reads the
annotations of a table at run time.
"""

from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def enum_type(kind: type[StrEnum]) -> sa.Enum:
    """Return the column type that stores an enumeration by value, 24 wide."""
    return sa.Enum(
        kind,
        values_callable=lambda members: [member.value for member in members],
        native_enum=False,
        length=24,
        create_constraint=False,
    )


def stored(kind: type[StrEnum], default: StrEnum | None = None, *, nullable: bool = False) -> Any:
    """Declare a column that holds one member of an enumeration."""
    # The default stands on the column too: Core inserts do not see the field's.
    column: sa.Column[Any] = sa.Column(enum_type(kind), nullable=nullable, default=default)
    if default is None and not nullable:
        return Field(sa_column=column)
    return Field(default=default, sa_column=column)


def json_dict() -> Any:
    """Declare a column that holds a JSON object; empty unless given."""
    return Field(default_factory=dict, sa_column=sa.Column(sa.JSON(), nullable=False, default=dict))


def key() -> Any:
    """Declare the integer primary key."""
    return Field(default=None, primary_key=True)


def ref(target: str, *, index: bool = True, nullable: bool = False) -> Any:
    """Declare a foreign key to ``table.column``."""
    if nullable:
        return Field(default=None, foreign_key=target, index=index, nullable=True)
    return Field(foreign_key=target, index=index)


def only_when(condition: str) -> dict[str, Any]:
    """Make an index partial on both databases."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}
