"""The brake: a run that would remove too much waits for a person (CON-11).

It holds only what a sync discovers. Removals that we ordered are due whatever
it says (L16).
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import col

from uar.differences import FOUND, Compared
from uar.models import Account, Grant, GrantCause
from uar.models.kinds import Change, ChangeOf
from uar.models.states import GrantState
from uar.paths import LOST, same

FEWEST = 5
"""With fewer accounts or grants than this, a share says nothing."""


@dataclass(frozen=True, slots=True)
class Sums:
    """How much there was before a run, and how much of it the run would end.

    Grants whose removal we ordered ourselves do not count as ended by it (L16).
    """

    accounts: int
    grants: int
    accounts_gone: int
    grants_gone: int


def why_held(sums: Sums, *, share: float, accounts_read: int) -> str:
    """Say in a sentence why a person must look first; empty when nobody must.

    ``share`` is the part, between 0 and 1, that a run may remove. A first run
    removes nothing and is never held; a list without any account always is.
    """
    if sums.accounts and not accounts_read:
        return f"The list of accounts is empty; there were {sums.accounts:,} before."
    for noun, before, gone in (
        ("grants", sums.grants, sums.grants_gone),
        ("accounts", sums.accounts, sums.accounts_gone),
    ):
        if before >= FEWEST and gone > share * before:
            return f"It would remove {gone:,} of {before:,} {noun}, which is more than {share:.0%}."
    return ""


def population(connection: sa.Connection, connector_id: int) -> dict[str, int]:
    """Count a connector's accounts and open grants."""
    accounts = sa.select(sa.func.count()).where(
        col(Account.connector_id) == connector_id, col(Account.gone_at).is_(None)
    )
    grants = sa.select(sa.func.count()).where(
        col(Grant.connector_id) == connector_id, col(Grant.ended_at).is_(None)
    )
    return {
        "accounts": connection.scalar(accounts) or 0,
        "grants": connection.scalar(grants) or 0,
    }


def sums(connection: sa.Connection, compared: Compared) -> Sums:
    """Count what the brake looks at; one pass over the open grants."""
    before = population(connection, compared.connector_id)
    lost = sa.select(LOST.c.account_id, LOST.c.entitlement_id).distinct().subquery()
    stays = sa.exists().where(
        col(GrantCause.grant_id) == col(Grant.id),
        col(GrantCause.ended_at).is_(None),
        ~sa.exists().where(same(LOST.c, Grant), LOST.c.via_id == col(GrantCause.via_id)),
    )
    grants_gone = (
        sa.select(sa.func.count())
        .select_from(lost)
        .join(Grant, same(lost.c, Grant))
        .where(col(Grant.ended_at).is_(None), col(Grant.state) != GrantState.ENDING, ~stays)
    )
    accounts_gone = sa.select(sa.func.count()).where(
        FOUND.c.what == ChangeOf.ACCOUNT.value, FOUND.c.change == Change.GONE.value
    )
    return Sums(
        **before,
        accounts_gone=connection.scalar(accounts_gone) or 0,
        grants_gone=connection.scalar(grants_gone) or 0,
    )
