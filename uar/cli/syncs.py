"""`uar sync`: read connectors now, in this process, and say what changed."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType

from uar import connections, sync
from uar.cli.base import (
    FAILED,
    HELD,
    OK,
    PARTIAL,
    RUN_FAILED,
    Commands,
    changing,
    command,
    complain,
    operator,
    say,
    say_json,
)
from uar.errors import Conflict, NotFound, UarError
from uar.models import SyncRun
from uar.models.kinds import Change, ChangeOf
from uar.models.states import RunState
from uar.site import Site

CODES: Mapping[RunState, int] = MappingProxyType(
    {
        RunState.COMPLETE: OK,
        RunState.PARTIAL: PARTIAL,
        RunState.HELD: HELD,
        RunState.DISCARDED: FAILED,
        RunState.RUNNING: FAILED,
        RunState.FAILED: RUN_FAILED,
    }
)

WAIT_SECONDS = 120.0
LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one connector's sync, as --json prints it."""

    connector: int
    app: str
    run: int | None
    state: str
    added: int
    changed: int
    gone: int
    requests: int
    trouble: str


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(commands, "sync", run, "Read connectors now: one, or all of them", json_=True)
    parser.add_argument("id", type=int, nargs="?", metavar="ID", help="the connector's id")
    parser.epilog = "Exits 0 when complete, 3 when partial, 4 when held, 5 when failed."


def run(chosen: argparse.Namespace) -> int:
    """Sync, one after the other; return the worst of the exit codes."""
    results, worst = [], OK
    with changing() as site:
        with site.reading() as session:
            found = connections.connectors(session)
        if chosen.id is not None:
            found = [row for row in found if row.id == chosen.id]
            if not found:
                raise NotFound("There is no such connector.", subject=f"connector:{chosen.id}")
        for row in found:
            result, code = _one(site, row, quiet=chosen.json)
            results.append(result)
            worst = max(worst, code)
            if not chosen.json:
                say(_sentence(result))
    if chosen.json:
        say_json([asdict(result) for result in results])
    elif not results:
        say("Nothing is connected. Add a connector with uar connectors add.")
    return worst


def _one(site: Site, row: connections.ConnectorRow, *, quiet: bool) -> tuple[Result, int]:
    def tell(line: str) -> None:
        if not quiet:
            sys.stderr.write(f"  {line}\n")

    try:
        ended = _run_when_free(site, row.id, tell)
    except UarError as error:  # paused, or synced by somebody else: the others go on
        complain(error.sentence)
        return Result(row.id, row.app, None, "refused", 0, 0, 0, 0, error.sentence), FAILED
    return _result(row, ended), CODES[ended.state]


def _run_when_free(site: Site, connector_id: int, tell: Callable[[str], None]) -> SyncRun:
    """Sync after whoever is syncing it just now; gives up with Conflict after a while."""
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return sync.run(site, connector_id, operator(), tell)
        except Conflict:
            if time.monotonic() > until:
                raise
        tell("Somebody else is syncing it; waiting.")
        time.sleep(LOOK_SECONDS)


def _result(row: connections.ConnectorRow, ended: SyncRun) -> Result:
    added, changed, gone = (_total(ended, change) for change in Change)
    return Result(
        row.id,
        row.app,
        ended.id,
        ended.state.value,
        added,
        changed,
        gone,
        ended.requests,
        ended.trouble,
    )


def _total(ended: SyncRun, change: Change) -> int:
    """Add up one kind of change over accounts, resources, entitlements and ways of access."""
    return sum(int(ended.counts.get(what.value, {}).get(change.value, 0)) for what in ChangeOf)


def _sentence(result: Result) -> str:
    would = "would be " if result.state == RunState.HELD else ""
    counts = (
        f"{result.added} {would}added, {result.changed} {would}changed, "
        f"{result.gone} {would}gone, {result.requests} requests"
    )
    tail = f". {result.trouble}" if result.trouble else ""
    return f"{result.app} ({result.connector}) {result.state}: {counts}{tail}"
