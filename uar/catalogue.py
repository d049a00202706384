"""The catalogue: what a person can ask for, and what asking would mean.

Offered is what may be given by hand (L7) in an app where the person has an
account that can hold it; administrators' and service accounts cannot (L14). In
uar itself the account is made by asking (L25).
Reading only; asking is :func:`uar.access_requests.file`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.db import AnySelect, rows
from uar.errors import NotFound
from uar.models import AccessRequest, Account, App, Entitlement, Identity, Resource
from uar.models.kinds import AccountKind, AccountStatus, Approval, AppStatus, Risk
from uar.models.states import RequestState
from uar.peers import Holders, Team, holders_of, team_of
from uar.policies import Authority, authority
from uar.words import access_name

OPEN = (RequestState.WAITING, RequestState.APPROVED)
NOBODY = "Nobody can decide this: there is no manager, no owner and no super administrator for it."
PRESETS = (10, 30, 60, 4 * 60, 8 * 60, 24 * 60, 3 * 24 * 60, 7 * 24 * 60, 30 * 24 * 60)


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing to ask for: who would decide, for how long at most, who else has it.

    ``decides`` names who decides each step as things stand, in order; ``problem``
    says why nobody can, or is empty. ``team_holds`` of ``team`` colleagues hold
    it, ``holders`` people in all. ``held_until`` is None while it is held without
    an end; ``request_id`` is the open request for it.
    """

    entitlement_id: int
    app_id: int
    app: str
    resource: str
    resource_type: str
    entitlement: str
    description: str
    risk: Risk
    max_minutes: int
    account: str
    decides: tuple[str, ...]
    problem: str
    team_holds: int
    team: int
    team_name: str
    holders: int
    is_held: bool
    held_until: datetime | None
    request_id: int | None

    @property
    def access(self) -> str:
        """Name it as everywhere: "JumpCloud · crm-admins · Member"."""
        return access_name(self.app, self.resource, self.entitlement)

    @property
    def durations(self) -> tuple[int, ...]:
        """Return the usual lengths of time up to the longest, in minutes, shortest first."""
        return durations_up_to(self.max_minutes)


def catalogue(
    session: Session, identity_id: int, q: str = "", *, after: int | None = None, limit: int = 50
) -> list[Offer]:
    """List what a person can ask for, by app and name; every word of ``q`` must occur.

    Words are looked for in names and descriptions of the right, its resource and
    its app. ``after`` is the last entitlement seen. The number of queries does not
    depend on the rows.
    """
    statement = _requestable(identity_id)
    for word in q.split():
        statement = statement.where(_mentions(word))
    if after is not None:
        statement = statement.where(_comes_after(after))
    return _offers(session, identity_id, statement.limit(limit))


def offer(session: Session, identity_id: int, entitlement_id: int) -> Offer:
    """Return one thing that a person can ask for. Raises NotFound if she cannot."""
    found = _offers(
        session, identity_id, _requestable(identity_id).where(col(Entitlement.id) == entitlement_id)
    )
    if not found:
        raise NotFound(
            "There is no such access that you can ask for.",
            subject=f"entitlement:{entitlement_id}",
        )
    return found[0]


def open_requests(session: Session, identity_id: int) -> dict[int, int]:
    """Map the entitlements that a person has asked for to the open requests. One query."""
    found = session.connection().execute(
        sa.select(col(AccessRequest.entitlement_id), col(AccessRequest.id)).where(
            col(AccessRequest.subject_id) == identity_id, col(AccessRequest.state).in_(OPEN)
        )
    )
    return {entitlement_id: row_id for entitlement_id, row_id in found}  # noqa: C416 - typed


def durations_up_to(longest: int) -> tuple[int, ...]:
    """Return the usual lengths of time, in minutes, shortest first; the longest is the last."""
    return (*(minutes for minutes in PRESETS if minutes < longest), longest)


def on_offer() -> sa.ColumnElement[bool]:
    """Return the SQL condition for an entitlement that anybody may ask for.

    It speaks of Entitlement joined with its Resource and its App.
    """
    return sa.and_(
        col(Entitlement.requestable),
        col(Entitlement.gone_at).is_(None),
        col(Resource.gone_at).is_(None),
        col(Entitlement.fixed_why) == "",
        ~col(Entitlement.is_builtin),
        col(App.status) == AppStatus.MANAGED,
    )


def can_hold() -> sa.ColumnElement[bool]:
    """Return the SQL condition for a live account of a person that may be given access."""
    return sa.and_(
        col(Account.gone_at).is_(None),
        col(Account.status).in_((AccountStatus.ENABLED, AccountStatus.UNSPECIFIED)),
        col(Account.is_person),
        ~col(Account.is_protected),
        col(Account.kind) == AccountKind.PERSON,
    )


