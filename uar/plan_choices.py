"""What a campaign's planner can choose from: apps by kinds of access, and stand-ins."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.db import rows
from uar.models import App, AppOwner, Entitlement, Grant, Identity, Resource
from uar.models.kinds import PersonStatus, Role
from uar.permissions import holders
from uar.population import FACT, HELD
from uar.words import kind_name

MOST_PEOPLE = 500


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of access in an app, and how much of it is held."""

    type: str
    title: str
    n_grants: int


@dataclass(frozen=True, slots=True)
class AppChoice:
    """One app that can be reviewed, whole or by kinds; ``n_grants`` is without facts (L8)."""

    id: int
    name: str
    n_grants: int
    types: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class StandIn:
    """Somebody who may decide where the rule finds nobody, or whom work is passed on to."""

    id: int
    name: str
    email: str


def app_choices(session: Session) -> list[AppChoice]:
    """List the apps in which something is held, by name. One query."""
    counted = session.connection().execute(
        sa.select(
            col(App.id),
            col(App.name),
            col(Resource.type),
            sa.func.count(),
            sa.func.sum(sa.case((col(Entitlement.purpose) == FACT, 0), else_=1)),
        )
        .select_from(Grant)
        .join(App, col(App.id) == col(Grant.app_id))
        .join(Entitlement, col(Entitlement.id) == col(Grant.entitlement_id))
        .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
        .where(col(Grant.state).in_(HELD))
        .group_by(col(App.id), col(App.name), col(Resource.type))
        .order_by(col(App.name), col(App.id), col(Resource.type))
    )
    kinds: dict[tuple[int, str], list[Kind]] = defaultdict(list)
    whole: Counter[int] = Counter()
    for app_id, name, type_, n, n_without_facts in counted:
        kinds[app_id, name].append(Kind(type_, kind_name(type_), n))
        whole[app_id] += n_without_facts
    return [
        AppChoice(app_id, name, whole[app_id], tuple(found))
        for (app_id, name), found in kinds.items()
    ]


def stand_ins(session: Session, planner_id: int, chosen_id: int | None = None) -> list[StandIn]:
    """List who may stand in, by name: owners, managers, administrators, the planner. Three queries.

    At most 500; whoever is chosen already is among them.
    """
    manager = sa.orm.aliased(Identity)
    ids = {planner_id, *holders(session, Role.CAMPAIGN_ADMIN), *holders(session, Role.SUPER_ADMIN)}
    if chosen_id is not None:
        ids.add(chosen_id)
    return rows(
        session,
        StandIn,
        sa.select(col(Identity.id), col(Identity.name), col(Identity.email))
        .where(
            col(Identity.status) == PersonStatus.ACTIVE,
            sa.or_(
                col(Identity.id).in_(ids),
                col(Identity.id).in_(sa.select(col(AppOwner.identity_id))),
                col(Identity.id).in_(
                    sa.select(col(manager.manager_id)).where(col(manager.manager_id).is_not(None))
                ),
            ),
        )
        .order_by(col(Identity.id).in_(ids).desc(), col(Identity.name), col(Identity.id))
        .limit(MOST_PEOPLE),
    )
