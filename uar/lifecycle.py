"""The one door through which a state changes.

``move`` changes one row, ``move_all`` a set. Both check the table of allowed
moves, update only *where the state is still what was read*, and write the audit
row of the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa
from sqlmodel import SQLModel

from uar.errors import Conflict
from uar.models.states import MOVES
from uar.work import Work


class Stateful(Protocol):
    """A table row with an id and a state."""

    id: int
    state: Any


Thing = TypeVar("Thing", bound=Stateful)

BATCH = 1000


def may_move(state: StrEnum, to: StrEnum) -> bool:
    """Say whether the law allows this move."""
    return to in MOVES[type(state)][state]


def subject_of(table: type[SQLModel], row_id: int) -> str:
    """Name a row as audit rows do: ``review_item:7``."""
    return f"{table.__tablename__}:{row_id}"


def move(
    work: Work,
    row: Stateful,
    to: StrEnum,
    *,
    action: str = "",
    reason: str = "",
    details: Mapping[str, Any] | None = None,
    **values: Any,
) -> None:
    """Change the state of one row, other columns with it, and record it.

    ``action`` is the audit verb; without it, ``table.state``. Raises Conflict
    when the law does not allow the move from here, or somebody moved it first.
    """
    table = type(row)
    assert issubclass(table, SQLModel)
    before: StrEnum = row.state
    subject = subject_of(table, row.id)
    if not may_move(before, to):
        raise Conflict(f"This is already {_words(before)}.", subject=subject)
    work.session.flush()
    columns = sa.inspect(table).columns
    done = work.session.connection().execute(
        sa.update(table)
        .where(columns["id"] == row.id, columns["state"] == before)
        .values(state=to, **values)
    )
    if done.rowcount != 1:
        raise Conflict("Somebody was faster. Look again.", subject=subject)
    _refresh(row, to, values)
    noun = str(table.__tablename__)
    work.record(
        action or f"{noun}.{to.value}",
        subject,
        reason=reason,
        details={"from": before.value, "to": to.value, **(details or {})},
    )


def move_all(
    work: Work,
    table: type[SQLModel],
    ids: Sequence[int],
    *,
    before: StrEnum,
    to: StrEnum,
    action: str = "",
    reason: str = "",
    **values: Any,
) -> list[int]:
    """Change the state of many rows that are all in ``before``; return the ids that moved.

    Rows that somebody moved meanwhile are left alone and missing from the
    answer. One UPDATE and one INSERT of audit rows for each thousand.
    """
    if not may_move(before, to):
        raise Conflict(f"{_words(before)} cannot become {_words(to)}.")
    work.session.flush()
    columns = sa.inspect(table).columns
    moved: list[int] = []
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        moved += work.session.connection().scalars(
            sa.update(table)
            .where(columns["id"].in_(batch), columns["state"] == before)
            .values(state=to, **values)
            .returning(columns["id"])
        )
    noun = str(table.__tablename__)
    details = {"from": before.value, "to": to.value}
    work.record_all(
        action or f"{noun}.{to.value}",
        [(subject_of(table, row_id), details) for row_id in moved],
        reason=reason,
    )
    return moved


def _refresh(row: Stateful, to: StrEnum, values: Mapping[str, Any]) -> None:
    """Make the row in hand say what the database now says, without a query."""
    for name, value in {"state": to, **values}.items():
        sa.orm.attributes.set_committed_value(row, name, value)


def _words(state: StrEnum) -> str:
    return state.value.replace("_", " ")