@dataclass(frozen=True, slots=True)
class _Right:
    entitlement_id: int
    app_id: int
    app: str
    resource: str
    resource_type: str
    entitlement: str
    description: str
    risk: Risk
    max_minutes: int
    approval: Approval
    account: str


def _requestable(identity_id: int) -> AnySelect:
    mine = sa.orm.aliased(Account)
    chosen = (
        sa.select(sa.func.min(col(Account.id)))
        .where(
            col(Account.connector_id) == col(Entitlement.connector_id),
            col(Account.identity_id) == identity_id,
            can_hold(),
        )
        .correlate(Entitlement)
        .scalar_subquery()
    )
    has_none = ~sa.exists().where(
        col(Account.connector_id) == col(Entitlement.connector_id),
        col(Account.identity_id) == identity_id,
    ).correlate(Entitlement)
    return (
        sa.select(
            col(Entitlement.id).label("entitlement_id"),
            col(Entitlement.app_id),
            col(App.name).label("app"),
            col(Resource.name).label("resource"),
            col(Resource.type).label("resource_type"),
            col(Entitlement.name).label("entitlement"),
            sa.case(
                (col(Entitlement.description) != "", col(Entitlement.description)),
                else_=col(Resource.description),
            ).label("description"),
            col(Entitlement.risk),
            col(Entitlement.max_minutes),
            col(Entitlement.approval),
            sa.func.coalesce(col(mine.name), col(Identity.name)).label("account"),
        )
        .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
        .join(App, col(App.id) == col(Entitlement.app_id))
        .join(Identity, col(Identity.id) == identity_id)
        .outerjoin(mine, col(mine.id) == chosen)
        .where(on_offer(), sa.or_(col(mine.id).is_not(None), sa.and_(col(App.is_own), has_none)))
        .order_by(col(App.name), col(Resource.name), col(Entitlement.name), col(Entitlement.id))
    )


def _mentions(word: str) -> sa.ColumnElement[bool]:
    return sa.or_(
        *(
            col(column).icontains(word, autoescape=True)
            for column in (
                Entitlement.name,
                Entitlement.description,
                Resource.name,
                Resource.description,
                App.name,
                App.description,
            )
        )
    )


def _comes_after(entitlement_id: int) -> sa.ColumnElement[bool]:
    app, resource, last = sa.orm.aliased(App), sa.orm.aliased(Resource), sa.orm.aliased(Entitlement)

    def of_last(column: Any) -> Any:
        return (
            sa.select(column)
            .select_from(last)
            .join(app, col(app.id) == col(last.app_id))
            .join(resource, col(resource.id) == col(last.resource_id))
            .where(col(last.id) == entitlement_id)
            .scalar_subquery()
        )

    return sa.tuple_(
        col(App.name), col(Resource.name), col(Entitlement.name), col(Entitlement.id)
    ) > sa.tuple_(
        of_last(app.name), of_last(resource.name), of_last(last.name), sa.literal(entitlement_id)
    )


def _offers(session: Session, identity_id: int, statement: AnySelect) -> list[Offer]:
    found = rows(session, _Right, statement)
    if not found:
        return []
    ids = [right.entitlement_id for right in found]
    who = authority(session, [identity_id], {right.app_id for right in found})
    me = session.get_one(Identity, identity_id)
    team = team_of(session, me)
    held = holders_of(session, me, ids)
    asked = open_requests(session, identity_id)
    return [
        _offer(right, identity_id, who, team, held.get(right.entitlement_id), asked)
        for right in found
    ]


def _offer(
    right: _Right,
    identity_id: int,
    who: Authority,
    team: Team,
    held: Holders | None,
    asked: Mapping[int, int],
) -> Offer:
    plan = who.plan(
        right.approval,
        right.risk,
        app_id=right.app_id,
        subject_id=identity_id,
        requester_id=identity_id,
    )
    return Offer(
        entitlement_id=right.entitlement_id,
        app_id=right.app_id,
        app=right.app,
        resource=right.resource,
        resource_type=right.resource_type,
        entitlement=right.entitlement,
        description=right.description,
        risk=right.risk,
        max_minutes=right.max_minutes,
        account=right.account,
        decides=tuple(step.words for step in plan),
        problem="" if all(step.people for step in plan) else NOBODY,
        team_holds=held.team if held else 0,
        team=team.size,
        team_name=team.name,
        holders=held.all if held else 0,
        is_held=bool(held and held.mine),
        held_until=held.mine_until if held and not held.mine_lasting else None,
        request_id=asked.get(right.entitlement_id),
    )
