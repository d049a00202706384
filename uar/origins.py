"""Where access comes from: each path of a grant, and where it would have to be removed (L5)."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.db import AnySelect, rows
from uar.models import Entitlement, Grant, GrantCause, Resource
from uar.words import access_name


@dataclass(frozen=True, slots=True)
class Origin:
    """One place to remove access at: the grant itself, or the membership it comes through."""

    grant_id: int
    entitlement_id: int
    app_id: int


def origins(session: Session, grant_id: int) -> list[Origin]:
    """List where an open grant has to be removed, the direct path first. Two queries."""
    return rows(session, Origin, _direct(grant_id)) + rows(session, Origin, _inherited(grant_id))


def also_lost(session: Session, account_id: int, entitlement_id: int) -> list[str]:
    """Name what else an account would lose with an entitlement, because it is inherited (L5).

    The app is not named: it is the entitlement's own.
    """
    found = session.connection().execute(
        sa.select(col(Resource.name), col(Entitlement.name))
        .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
        .join(Grant, col(Grant.entitlement_id) == col(Entitlement.id))
        .join(GrantCause, col(GrantCause.grant_id) == col(Grant.id))
        .where(
            col(Grant.account_id) == account_id,
            col(Grant.ended_at).is_(None),
            col(GrantCause.ended_at).is_(None),
            col(GrantCause.via_id)
            == sa.select(col(Entitlement.resource_id))
            .where(col(Entitlement.id) == entitlement_id)
            .scalar_subquery(),
        )
        .order_by(col(Resource.name), col(Entitlement.name))
    )
    return [access_name("", resource, right) for resource, right in found]


def _direct(grant_id: int) -> AnySelect:
    return (
        sa.select(col(Grant.id).label("grant_id"), col(Grant.entitlement_id), col(Grant.app_id))
        .join(GrantCause, col(GrantCause.grant_id) == col(Grant.id))
        .where(
            col(Grant.id) == grant_id,
            col(GrantCause.ended_at).is_(None),
            col(GrantCause.via_id) == 0,
        )
        .distinct()
    )


def _inherited(grant_id: int) -> AnySelect:
    inherited, source = sa.orm.aliased(Grant), sa.orm.aliased(Grant)
    through = sa.orm.aliased(Entitlement)
    return (
        sa.select(
            col(source.id).label("grant_id"),
            col(through.id).label("entitlement_id"),
            col(through.app_id).label("app_id"),
        )
        .select_from(GrantCause)
        .join(inherited, col(inherited.id) == col(GrantCause.grant_id))
        .join(through, col(through.resource_id) == col(GrantCause.via_id))
        .join(
            source,
            sa.and_(
                col(source.entitlement_id) == col(through.id),
                col(source.account_id) == col(inherited.account_id),
                col(source.ended_at).is_(None),
            ),
        )
        .where(
            col(GrantCause.grant_id) == grant_id,
            col(GrantCause.ended_at).is_(None),
            col(GrantCause.via_id) != 0,
        )
        .distinct()
    )
