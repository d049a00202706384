"""The inventory of an app as ``uar inventory --json`` prints it; reading only."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.errors import NotFound
from uar.models import Account, App, Entitlement, Grant, GrantCause, Identity, Resource


def export(session: Session, app_name: str) -> dict[str, list[dict[str, Any]]]:
    """Return all that an app has now, in the vendor's own ids, for ``uar inventory --json``.

    Without the built-in entitlement Access, which says no more than the list of
    accounts does. Raises NotFound. Five queries.
    """
    found = session.scalars(sa.select(App).where(col(App.name) == app_name)).one_or_none()
    if found is None:
        raise NotFound(f"There is no app called {app_name}.")
    return {
        "accounts": _accounts(session, found.id),
        "resources": _resources(session, found.id),
        "entitlements": _entitlements(session, found.id),
        "grants": _grants(session, found.id),
    }


def _accounts(session: Session, app_id: int) -> list[dict[str, Any]]:
    found: sa.CursorResult[Any] = session.connection().execute(
        sa.select(Account, col(Identity.email).label("identity"))
        .outerjoin(Identity, col(Identity.id) == col(Account.identity_id))
        .where(col(Account.app_id) == app_id, col(Account.gone_at).is_(None))
        .order_by(col(Account.type), col(Account.vendor_id))
    )
    return [
        {
            "id": row.vendor_id,
            "type": row.type,
            "name": row.name,
            "email": row.email,
            "status": row.status.value,
            "last_login_at": row.last_login_at and row.last_login_at.isoformat(),
            "profile": row.profile,
            "identity": row.identity,
        }
        for row in found
    ]


def _resources(session: Session, app_id: int) -> list[dict[str, Any]]:
    parent = sa.orm.aliased(Resource)
    found: sa.CursorResult[Any] = session.connection().execute(
        sa.select(
            col(Resource.type),
            col(Resource.vendor_id),
            col(Resource.name),
            col(parent.type).label("parent_type"),
            col(parent.vendor_id).label("parent_id"),
        )
        .outerjoin(parent, col(parent.id) == col(Resource.parent_id))
        .where(
            col(Resource.app_id) == app_id,
            col(Resource.gone_at).is_(None),
            col(Resource.is_builtin).is_(False),
        )
        .order_by(col(Resource.type), col(Resource.vendor_id))
    )
    return [
        {
            "type": row.type,
            "id": row.vendor_id,
            "name": row.name,
            "parent": _ref(row.parent_type, row.parent_id) if row.parent_type else None,
        }
        for row in found
    ]


def _entitlements(session: Session, app_id: int) -> list[dict[str, Any]]:
    found: sa.CursorResult[Any] = session.connection().execute(
        sa.select(col(Resource.type), col(Resource.vendor_id), col(Entitlement.slug))
        .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
        .where(
            col(Entitlement.app_id) == app_id,
            col(Entitlement.gone_at).is_(None),
            col(Entitlement.is_builtin).is_(False),
        )
        .order_by(col(Resource.type), col(Resource.vendor_id), col(Entitlement.slug))
    )
    return [{"resource": _ref(row.type, row.vendor_id), "slug": row.slug} for row in found]


def _grants(session: Session, app_id: int) -> list[dict[str, Any]]:
    via = sa.orm.aliased(Resource)
    open_cause = sa.and_(
        col(GrantCause.grant_id) == col(Grant.id), col(GrantCause.ended_at).is_(None)
    )
    found: sa.CursorResult[Any] = session.connection().execute(
        sa.select(
            col(Grant.id),
            col(Resource.type),
            col(Resource.vendor_id),
            col(Entitlement.slug),
            col(Account.vendor_id).label("account"),
            col(GrantCause.id).label("cause_id"),
            col(via.type).label("via_type"),
            col(via.vendor_id).label("via_id"),
        )
        .select_from(Grant)
        .join(Account, col(Account.id) == col(Grant.account_id))
        .join(Entitlement, col(Entitlement.id) == col(Grant.entitlement_id))
        .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
        .outerjoin(GrantCause, open_cause)
        .outerjoin(via, col(via.id) == col(GrantCause.via_id))
        .where(
            col(Grant.app_id) == app_id,
            col(Grant.ended_at).is_(None),
            col(Entitlement.is_builtin).is_(False),
        )
        .order_by(
            col(Resource.type),
            col(Resource.vendor_id),
            col(Entitlement.slug),
            col(Account.vendor_id),
            col(Grant.id),
            col(via.vendor_id),
        )
    )
    exported: dict[int, dict[str, Any]] = {}
    for row in found:
        one = exported.setdefault(
            row.id,
            {
                "resource": _ref(row.type, row.vendor_id),
                "slug": row.slug,
                "account": row.account,
                "direct": False,
                "via": [],
            },
        )
        if row.via_type is None:
            one["direct"] = True
        else:
            one["via"].append(_ref(row.via_type, row.via_id))
    return list(exported.values())


def _ref(type_: str, vendor_id: str) -> dict[str, str]:
    return {"type": type_, "id": vendor_id}
