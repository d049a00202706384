"""What a person may do in uar itself.

The roles are entitlements of the app "uar" (L25): they are granted, asked for,
reviewed and ended like any other access, and a person has a role exactly while
an open grant says so.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from uar import clock
from uar.errors import Conflict, NotFound
from uar.models import (
    Account,
    App,
    Connector,
    Entitlement,
    Grant,
    GrantCause,
    Identity,
    Resource,
)
from uar.models.kinds import AccountStatus, Approval, Cause, Match, PersonStatus, Risk, Role
from uar.models.states import ConnectorState, GrantState
from uar.work import Work

OWN_KIND = "uar"
"""The kind of the connector row that stands for uar itself; no vendor, no sync."""

TITLES = {
    Role.CAMPAIGN_ADMIN: ("Campaign administrator", "Runs reviews of access"),
    Role.CONNECTOR_ADMIN: ("Connector administrator", "Connects systems and reads their logs"),
    Role.APP_ADMIN: ("App administrator", "Says who owns an app and what may be asked for"),
    Role.AUDITOR: ("Auditor", "Sees everything, changes nothing"),
    Role.SUPER_ADMIN: ("Super administrator", "May do everything"),
}
LONGEST = {Role.SUPER_ADMIN: 8 * 60}
USUALLY_LONGEST = 30 * 24 * 60
"""For how many minutes at most a role may be asked for, unless its owners say otherwise."""


def roles_of(session: Session, identity_id: int) -> frozenset[Role]:
    """Return the roles a person has at this instant; none when she has left. One query.

    A role for a while is over when its time is, not when its removal is carried out (L25).
    """
    found = session.connection().scalars(
        _held(col(Resource.vendor_id)).where(col(Account.identity_id) == identity_id)
    )
    return frozenset(Role(word) for word in found)


def holders(session: Session, role: Role) -> list[int]:
    """Return the ids of the active people who have a role, lowest first."""
    return list(
        session.connection().scalars(
            _held(col(Account.identity_id))
            .where(col(Resource.vendor_id) == role.value)
            .order_by(col(Account.identity_id))
        )
    )


def last_super(session: Session) -> int | None:
    """Return the id of the super administrator who must stay, where all hangs on one (L14).

    Whoever is it only for a while does not count beside somebody who is it for good:
    her time will be over, and that end is never held up. One query.
    """
    found = session.connection().execute(
        _held(col(Account.identity_id), _counts(for_good=True)).where(
            col(Resource.vendor_id) == Role.SUPER_ADMIN.value
        )
    )
    for_good = {identity_id: endless for identity_id, endless in found}  # noqa: C416 - typed
    left = [identity_id for identity_id, endless in for_good.items() if endless] or [*for_good]
    return left[0] if len(left) == 1 else None


def why_kept(session: Session, account: Account, entitlement: Entitlement) -> str:
    """Say why a role in uar must not be taken away (L14); empty when it, or other access, may."""
    resource = session.get_one(Resource, entitlement.resource_id)
    if not session.get_one(App, resource.app_id).is_own:
        return ""
    if resource.vendor_id != Role.SUPER_ADMIN.value:
        return ""
    if last_super(session) != account.identity_id:
        return ""
    return f"{account.name} is the last super administrator: give somebody else the role first."


def ensure_own_app(work: Work) -> App:
    """Make the app "uar" with an entitlement for each role, unless it is there.

    Whoever works here may ask for one; her manager decides, then an owner of the app
    "uar" (a super administrator while it has none), never the same person twice.
    """
    session = work.session
    app = session.scalars(sa.select(App).where(col(App.is_own))).one_or_none()
    if app is not None:
        return app
    app = App(name="uar", is_own=True, description="This tool itself", created_at=work.now)
    session.add(app)
    session.flush()
    connector = Connector(
        app_id=app.id,
        kind=OWN_KIND,
        name="uar",
        state=ConnectorState.READY,
        writes_on=True,
        created_at=work.now,
    )
    session.add(connector)
    session.flush()
    for role, (title, description) in TITLES.items():
        resource = Resource(
            app_id=app.id,
            connector_id=connector.id,
            type="role",
            vendor_id=role.value,
            name=title,
            description=description,
            first_seen_at=work.now,
        )
        session.add(resource)
        session.flush()
        session.add(
            Entitlement(
                app_id=app.id,
                connector_id=connector.id,
                resource_id=resource.id,
                slug="member",
                name=title,
                description=description,
                purpose="permission",
                can_provision=True,
                first_seen_at=work.now,
                risk=Risk.HIGH,
                requestable=True,
                approval=Approval.MANAGER_OWNER,
                max_minutes=LONGEST.get(role, USUALLY_LONGEST),
            )
        )
    session.flush()
    work.record("app.created", f"app:{app.id}", reason="uar's own roles")
    return app


def give(work: Work, identity_id: int, role: Role) -> None:
    """Give a person a role, standing, until somebody ends it; nothing when she has it so.

    Raises NotFound, and Conflict while a removal of the role is on its way.
    """
    session = work.session
    app = ensure_own_app(work)
    person = session.get(Identity, identity_id)
    if person is None:
        raise NotFound("There is no such person.", subject=f"identity:{identity_id}")
    account = own_account(work, person)
    entitlement_id = session.scalars(
        sa.select(col(Entitlement.id))
        .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
        .where(col(Entitlement.app_id) == app.id, col(Resource.vendor_id) == role.value)
    ).one()
    grant = _open_grant(work, account, entitlement_id)
    cause = GrantCause(
        grant_id=grant.id,
        kind=Cause.STANDING,
        began_at=work.now,
    )
    same = sa.select(GrantCause).where(
        col(GrantCause.grant_id) == grant.id,
        col(GrantCause.kind) == Cause.STANDING,
        col(GrantCause.ended_at).is_(None),
    )
    if session.scalars(same).first() is None:
        session.add(cause)
        work.record("grant.begun", f"grants:{grant.id}", reason=f"{role.value} for {person.name}")


def own_account(work: Work, person: Identity) -> Account:
    """Return a person's account in the app "uar", made on the way if needed."""
    session = work.session
    app = ensure_own_app(work)
    hers = sa.select(Account).where(
        col(Account.app_id) == app.id, col(Account.identity_id) == person.id
    )
    if (found := session.scalars(hers).one_or_none()) is not None:
        return found
    connector_id = session.scalars(
        sa.select(col(Connector.id)).where(col(Connector.app_id) == app.id)
    ).one()
    account = Account(
        app_id=app.id,
        connector_id=connector_id,
        type="user",
        vendor_id=str(person.id),
        name=person.name,
        email=person.email,
        status=AccountStatus.ENABLED,
        first_seen_at=work.now,
        identity_id=person.id,
        match=Match.LINK,
    )
    try:
        with session.begin_nested():
            session.add(account)
            session.flush()
    except IntegrityError:  # her other click was faster
        return session.scalars(hers).one()
    return account


