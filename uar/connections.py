"""Configured connectors: which vendor feeds which app, and whether it may sync and write.

Nothing here reads inventory from a vendor; that is :mod:`uar.sync`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from connectors.base import Net, Reader, SignedIn
from connectors.errors import Remote
from uar.connection_health import found_broken, found_ready
from uar.db import rows
from uar.errors import Invalid, NotFound, Refused, UarError
from uar.inventory import managed_app
from uar.lifecycle import move
from uar.models import Account, App, Connector, SyncRun
from uar.models.states import ConnectorState, RunState
from uar.permissions import OWN_KIND
from uar.site import Site
from uar.vault import Vault
from uar.vendor_settings import (
    allowed,
    config_of,
    elsewhere,
    filled,
    opened,
    problems_of,
    public,
    reader_class,
    seal,
    secret_names,
)
from uar.work import SYSTEM, Actor, Work

USUAL = Net()


@dataclass(frozen=True, slots=True)
class ConnectorRow:
    """One configured connector as lists show it, with its latest run."""

    id: int
    app_id: int
    app: str
    kind: str
    name: str
    state: ConnectorState
    writes_on: bool
    brake_share: float
    every_seconds: int
    next_sync_at: datetime | None
    failures: int
    trouble: str
    run_id: int | None
    run_state: RunState | None
    run_started_at: datetime | None


def connectors(session: Session, *, app_id: int | None = None) -> list[ConnectorRow]:
    """List the configured connectors by name, without uar's own. One query."""
    newest = (
        sa.select(col(SyncRun.connector_id), sa.func.max(col(SyncRun.id)).label("id"))
        .group_by(col(SyncRun.connector_id))
        .subquery()
    )
    own = [name for name in ConnectorRow.__dataclass_fields__ if name in Connector.model_fields]
    statement = (
        sa.select(
            *(sa.inspect(Connector).columns[name] for name in own),
            col(App.name).label("app"),
            col(SyncRun.id).label("run_id"),
            col(SyncRun.state).label("run_state"),
            col(SyncRun.started_at).label("run_started_at"),
        )
        .join(App, col(App.id) == col(Connector.app_id))
        .outerjoin(newest, newest.c.connector_id == col(Connector.id))
        .outerjoin(SyncRun, col(SyncRun.id) == newest.c.id)
        .where(col(Connector.kind) != OWN_KIND)
        .order_by(col(Connector.name), col(Connector.id))
    )
    if app_id is not None:
        statement = statement.where(col(Connector.app_id) == app_id)
    return rows(session, ConnectorRow, statement)


def get(session: Session, connector_id: int) -> Connector:
    """Return a connector's row. Raises NotFound; uar's own is none of these."""
    connector = session.get(Connector, connector_id)
    if connector is None or connector.kind == OWN_KIND:
        raise NotFound("There is no such connector.", subject=f"connector:{connector_id}")
    return connector


def add(
    work: Work,
    vault: Vault,
    kind: str,
    app_name: str,
    values: Mapping[str, str],
    *,
    is_directory: bool | None = None,
    writes_on: bool = False,
) -> Connector:
    """Configure a connector and attach it to the app of that name, made if there is none.

    Without ``is_directory`` people come from the app when the vendor is one for
    people. Writing is off unless asked for (L10). Calls nobody. Raises Invalid
    with every problem at once.
    """
    reader = reader_class(kind)
    typed = filled(values)
    problems = problems_of(reader, typed, work.settings)
    if not app_name.strip():
        problems["app"] = "Name the app."
    if problems:
        raise Invalid(" ".join(problems.values()), problems)
    of_people = reader.is_directory if is_directory is None else is_directory
    app = managed_app(work, app_name.strip(), is_directory=of_people)
    connector = Connector(
        app_id=app.id,
        kind=kind,
        name=app.name,
        settings=public(reader, typed),
        writes_on=writes_on,
        created_at=work.now,
    )
    work.session.add(connector)
    work.session.flush()
    seal(work, vault, reader, connector.id, typed)
    work.record(
        "connector.added",
        f"connector:{connector.id}",
        details={
            "kind": kind,
            "app": app.name,
            "writes_on": writes_on,
            "settings": connector.settings,
        },
    )
    return connector


def change_settings(
    work: Work, vault: Vault, connector_id: int, values: Mapping[str, str]
) -> Connector:
    """Replace a connector's settings; a secret left blank stays as it is. Raises Invalid."""
    connector = get(work.session, connector_id)
    reader, typed = reader_class(connector.kind), filled(values)
    problems = problems_of(reader, opened(work.session, vault, connector.id) | typed, work.settings)
    if problems := problems | elsewhere(reader, connector.settings, typed):
        raise Invalid(" ".join(problems.values()), problems)
    connector.settings = public(reader, typed)
    seal(work, vault, reader, connector.id, typed)
    work.record(
        "connector.settings_changed",
        f"connector:{connector.id}",
        details={
            "settings": connector.settings,
            "secrets": sorted(secret_names(reader) & set(typed)),
        },
    )
    return connector


