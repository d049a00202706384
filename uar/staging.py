"""The temporary tables that one run reads into.

Accounts, resources and entitlements get numbers of their own (``n``); a path,
which is one way in which an account holds an entitlement, is three of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import sqlalchemy as sa

from connectors.base import Unread
from uar.models.kinds import Completeness
from uar.scratch import Scratch, temporary


def _thing(name: str, *more: sa.Column[Any]) -> sa.Table:
    return temporary(
        name,
        sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("vendor_id", sa.String, nullable=False),
        *more,
        sa.Column("fingerprint", sa.String, nullable=False),
        sa.Column("record", sa.JSON, nullable=False),
        sa.Column("id", sa.Integer),  # the row of the inventory, once compared
        sa.Column("known", sa.String),  # its fingerprint there, unless it is gone
    )


ACCOUNTS = _thing("read_account")
RESOURCES = _thing("read_resource")
ENTITLEMENTS = _thing("read_entitlement", sa.Column("slug", sa.String, nullable=False))
PATHS = temporary(
    "read_path",
    sa.Column("k", sa.Integer, primary_key=True),
    sa.Column("account_n", sa.Integer, nullable=False),
    sa.Column("entitlement_n", sa.Integer, nullable=False),
    sa.Column("via_n", sa.Integer, nullable=False),  # 0: direct
)


@dataclass(slots=True)
class Read:
    """What a run has read: how many of each, what it could not, and its scope in words."""

    accounts: int = 0
    resources: int = 0
    entitlements: int = 0
    paths: int = 0
    unread: list[Unread] = field(default_factory=list)
    scope: str = ""

    @property
    def completeness(self) -> Completeness:
        """Return how much of the vendor's population this covers (L9)."""
        if self.unread:
            return Completeness.PARTIAL
        return Completeness.SCOPED if self.scope else Completeness.FULL


class Sink(Protocol):
    """Takes what is read on from the temporary tables, in a thread of its own or not."""

    def things(self) -> None:
        """Know that all accounts, resources and entitlements are in their tables."""

    def paths(self, rows: Sequence[tuple[int, int, int]]) -> None:
        """Take paths, as numbers of account, entitlement and resource; 0 is direct."""


class Kept:
    """Keeps paths in their table until all of them are there."""

    def __init__(self, scratch: Scratch) -> None:
        """Keep them in this scratch."""
        self._scratch = scratch

    def things(self) -> None:
        """Do nothing yet."""

    def paths(self, rows: Sequence[tuple[int, int, int]]) -> None:
        """Append to the table."""
        self._scratch.fill(PATHS, rows)