def _open_grant(work: Work, account: Account, entitlement_id: int) -> Grant:
    found = work.session.scalars(
        sa.select(Grant).where(
            col(Grant.account_id) == account.id,
            col(Grant.entitlement_id) == entitlement_id,
            col(Grant.ended_at).is_(None),
        )
    ).one_or_none()
    if found is None:
        found = Grant(
            app_id=account.app_id,
            connector_id=account.connector_id,
            account_id=account.id,
            entitlement_id=entitlement_id,
            began_at=work.now,
        )
        work.session.add(found)
        work.session.flush()
    elif found.state is GrantState.ENDING:
        raise Conflict(
            "This role is just being taken away: give it afterwards.", subject=f"grants:{found.id}"
        )
    return found


def _held(*columns: Any) -> sa.Select[Any]:
    """Select from the roles that people who work here have now; each is listed once."""
    return (
        sa.select(*columns)
        .select_from(Grant)
        .join(Account, col(Account.id) == col(Grant.account_id))
        .join(Entitlement, col(Entitlement.id) == col(Grant.entitlement_id))
        .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
        .join(App, col(App.id) == col(Grant.app_id))
        .join(Identity, col(Identity.id) == col(Account.identity_id))
        .where(col(App.is_own), col(Identity.status) == PersonStatus.ACTIVE, _counts())
    )


def _counts(*, for_good: bool = False) -> sa.ColumnElement[bool]:
    """Match open grants with a cause whose time is not over; authority is of this instant (L27)."""
    endless = col(GrantCause.ends_at).is_(None)
    lasting = sa.exists().where(
        col(GrantCause.grant_id) == col(Grant.id),
        col(GrantCause.ended_at).is_(None),
        endless if for_good else sa.or_(endless, col(GrantCause.ends_at) > clock.now()),
    )
    return sa.and_(col(Grant.ended_at).is_(None), lasting)