def open_reader(
    site: Site,
    connector_id: int,
    log: Callable[[str], None] = lambda _line: None,
    *,
    retries: int = USUAL.retries,
    timeout: float = USUAL.timeout,
) -> Reader:
    """Open a connector; the caller closes it. Raises NotFound, Invalid or Remote.

    ``retries`` is how often a read is repeated, ``timeout`` the most seconds to wait
    for the vendor at a time.
    """
    with site.reading() as session:
        connector = get(session, connector_id)
        config = config_of(session, site.vault, connector, site.settings)
    net = Net(allowed(site.settings), log, retries=retries, timeout=timeout)
    return reader_class(connector.kind)(config, net)


def check(site: Site, connector_id: int, actor: Actor = SYSTEM) -> SignedIn:
    """Ask the vendor who we are, and record what came of it. Raises UarError or Remote.

    The connector is then ready, or broken with the reason; a paused one stays so.
    The account that we sign in with is protected from then on, if it is known (L14).
    """
    try:
        reader = open_reader(site, connector_id, retries=0)  # somebody waits for the answer
        try:
            signed_in = reader.check()
        finally:
            reader.close()
    except (Remote, UarError) as error:
        with site.working(actor) as work:
            found_broken(work, get(work.session, connector_id), error.sentence)
        raise
    with site.working(actor) as work:
        found_ready(work, get(work.session, connector_id))
        _protect(work, connector_id, signed_in)
        work.record(
            "connector.checked",
            f"connector:{connector_id}",
            details={
                "who": signed_in.who,
                "organisation": signed_in.organisation,
                "missing_rights": list(signed_in.missing_rights),
            },
        )
    return signed_in


def pause(work: Work, connector_id: int, *, why: str) -> None:
    """Stop syncs and new grants; removals that are due go on (L16). Raises Conflict."""
    connector = get(work.session, connector_id)
    move(work, connector, ConnectorState.PAUSED, reason=why, next_sync_at=None)


def resume(work: Work, connector_id: int) -> None:
    """Let it work again; the next sync is due at once. Raises Conflict if it is not paused."""
    connector = get(work.session, connector_id)
    if connector.state is not ConnectorState.PAUSED:
        raise Refused(f"{connector.name} is not paused.", subject=f"connector:{connector_id}")
    move(
        work,
        connector,
        ConnectorState.READY,
        action="connector.resumed",
        next_sync_at=work.now,
    )


def switch_writes(work: Work, connector_id: int, *, on: bool, why: str = "") -> None:
    """Let uar change this vendor, or no longer (L10); orders that wait for a person stay so."""
    connector = get(work.session, connector_id)
    if connector.writes_on != on:
        action = "writes_switched_on" if on else "writes_switched_off"
        _change(work, connector, action, {"writes_on": on}, why)


def sync_now(work: Work, connector_id: int) -> None:
    """Make a sync due at once; a worker begins it within seconds. Raises Refused if paused."""
    connector = get(work.session, connector_id)
    refuse_paused(connector)
    _change(work, connector, "sync_asked", {"next_sync_at": work.now})


def set_limits(work: Work, connector_id: int, *, every_seconds: int, brake_share: float) -> None:
    """Set how often it syncs, and which share (0 to 1) one run may remove; 1 is no brake."""
    problems = {}
    if every_seconds < 10:
        problems["every_seconds"] = "Leave at least 10 seconds between syncs."
    if not 0 <= brake_share <= 1:
        problems["brake_share"] = "The share is between 0 and 100 per cent."
    if problems:
        raise Invalid(" ".join(problems.values()), problems)
    connector = get(work.session, connector_id)
    limits = {"every_seconds": every_seconds, "brake_share": brake_share}
    _change(work, connector, "limits_set", limits)


def refuse_paused(connector: Connector) -> None:
    """Raise Refused for a paused connector."""
    if connector.state is ConnectorState.PAUSED:
        raise Refused(
            f"{connector.name} is paused. Resume it first.", subject=f"connector:{connector.id}"
        )


def _change(
    work: Work, connector: Connector, action: str, values: Mapping[str, Any], reason: str = ""
) -> None:
    for name, value in values.items():
        setattr(connector, name, value)
    work.session.add(connector)
    details = {name: str(value) for name, value in values.items()}
    work.record(f"connector.{action}", f"connector:{connector.id}", reason=reason, details=details)


def _protect(work: Work, connector_id: int, signed_in: SignedIn) -> None:
    if signed_in.account is not None:
        work.session.connection().execute(
            sa.update(Account)
            .where(
                col(Account.connector_id) == connector_id,
                col(Account.type) == signed_in.account.type,
                col(Account.vendor_id) == signed_in.account.id,
            )
            .values(is_protected=True)
        )
