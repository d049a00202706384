"""What access is called in sentences that are written where only its id is at hand.

Rows of pages carry app, resource and right themselves; see :func:`uar.words.access_name`.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.models import App, Entitlement, Resource
from uar.words import access_name


def full_name(session: Session, entitlement_id: int) -> str:
    """Name access as everywhere: "JumpCloud · crm-admins · Member". One query."""
    app, resource, entitlement = (
        session.connection()
        .execute(
            sa.select(col(App.name), col(Resource.name), col(Entitlement.name))
            .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
            .join(App, col(App.id) == col(Entitlement.app_id))
            .where(col(Entitlement.id) == entitlement_id)
        )
        .one()
    )
    return access_name(app, resource, entitlement)
