"""Resources, entitlements and accounts as a run found them: new, changed, gone.

The columns that the vendor decides are overwritten; those that people decide
are set once and never touched again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlmodel import SQLModel, col

from uar.db import in_batches
from uar.models import Account, Entitlement, Resource
from uar.models.kinds import AccountKind, AccountStatus, Approval, Change, ChangeOf, Match, Risk
from uar.pouring import amend, pour, table_of
from uar.records import ACCESS_ID, ACCESS_TYPE, as_text, fingerprint
from uar.scratch import Scratch
from uar.staging import Thing
from uar.steps import BATCH, Plan, changes, step
from uar.work import Work

TABLES: dict[ChangeOf, type[SQLModel]] = {
    ChangeOf.RESOURCE: Resource,
    ChangeOf.ENTITLEMENT: Entitlement,
    ChangeOf.ACCOUNT: Account,
}

Name: TypeAlias = tuple[str, str]
"""The type and the vendor's id of a thing of one connector."""
Child: TypeAlias = tuple[Name, Name | None, str]
"""A resource, its parent if it has one, and the resource's fingerprint."""


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
                children = [
                    (
                        (row.type, row.vendor_id),
                        parent_of(row.after),
                        fingerprint(as_text(row.after)),
                    )
                    for row in found
                ]
                with step(scratch, plan, ChangeOf.RESOURCE, change) as work:
                    point_to_parents(work, plan, children)
    return written


def add_things(work: Work, plan: Plan, what: ChangeOf, things: Sequence[Thing]) -> None:
    """Write things of a connector that has none of this kind yet; no more than a batch."""
    connection = work.session.connection()
    resources: dict[Name, int] = {}
    if what is ChangeOf.ENTITLEMENT:
        resources = _ids(connection, Resource, plan, [(t.type, t.vendor_id) for t in things])
    _insert(
        connection,
        what,
        [
            _first(what, plan, thing, resources.get((thing.type, thing.vendor_id)))
            | _columns(what, thing.values, thing.fingerprint)
            for thing in things
        ],
    )


def point_to_parents(work: Work, plan: Plan, children: Sequence[Child]) -> None:
    """Let resources point to their parents, and only now look like what was read."""
    connection = work.session.connection()
    names = [name for child in children for name in child[:2] if name is not None]
    ids = _ids(connection, Resource, plan, names)
    amend(
        connection,
        table_of(Resource),
        [
            {
                "id": ids[name],
                "parent_id": ids.get(parent) if parent else None,
                "fingerprint": print_,
            }
            for name, parent, print_ in children
        ],
    )


def parent_of(values: Mapping[str, Any]) -> Name | None:
    """Return the type and vendor id of the parent that a resource's values name."""
    parent = values.get("parent")
    return (parent[0], parent[1]) if parent else None


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
    there: Mapping[Any, int]
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
        values = _columns(what, row.after, fingerprint(as_text(row.after)))
        if key in there:
            old.append({"id": there[key], **values})
        else:
            new.append({**_first(what, plan, row, key[0]), **values})
    _insert(connection, what, new)
    amend(connection, table_of(TABLES[what]), old)


def _insert(connection: sa.Connection, what: ChangeOf, new: Sequence[dict[str, Any]]) -> None:
    if new:
        rows = [tuple(row.values()) for row in new]
        pour(connection, table_of(TABLES[what]), list(new[0]), rows)


def _columns(what: ChangeOf, values: dict[str, Any], print_: str) -> dict[str, Any]:
    """Return the columns that the vendor decides."""
    columns = {**values, "fingerprint": print_, "gone_at": None}
    if what is ChangeOf.RESOURCE and columns.pop("parent"):
        # Its parent may be in a later batch. Should this process die before that, the
        # next read has to find that something is amiss.
        columns["fingerprint"] = ""
    if what is ChangeOf.ACCOUNT:
        columns["status"] = AccountStatus(values["status"])
        columns["last_login_at"] = values["last_login_at"] and datetime.fromisoformat(
            values["last_login_at"]
        )
    return columns


def _first(
    what: ChangeOf, plan: Plan, row: Thing | sa.Row[Any], resource_id: Any
) -> dict[str, Any]:
    """Return the columns of a new row that are ours; a sync never changes them again.

    ``resource_id`` is that of an entitlement's resource, and means nothing otherwise.
    """
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
            "resource_id": resource_id,
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


def _ids(
    connection: sa.Connection,
    table: type[SQLModel],
    plan: Plan,
    names: Sequence[Name],
) -> dict[Name, int]:
    """Return the ids of a connector's things by type and vendor id, where they are there."""
    columns = sa.inspect(table).columns
    wanted = list({vendor_id for _, vendor_id in names})
    ids: dict[Name, int] = {}
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
