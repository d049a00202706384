"""Resources, entitlements and accounts as a run found them: new, changed, gone.

The columns that the vendor decides are overwritten; those that people decide
are set once and never touched again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel, col

from uar.db import in_batches
from uar.models import Account, Entitlement, Resource
from uar.models.kinds import AccountKind, AccountStatus, Approval, Change, ChangeOf, Match, Risk
from uar.records import ACCESS_ID, ACCESS_TYPE, as_text, fingerprint
from uar.scratch import Scratch
from uar.steps import BATCH, Plan, changes, step
from uar.work import Work

TABLES: dict[ChangeOf, type[SQLModel]] = {
    ChangeOf.RESOURCE: Resource,
    ChangeOf.ENTITLEMENT: Entitlement,
    ChangeOf.ACCOUNT: Account,
}


def write_things(scratch: Scratch, plan: Plan) -> int:
    """Write new and changed resources, entitlements and accounts; return how many."""
    written = 0
    for change in (Change.ADDED, Change.CHANGED):
        for what in (ChangeOf.RESOURCE, ChangeOf.ENTITLEMENT, ChangeOf.ACCOUNT):
            for found in changes(scratch, plan, what, change):
                with step(scratch, plan, what, change) as work:
                    _write(work, plan, what, found)
                written += len(found)
        # A parent may be in a later batch than its child.
        for found in changes(scratch, plan, ChangeOf.RESOURCE, change):
            if any(row.after["parent"] or change is Change.CHANGED for row in found):
                with step(scratch, plan, ChangeOf.RESOURCE, change) as work:
                    _point_to_parents(work.session.connection(), plan, found)
    return written


def end_things(scratch: Scratch, plan: Plan) -> None:
    """Mark accounts, entitlements and resources that are gone; their history stays."""
    for what in (ChangeOf.ACCOUNT, ChangeOf.ENTITLEMENT, ChangeOf.RESOURCE):
        for found in changes(scratch, plan, what, Change.GONE):
            columns = sa.inspect(TABLES[what]).columns
            gone = sa.update(TABLES[what]).where(columns["gone_at"].is_(None))
            if what is ChangeOf.ENTITLEMENT:
                of_resource = sa.select(col(Resource.id)).where(
                    col(Resource.connector_id) == plan.connector_id,
                    col(Resource.type) == sa.bindparam("of_type"),
                    col(Resource.vendor_id) == sa.bindparam("of_id"),
                )
                gone = gone.where(
                    col(Entitlement.resource_id) == of_resource.scalar_subquery(),
                    col(Entitlement.slug) == sa.bindparam("of_slug"),
                )
                keys = [
                    {"of_type": row.type, "of_id": row.vendor_id, "of_slug": row.slug}
                    for row in found
                ]
            else:
                gone = gone.where(
                    columns["connector_id"] == plan.connector_id,
                    columns["type"] == sa.bindparam("of_type"),
                    columns["vendor_id"] == sa.bindparam("of_id"),
                )
                keys = [{"of_type": row.type, "of_id": row.vendor_id} for row in found]
            with step(scratch, plan, what, Change.GONE) as work:
                work.session.connection().execute(gone.values(gone_at=plan.started_at), keys)


def _write(work: Work, plan: Plan, what: ChangeOf, found: Sequence[sa.Row[Any]]) -> None:
    """Insert the things that are not there; update those that are, even if they were gone."""
    connection = work.session.connection()
    new: list[dict[str, Any]] = []
    old: list[dict[str, Any]] = []
    names = [(row.type, row.vendor_id) for row in found]
    if what is ChangeOf.ENTITLEMENT:
        resources = _ids(connection, Resource, plan, names)
        keys: list[Any] = [
            (resources[name], row.slug) for name, row in zip(names, found, strict=True)
        ]
        there = _entitlement_ids(connection, list(resources.values()))
    else:
        keys = names
        there = _ids(connection, TABLES[what], plan, names)
    for key, row in zip(keys, found, strict=True):
        values = _values(what, row.after)
        if key in there:
            old.append({"this": there[key], **values})
        else:
            new.append({**_first(what, plan, row, key), **values})
    table = TABLES[what]
    if new:
        connection.execute(sa.insert(table), new)
    if old:
        connection.execute(
            sa.update(table)
            .where(sa.inspect(table).columns["id"] == sa.bindparam("this"))
            .values({name: sa.bindparam(name) for name in old[0] if name != "this"}),
            old,
        )


def _values(what: ChangeOf, after: dict[str, Any]) -> dict[str, Any]:
    """Return the columns that the vendor decides."""
    values = {**after, "fingerprint": fingerprint(as_text(after)), "gone_at": None}
    if what is ChangeOf.RESOURCE:
        del values["parent"]
    if what is ChangeOf.ACCOUNT:
        values["status"] = AccountStatus(after["status"])
        values["last_login_at"] = after["last_login_at"] and datetime.fromisoformat(
            after["last_login_at"]
        )
    return values


def _first(what: ChangeOf, plan: Plan, row: sa.Row[Any], key: Any) -> dict[str, Any]:
    """Return the columns of a new row that are ours; a sync never changes them again."""
    of_connector = {
        "app_id": plan.app_id,
        "connector_id": plan.connector_id,
        "first_seen_at": plan.started_at,
    }
    is_builtin = (row.type, row.vendor_id) == (ACCESS_TYPE, ACCESS_ID)
    if what is ChangeOf.RESOURCE:
        return of_connector | {
            "type": row.type,
            "vendor_id": row.vendor_id,
            "is_builtin": is_builtin,
        }
    if what is ChangeOf.ENTITLEMENT:
        return of_connector | {
            "resource_id": key[0],
            "slug": row.slug,
            "is_builtin": is_builtin,
            "risk": Risk.LOW,
            "requestable": False,
            "approval": Approval.MANAGER,
            "max_minutes": 60 * 24,
        }
    return of_connector | {
        "type": row.type,
        "vendor_id": row.vendor_id,
        "kind": AccountKind.PERSON,
        "is_protected": False,
        "match": Match.NONE,
    }


def _point_to_parents(connection: sa.Connection, plan: Plan, found: Sequence[sa.Row[Any]]) -> None:
    names = [(row.type, row.vendor_id) for row in found]
    parents = [tuple(row.after["parent"]) for row in found if row.after["parent"]]
    ids = _ids(connection, Resource, plan, [*names, *parents])
    connection.execute(
        sa.update(Resource)
        .where(col(Resource.id) == sa.bindparam("this"))
        .values(parent_id=sa.bindparam("parent")),
        [
            {"this": ids[name], "parent": ids.get(tuple(row.after["parent"] or ()))}
            for name, row in zip(names, found, strict=True)
        ],
    )


def _ids(
    connection: sa.Connection,
    table: type[SQLModel],
    plan: Plan,
    names: Sequence[tuple[Any, ...]],
) -> dict[tuple[Any, ...], int]:
    """Return the ids of a connector's things by type and vendor id, where they are there."""
    columns = sa.inspect(table).columns
    wanted = list({vendor_id for _, vendor_id in names})
    ids: dict[tuple[Any, ...], int] = {}
    for start in range(0, len(wanted), BATCH):
        rows = connection.execute(
            sa.select(columns["id"], columns["type"], columns["vendor_id"]).where(
                columns["connector_id"] == plan.connector_id,
                columns["type"].in_({type_ for type_, _ in names}),
                columns["vendor_id"].in_(wanted[start : start + BATCH]),
            )
        )
        ids.update({(type_, vendor_id): row_id for row_id, type_, vendor_id in rows})
    return ids


def _entitlement_ids(
    connection: sa.Connection, resource_ids: Sequence[int]
) -> dict[tuple[int, str], int]:
    ids: dict[tuple[int, str], int] = {}
    for batch in in_batches(resource_ids):
        rows = connection.execute(
            sa.select(
                col(Entitlement.id), col(Entitlement.resource_id), col(Entitlement.slug)
            ).where(col(Entitlement.resource_id).in_(batch))
        )
        ids.update({(resource_id, slug): row_id for row_id, resource_id, slug in rows})
    return ids
