"""A company of any size, inserted set-wise: what a campaign is staged from."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from uar.models import (
    Account,
    App,
    AppOwner,
    Connector,
    Decision,
    Entitlement,
    Grant,
    GrantCause,
    Identity,
    Resource,
    ReviewItem,
    SyncRun,
)
from uar.models.kinds import (
    AccountStatus,
    Cause,
    Completeness,
    Match,
    Role,
    Verdict,
)
from uar.models.states import ConnectorState, ItemState, RunState
from uar.permissions import give
from uar.work import Work

PER_PERSON = 20
TEAM = 100


def insert_company(work: Work, items: int, name: str = "Directory") -> int:
    """Add an app whose open grants are ``items`` in number; return its id.

    Each person holds 20 of the app's groups (fewer when there are few people) and
    each manager has a team of up to 100, hence up to 2,000 items to review. The
    first person is everybody's last resort: she runs the campaign and owns the app.
    """
    session, now = work.session, work.now
    people = max(items // PER_PERSON, 2)
    managers = max(people // TEAM, 1)
    mail = f"{name.lower()}.example.test"
    admin = _add(work, Identity(name="Cam Lee", email=f"cam@{mail}", **_dates(work)))
    # Somebody else has to review her role, which is in every campaign over access at
    # high risk (L25).
    head = _add(work, Identity(name="Kim Lund", email=f"kim@{mail}", **_dates(work)))
    admin.manager_id = head.id
    session.add(admin)
    give(work, admin.id, Role.SUPER_ADMIN)
    app = _add(work, App(name=name, created_at=now))
    session.add(AppOwner(app_id=app.id, identity_id=admin.id))
    connector = _add(
        work,
        Connector(
            app_id=app.id, kind="jumpcloud", name=name, state=ConnectorState.READY,
            created_at=now,
        ),
    )  # fmt: skip
    run = _add(
        work,
        SyncRun(
            connector_id=connector.id, state=RunState.COMPLETE, completeness=Completeness.FULL,
            by="benchmark", started_at=now, heartbeat_at=now, finished_at=now,
        ),
    )  # fmt: skip
    first = admin.id + 1
    _people(work, people, managers, first, mail)
    _accounts(work, app.id, connector.id, people, first + managers)
    groups = max(items // 100, PER_PERSON)
    _groups(work, app.id, connector.id, groups)
    _grants(work, app.id, connector.id, run.id, groups)
    if session.get_bind().dialect.name == "postgresql":
        session.connection().exec_driver_sql("ANALYZE")
    return int(app.id)


def keep_everything(work: Work, campaign_id: int, by: int) -> None:
    """Decide every item of a campaign as kept, set-wise, as its reviewers would have."""
    connection = work.session.connection()
    mine = ReviewItem.campaign_id == campaign_id
    connection.execute(sa.update(ReviewItem).where(mine).values(state=ItemState.CERTIFIED))  # type: ignore[arg-type]
    _insert(
        work,
        Decision,
        sa.select(ReviewItem.id).where(mine).subquery(),  # type: ignore[call-overload]
        lambda item: {
            "item_id": item.c.id, "verdict": Verdict.CERTIFY.value, "reason": "", "by": by,
            "at": work.now, "bulk": False, "seen": {}, "seen_hash": "",
        },
    )  # fmt: skip


def _people(work: Work, people: int, managers: int, first: int, mail: str) -> None:
    """Managers come first and have managers among themselves; the first has none."""
    person = _numbers(managers + people)
    i = person.c.i
    _insert(
        work,
        Identity,
        person,
        lambda _: {
            "email": sa.literal("p") + sa.cast(i, sa.String) + f"@{mail}",
            "name": sa.literal("Person ") + sa.cast(i, sa.String),
            "employee_id": "", "title": "Engineer", "status": "active",
            "department": sa.literal("Department ") + sa.cast(i % 30, sa.String),
            "manager_id": sa.case(
                (i == 0, None), (i < managers, first), else_=first + (i - managers) % managers
            ),
            "created_at": work.now, "changed_at": work.now, "left_at": None,
        },
    )  # fmt: skip


def _accounts(work: Work, app_id: int, connector_id: int, people: int, first: int) -> None:
    account = _numbers(people)
    i = account.c.i
    name = sa.literal("Person ") + sa.cast(i, sa.String)
    _insert(
        work,
        Account,
        account,
        lambda _: {
            "app_id": app_id, "connector_id": connector_id, "type": "user",
            "vendor_id": sa.literal("5f0000000000000000") + sa.cast(i + 100000, sa.String),
            "name": name, "email": name, "username": name, "status": AccountStatus.ENABLED.value,
            "status_detail": "", "last_login_at": work.now, "mfa": None, "employee_id": "",
            "department": "", "title": "", "manager_vendor_id": "", "linked_vendor_id": "",
            "is_person": True, "profile": {}, "fingerprint": "", "first_seen_at": work.now,
            "gone_at": None, "kind": "person", "is_protected": False,
            "identity_id": first + i, "match": Match.MAIL.value,
        },
    )  # fmt: skip


def _groups(work: Work, app_id: int, connector_id: int, groups: int) -> None:
    group = _numbers(groups)
    i = group.c.i
    name = sa.literal("Group ") + sa.cast(i, sa.String)
    seen = {"fingerprint": "", "is_builtin": False, "first_seen_at": work.now, "gone_at": None}
    _insert(
        work,
        Resource,
        group,
        lambda _: {
            "app_id": app_id, "connector_id": connector_id, "type": "group", "name": name,
            "vendor_id": sa.literal("6a0000000000000000") + sa.cast(i + 100000, sa.String),
            "description": "What the members of this group may do", "parent_id": None,
            "facts": {}, **seen,
        },
    )  # fmt: skip
    _insert(
        work,
        Entitlement,
        sa.select(Resource.id, Resource.name).where(Resource.app_id == app_id).subquery(),  # type: ignore[call-overload,arg-type]
        lambda resource: {
            "app_id": app_id, "connector_id": connector_id, "resource_id": resource.c.id,
            "slug": "member", "name": resource.c.name + " member", "description": "",
            "purpose": "assignment", "can_provision": True, "fixed_why": "",
            "risk": sa.case((resource.c.id % 20 == 0, "high"), else_="low"),
            "requestable": False, "approval": "manager", "max_minutes": 60, **seen,
        },
    )  # fmt: skip


def _grants(work: Work, app_id: int, connector_id: int, run_id: int, groups: int) -> None:
    """Person p holds the groups p, p + step, p + 2 step ... around the circle."""
    step = max(groups // PER_PERSON, 1)
    account = (
        sa.select(
            Account.id,  # type: ignore[call-overload]
            sa.func.row_number().over(order_by=Account.id).label("p"),
        )
        .where(Account.app_id == app_id)  # type: ignore[arg-type]
        .subquery()
    )
    entitlement = (
        sa.select(
            Entitlement.id,  # type: ignore[call-overload]
            (sa.func.row_number().over(order_by=Entitlement.id) - 1).label("g"),
        )
        .where(Entitlement.app_id == app_id)  # type: ignore[arg-type]
        .subquery()
    )
    k = _numbers(PER_PERSON)
    held = (
        sa.select(account.c.id.label("account_id"), entitlement.c.id.label("entitlement_id"))
        .select_from(account)
        .join(k, sa.true())
        .join(entitlement, entitlement.c.g == (account.c.p + k.c.i * step) % groups)
        .subquery()
    )
    began = work.now
    _insert(
        work,
        Grant,
        held,
        lambda row: {
            "app_id": app_id, "connector_id": connector_id, "account_id": row.c.account_id,
            "entitlement_id": row.c.entitlement_id, "state": "active", "began_at": began,
            "began_run_id": run_id, "ended_at": None, "reappeared": False,
        },
    )  # fmt: skip
    _insert(
        work,
        GrantCause,
        sa.select(Grant.id).where(Grant.app_id == app_id).subquery(),  # type: ignore[call-overload]
        lambda grant: {
            "grant_id": grant.c.id,
            "kind": Cause.STANDING.value, "via_id": 0, "request_id": 0, "began_at": began,
            "ends_at": None, "warn_at": None, "ended_at": None,
        },
    )  # fmt: skip


def _numbers(count: int) -> Any:
    """Count from 0 in SQL, on both databases."""
    numbers = sa.select(sa.literal(0).label("i")).cte("numbers", recursive=True)
    return numbers.union_all(sa.select(numbers.c.i + 1).where(numbers.c.i < count - 1)).alias()


def _insert(work: Work, table: type[SQLModel], source: Any, values: Any) -> None:
    columns = sa.inspect(table).columns
    row = {
        name: value
        if isinstance(value, sa.ColumnElement)
        else sa.literal(value, columns[name].type)
        for name, value in values(source).items()
    }
    work.session.connection().execute(
        sa.insert(table).from_select(
            list(row), sa.select(*row.values()).select_from(source), include_defaults=False
        )
    )


def _add(work: Work, row: Any) -> Any:
    work.session.add(row)
    work.session.flush()
    return row


def _dates(work: Work) -> dict[str, Any]:
    return {"created_at": work.now, "changed_at": work.now}
