"""The temporary tables that one run reads into, and who takes what is read.

Accounts, resources and entitlements get numbers of their own (``n``, from 1 on in
the order read); a path, which is one way in which an account holds an
entitlement, is three of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeAlias

import sqlalchemy as sa

from connectors.base import Unread
from uar.models.kinds import ChangeOf, Completeness
from uar.scratch import temporary


class Written(sa.types.UserDefinedType[str]):
    """JSON that is handed over as the text it is written in."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Name the type as both databases know it."""
        return "JSON"


def _thing(name: str, *more: sa.Column[Any]) -> sa.Table:
    return temporary(
        name,
        sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("vendor_id", sa.String, nullable=False),
        *more,
        sa.Column("fingerprint", sa.String, nullable=False),
        sa.Column("record", Written, nullable=False),
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
PAIR = ("account_id", "entitlement_id")


def between_known(name: str) -> sa.Table:
    """Declare a temporary table of paths between things that the inventory knows, by its ids."""
    return temporary(
        name,
        *(sa.Column(each, sa.Integer, primary_key=True) for each in (*PAIR, "via_id")),
    )


SEEN = between_known("seen")
"""The paths that were read between things that the inventory knows; ``via_id`` 0 is direct."""

STAGED = {
    ChangeOf.ACCOUNT: ACCOUNTS,
    ChangeOf.RESOURCE: RESOURCES,
    ChangeOf.ENTITLEMENT: ENTITLEMENTS,
}

Path: TypeAlias = tuple[int, int, int]
"""Numbers of account, entitlement and the resource it leads through; 0 is direct."""


class Thing(NamedTuple):
    """One account, resource or entitlement (which alone has a ``slug``) as it was read.

    ``values`` are the columns that the vendor decides, ``text`` the same as JSON.
    """

    n: int
    type: str
    vendor_id: str
    slug: str
    fingerprint: str
    values: dict[str, Any]
    text: str


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
    """Takes what is read while more is being read. May raise what went wrong with earlier rows."""

    def things(self, what: ChangeOf, rows: Sequence[Thing]) -> None:
        """Take some of one kind; every resource comes before its entitlements."""

    def all_things(self) -> None:
        """Know that no more accounts, resources and entitlements come."""

    def paths(self, rows: Sequence[Path]) -> None:
        """Take paths between things that came before."""
