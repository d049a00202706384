"""Everything a person holds, for the pages that show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.db import AnySelect, rows
from uar.models import Account, App, Entitlement, Grant, GrantCause, Resource
from uar.models.states import GrantState


@dataclass(frozen=True, slots=True)
class HeldRow:
    """One thing a person holds: until when (None: no end), and through what."""

    grant_id: int
    app_id: int
    app: str
    account_id: int
    account: str
    entitlement_id: int
    entitlement: str
    resource: str
    resource_type: str
    description: str
    is_builtin: bool
    is_directory: bool
    state: GrantState
    began_at: datetime
    ends_at: datetime | None
    direct: bool
    via: str
    for_a_while: bool

    @property
    def is_plain(self) -> bool:
        """Say whether it is the account in a directory that everybody has."""
        return self.is_builtin and self.is_directory


def held_by(session: Session, identity_id: int) -> list[HeldRow]:
    """List everything a person holds in any app, by app and name. One query."""
    open_cause = sa.and_(
        col(GrantCause.grant_id) == col(Grant.id), col(GrantCause.ended_at).is_(None)
    )

    def of_causes(what: Any) -> Any:
        return sa.select(what).where(open_cause).correlate(Grant).scalar_subquery()

    lasting = of_causes(sa.func.count(col(GrantCause.id)) - sa.func.count(col(GrantCause.ends_at)))
    via = sa.orm.aliased(Resource)
    first_via = (
        sa.select(sa.func.min(col(via.name)))
        .select_from(GrantCause)
        .join(via, col(via.id) == col(GrantCause.via_id))
        .where(open_cause)
        .correlate(Grant)
        .scalar_subquery()
    )
    last_end = of_causes(sa.func.max(col(GrantCause.ends_at)))
    statement: AnySelect = (
        sa.select(
            col(Grant.id).label("grant_id"),
            col(Grant.app_id),
            col(App.name).label("app"),
            col(Grant.account_id),
            col(Account.name).label("account"),
            col(Grant.entitlement_id),
            col(Entitlement.name).label("entitlement"),
            col(Resource.name).label("resource"),
            col(Resource.type).label("resource_type"),
            col(Entitlement.description),
            col(Entitlement.is_builtin),
            col(App.is_directory),
            col(Grant.state),
            col(Grant.began_at),
            sa.case((lasting > 0, None), else_=last_end).label("ends_at"),
            (of_causes(sa.func.sum(sa.case((col(GrantCause.via_id) == 0, 1), else_=0))) > 0).label(
                "direct"
            ),
            sa.func.coalesce(first_via, "").label("via"),
            (last_end.is_not(None)).label("for_a_while"),
        )
        .join(Account, col(Account.id) == col(Grant.account_id))
        .join(App, col(App.id) == col(Grant.app_id))
        .join(Entitlement, col(Entitlement.id) == col(Grant.entitlement_id))
        .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
        .where(col(Account.identity_id) == identity_id, col(Grant.ended_at).is_(None))
        .order_by(col(App.name), col(Resource.name), col(Entitlement.name), col(Grant.id))
    )
    return rows(session, HeldRow, statement)
