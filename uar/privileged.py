"""Privileged access: what can do much harm, wherever it is, and in uar itself (L25).

A campaign that reviews any of it reviews the roles in uar too, for whoever has
those can give the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.models import Account, App, Entitlement
from uar.models.kinds import Risk
from uar.population import Scope, held


def with_own_roles(session: Session, scope: Sequence[Scope]) -> tuple[Scope, ...]:
    """Return a scope, with uar itself added where privileged access is in it (L25). One query.

    Privileged is what is held at high risk, and everything that an administrator's
    account of its own holds.
    """
    own = sa.orm.aliased(App)
    privileged = sa.or_(col(Entitlement.risk) == Risk.HIGH, col(Account.is_person).is_(False))
    there = held(sa.select(sa.literal(1)), scope).where(privileged).correlate(None).exists()
    found = session.scalars(sa.select(col(own.id)).where(col(own.is_own), there)).all()
    added = (Scope(own_id) for own_id in found if Scope(own_id) not in scope)
    return *scope, *added
