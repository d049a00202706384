"""Connectors: their health, what their runs changed, and what a person can tell them.

No request reads a whole vendor: *Sync now* makes the sync due, a worker does it,
and the page polls.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, render_template, request
from sqlmodel import Session
from werkzeug.wrappers import Response

from uar import apps, clock, connections, runs, sync, vendor_settings
from uar.errors import Forbidden, Invalid, NotFound
from uar.models.kinds import Change, ChangeOf, Role
from uar.models.states import ConnectorState, RunState
from uar.web import OWNERS, back, is_fragment, me, open_to, reading, site, working
from uar.web.connector_words import (
    RunLine,
    Setting,
    Shown,
    run_line,
    settings_of,
    shown,
    state_word,
)
from uar.web.forms import again, parse, typed
from uar.web.paging import PAGE, after_id, cut

blueprint = Blueprint("connectors", __name__)

SEE_ALL = (Role.CONNECTOR_ADMIN, Role.APP_ADMIN, Role.AUDITOR)
RUNS = 12
UNFOLDED = (RunState.RUNNING, RunState.PARTIAL, RunState.FAILED)
"""Results after which one wants to read the log."""


@dataclass(frozen=True, slots=True)
class Why:
    """The reason that goes with a decision."""

    reason: str = typed("Reason", most=500)


@dataclass(frozen=True, slots=True)
class Pausing:
    """Why it rests; may be left open."""

    reason: str = typed("Reason", default="", most=500)


@dataclass(frozen=True, slots=True)
class Listed:
    """One connector as the list shows it."""

    id: int
    name: str
    title: str
    app: str
    state: str
    writes_on: bool
    synced_at: datetime | None
    next_sync_at: datetime | None
    trouble: str


@blueprint.get("/connectors")
@open_to(OWNERS, *SEE_ALL)
def index() -> str:
    """List the connectors of all apps, or of those that the person owns. One query."""
    with reading() as session:
        found = connections.connectors(session)
    listed = [
        Listed(
            id=row.id,
            name=row.name,
            title=vendor_settings.reader_class(row.kind).title,
            app=row.app,
            state=state_word(row.state, row.run_state),
            writes_on=row.writes_on,
            synced_at=row.run_started_at,
            next_sync_at=row.next_sync_at,
            trouble=row.trouble,
        )
        for row in found
        if me().may_for(row.app_id, *SEE_ALL)
    ]
    return render_template(
        "connectors/index.html", rows=listed, can_add=me().may(Role.CONNECTOR_ADMIN)
    )


@blueprint.get("/connectors/<int:connector_id>")
@open_to(OWNERS, *SEE_ALL)
def show(connector_id: int) -> str:
    """Show one connector; htmx gets only the part that changes while it syncs."""
    context = _context(connector_id)
    return render_template(
        "connectors/_live.html" if is_fragment() else "connectors/show.html", **context
    )


@blueprint.get("/connectors/<int:connector_id>/runs/<int:run_id>")
@open_to(OWNERS, *SEE_ALL)
def run(connector_id: int, run_id: int) -> str:
    """Show one run: its log, and what it found, page by page."""
    chosen = request.args.get("what", ""), request.args.get("change", "")
    what = ChangeOf(chosen[0]) if chosen[0] in set(ChangeOf) else None
    change = Change(chosen[1]) if chosen[1] in set(Change) else None
    with reading() as session:
        connector = _connector(session, connector_id)
        row = _run_of(session, connector_id, run_id)
        log = runs.lines(session, run_id)
        found = runs.changes(
            session, run_id, what=what, change=change, after=after_id() or 0, limit=PAGE + 1
        )
    return render_template(
        "connectors/run.html",
        connector=connector,
        run=row,
        log=log,
        page=cut(found, "id"),
        what=what,
        change=change,
        kinds=list(ChangeOf),
        changes=list(Change),
        can_decide=row.state is RunState.HELD and _may_change(connector),
        problems={},
        typed={},
    )


@blueprint.post("/connectors/<int:connector_id>/syncs")
@open_to(OWNERS, Role.CONNECTOR_ADMIN)
def sync_now(connector_id: int) -> Response:
    """Make a sync due."""
    _insist(connector_id)
    with working() as work:
        connections.sync_now(work, connector_id)
    return back(f"/connectors/{connector_id}", "A sync begins within seconds.")


@blueprint.post("/connectors/<int:connector_id>/runs/<int:run_id>/application")
@open_to(OWNERS, Role.CONNECTOR_ADMIN)
def apply(connector_id: int, run_id: int) -> Response:
    """Apply a held run after all."""
    return _settle(connector_id, run_id, applies=True)


@blueprint.post("/connectors/<int:connector_id>/runs/<int:run_id>/discard")
@open_to(OWNERS, Role.CONNECTOR_ADMIN)
def discard(connector_id: int, run_id: int) -> Response:
    """Throw a held run away."""
    return _settle(connector_id, run_id, applies=False)


@blueprint.post("/connectors/<int:connector_id>/pause")
@open_to(OWNERS, Role.CONNECTOR_ADMIN)
def pause(connector_id: int) -> Response:
    """Stop syncs and new grants."""
    _insist(connector_id)
    form = parse(Pausing, request.form)
    with working() as work:
        connections.pause(work, connector_id, why=form.reason)
    return back(f"/connectors/{connector_id}", "Paused. Removals that are due go on.")


@blueprint.post("/connectors/<int:connector_id>/resumption")
@open_to(OWNERS, Role.CONNECTOR_ADMIN)
def resume(connector_id: int) -> Response:
    """Let it work again."""
    _insist(connector_id)
    with working() as work:
        connections.resume(work, connector_id)
    return back(f"/connectors/{connector_id}", "It works again, and syncs within seconds.")


@blueprint.post("/connectors/<int:connector_id>/writing")
@open_to(OWNERS, Role.CONNECTOR_ADMIN)
def switch_writes(connector_id: int) -> Response:
    """Let uar change this vendor, or no longer (L10)."""
    _insist(connector_id)
    on = request.form.get("on") == "yes"
    with working() as work:
        connections.switch_writes(work, connector_id, on=on)
    words = "uar may change it now." if on else "uar changes nothing there any more."
    return back(f"/connectors/{connector_id}", words)


def _settle(connector_id: int, run_id: int, *, applies: bool) -> Response:
    connector = _insist(connector_id)
    with reading() as session:
        row = _run_of(session, connector_id, run_id)
    try:
        form = parse(Why, request.form)
    except Invalid as problem:
        return again(
            "connectors/decide.html", problem, connector=connector, run=row, applies=applies
        )
    if applies:
        sync.apply_held(site(), run_id, me().actor, reason=form.reason)
    else:
        with working() as work:
            sync.discard(work, run_id, reason=form.reason)
    words = "Applied." if applies else "Discarded. The next sync reads afresh."
    return back(f"/connectors/{connector_id}", words)


def _context(connector_id: int) -> dict[str, Any]:
    now = clock.now()
    with reading() as session:
        connector = _connector(session, connector_id)
        app = apps.get(session, connector.app_id)
        owners = apps.owners(session, connector.app_id)
        matched = apps.matched(session, connector.app_id)
        found = runs.runs(session, connector_id, limit=RUNS)
        log = runs.lines(session, found[0].id) if found else []
        secrets = vendor_settings.secrets_set(session, connector_id)
    reader = vendor_settings.reader_class(connector.kind)
    held = next((row for row in found if row.state is RunState.HELD), None)
    running = bool(found) and found[0].state is RunState.RUNNING
    paused = connector.state is ConnectorState.PAUSED
    due = connector.next_sync_at is not None and connector.next_sync_at <= now + timedelta(
        seconds=3
    )
    settings: list[Setting] = settings_of(reader, connector.settings, secrets)
    lines: list[RunLine] = [run_line(row, now) for row in found]
    may = _may_change(connector)
    return {
        "connector": connector,
        "title": reader.title,
        "app": app,
        "owners": owners,
        "matched": matched,
        "lines": lines,
        "log": log,
        "log_open": bool(found) and found[0].state in UNFOLDED,
        "held": held,
        "state": state_word(connector.state, found[0].state if found else None, held=bool(held)),
        "polls": running or (due and not held and not paused),
        "settings": settings,
        "resource_types": reader.resource_types,
        "can": {
            "change": may,
            "sync": may and not paused and not held,
            "set": me().may(Role.CONNECTOR_ADMIN),
        },
    }


def _connector(session: Session, connector_id: int) -> Shown:
    """Return a connector that the person may look at. Raises NotFound for any other."""
    connector = shown(connections.get(session, connector_id))
    if not me().may_for(connector.app_id, *SEE_ALL):
        raise NotFound("There is no such connector.", subject=f"connector:{connector_id}")
    return connector


def _run_of(session: Session, connector_id: int, run_id: int) -> runs.RunRow:
    row = runs.run_row(session, run_id)
    if row.connector_id != connector_id:
        raise NotFound("There is no such sync.", subject=f"sync_run:{run_id}")
    return row


def _may_change(connector: Shown) -> bool:
    return me().may_for(connector.app_id, Role.CONNECTOR_ADMIN)


def _insist(connector_id: int) -> Shown:
    """Return the connector. Raises Forbidden for whoever may only look at it."""
    with reading() as session:
        connector = _connector(session, connector_id)
    if not _may_change(connector):
        raise Forbidden(
            "You may look at it and not change it.", subject=f"connector:{connector_id}"
        )
    return connector
