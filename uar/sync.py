"""Syncs: read a vendor, compare with the inventory, stop if too much would go, apply.

The vendor is read into temporary tables and no transaction is open meanwhile.
What it says is believed as far as it goes: a partial read may add and never
removes, a read that failed changes nothing, and one that would remove too much
waits for a person. A connector's first read is written while it goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from connectors.base import Reader
from connectors.errors import RateLimited, Remote
from uar import brake, connections, differences, paths, run_states
from uar.applying import apply, finish, plan_of
from uar.differences import Compared
from uar.errors import Conflict, NotFound, Refused, UarError
from uar.first_read import FirstRead, is_first
from uar.first_report import FIRST
from uar.held import apply_held as apply_held
from uar.held import discard as discard
from uar.held import mark_of
from uar.journal import Journal
from uar.later_read import LaterRead
from uar.loading import load
from uar.models import Connector, Grant, GrantCause, SyncRun
from uar.models.states import ConnectorState, RunState
from uar.permissions import OWN_KIND
from uar.scratch import MANY, Scratch
from uar.settlement import settle_observed
from uar.site import Site
from uar.staging import PATHS, SEEN, Read, Sink
from uar.steps import Plan
from uar.work import SYSTEM, Actor, Work

BATCH = 100

log = logging.getLogger(__name__)

Opening = Callable[[Callable[[str], None]], AbstractContextManager[Reader]]


def run(
    site: Site, connector_id: int, by: Actor = SYSTEM, log: Callable[[str], None] | None = None
) -> SyncRun:
    """Sync a connector now, in this thread; return the run as it ended.

    A run that failed is returned too, with the reason in ``trouble``. ``log``
    gets every line of the run's log at once. Raises NotFound, Refused when the
    connector is paused, Conflict when it is being synced already.
    """
    return _run(site, connector_id, by, log, _opening(site, connector_id))


def run_with(
    site: Site,
    connector_id: int,
    reader: Reader,
    by: Actor = SYSTEM,
    log: Callable[[str], None] | None = None,
) -> SyncRun:
    """Do the same with a reader that the caller has opened, and closes."""
    return _run(site, connector_id, by, log, lambda _log: nullcontext(reader))


def run_due(site: Site) -> int:
    """Sync the connectors that are due, one after the other; return how many runs ended.

    A connector whose last run waits for a person is not due until that is
    settled. Runs whose process died are ended first. Safe to call concurrently.
    """
    with site.working() as work:
        ended = run_states.fail_dead(work)
        due = list(work.session.connection().scalars(_due(work)))
    for connector_id in due:
        opening = _opening(site, connector_id)
        try:
            _run(site, connector_id, SYSTEM, None, opening, only_if_due=True)
        except (Conflict, NotFound, Refused):
            continue
        ended += 1
    return ended


@contextmanager
def _opened(site: Site, connector_id: int, log: Callable[[str], None]) -> Iterator[Reader]:
    reader = connections.open_reader(site, connector_id, log)
    try:
        yield reader
    finally:
        reader.close()


def _opening(site: Site, connector_id: int) -> Opening:
    return lambda log: _opened(site, connector_id, log)


def _run(
    site: Site,
    connector_id: int,
    by: Actor,
    also: Callable[[str], None] | None,
    opening: Opening,
    *,
    only_if_due: bool = False,
) -> SyncRun:
    with site.working(by) as work:
        begun = run_states.begin(work, connector_id, only_if_due=only_if_due)
        plan = plan_of(work.session, begun, by)
    with Journal(site, plan.run_id, also) as journal:
        try:
            _read_and_apply(site, plan, journal, opening)
        except (Remote, UarError) as error:
            _fail(site, plan, journal, error.sentence, _asked_for(error))
        except Exception as error:
            log.exception("run=%d", plan.run_id)
            sentence = f"uar met a fault of its own ({type(error).__name__}); its log says more."
            _fail(site, plan, journal, sentence)
        except BaseException:
            _fail(site, plan, journal, "It was stopped.")
            raise
    with site.reading() as session:
        return session.get_one(SyncRun, plan.run_id)


def _read_and_apply(site: Site, plan: Plan, journal: Journal, opening: Opening) -> None:
    with Scratch(site) as scratch:
        if is_first(scratch, plan):
            _read_first(scratch, plan, journal, opening)
            return
        with LaterRead(scratch, plan) as sink:
            read = _read(site, plan, journal, opening, sink)
        scratch.analyze(PATHS, SEEN)
        compared = _compared(site, plan, read)
        with scratch.reading() as connection:
            if compared.removes:
                differences.find_lost_things(connection, compared)
            paths.compare_paths(connection, compared)
            differences.say_before(connection)
            sums = brake.sums(connection, compared)
            observed = paths.observed(connection, compared) if compared.removes else []
            share = _brake_share(connection, plan)
        differences.keep(scratch, plan.run_id)
        counts = _counted(differences.counts(scratch, plan.run_id), read, journal) | {
            "before": {"accounts": sums.accounts, "grants": sums.grants}
        }
        why = ""
        if compared.removes:
            why = brake.why_held(sums, share=share, accounts_read=read.accounts)
        if why:
            journal.write(f"Held: {why}")
            _hold(site, plan, why, counts=counts, completeness=read.completeness)
            return
        done = apply(scratch, plan, removes=compared.removes)
        _settle(site, observed)
        _finish(scratch, plan, journal, read, counts | done)


def _read_first(scratch: Scratch, plan: Plan, journal: Journal, opening: Opening) -> None:
    with FirstRead(scratch, plan) as sink:
        read = _read(scratch.site, plan, journal, opening, sink)
    if sink.begun > MANY:
        scratch.refresh_statistics(Grant, GrantCause)
    counts = _counted(sink.counts, read, journal) | {
        FIRST: sink.first,
        "before": {"accounts": 0, "grants": 0},
        "grants": {"begun": sink.begun, "ended": 0},
    }
    _finish(scratch, plan, journal, read, counts)


def _read(site: Site, plan: Plan, journal: Journal, opening: Opening, sink: Sink) -> Read:
    with opening(journal.write) as reader:
        try:
            return load(reader, journal.write, sink)
        finally:
            _note_requests(site, plan, reader.requests)


def _counted(counted: dict[str, dict[str, int]], read: Read, journal: Journal) -> dict[str, Any]:
    for what, changes in counted.items():
        found = ", ".join(f"{n:,} {change}" for change, n in changes.items())
        journal.write(f"{what.capitalize()}s: {found}.")
    return {**counted, "scope": read.scope}


def _finish(
    scratch: Scratch, plan: Plan, journal: Journal, read: Read, counts: dict[str, Any]
) -> None:
    finish(
        scratch,
        plan,
        RunState.PARTIAL if read.unread else RunState.COMPLETE,
        counts=counts,
        completeness=read.completeness,
        trouble=_what_is_missing(read),
    )
    journal.write("Applied.")


def _settle(site: Site, observed: list[tuple[int, bool]]) -> None:
    """Let the orders that wait for a read be settled by this one (L12)."""
    for start in range(0, len(observed), BATCH):
        with site.working() as work:
            settle_observed(work, observed[start : start + BATCH])


def _hold(site: Site, plan: Plan, why: str, *, counts: dict[str, Any], **values: Any) -> None:
    with site.working(plan.actor) as work:
        row = work.session.get_one(SyncRun, plan.run_id, with_for_update=True)
        counts["mark"] = mark_of(work.session, plan.connector_id)
        run_states.hold(work, row, why, counts=counts, **values)


def _fail(
    site: Site, plan: Plan, journal: Journal, trouble: str, at_least: timedelta = timedelta(0)
) -> None:
    journal.write(f"Failed: {trouble}")
    with site.working(plan.actor) as work:
        run_states.fail(work, plan.run_id, trouble, at_least=at_least)


def _asked_for(error: Exception) -> timedelta:
    """Return how long the vendor wants to be left alone."""
    seconds = error.retry_after if isinstance(error, RateLimited) else None
    return timedelta(seconds=seconds or 0)


def _compared(site: Site, plan: Plan, read: Read) -> Compared:
    with site.reading() as session:
        last = session.scalars(
            sa.select(col(SyncRun.counts))
            .where(
                col(SyncRun.connector_id) == plan.connector_id,
                col(SyncRun.state) == RunState.COMPLETE,
            )
            .order_by(col(SyncRun.id).desc())
        ).first()
    return Compared(
        connector_id=plan.connector_id,
        started_at=plan.started_at,
        removes=not read.unread,
        scope=read.scope,
        scope_before=(last or {}).get("scope", ""),
    )


def _brake_share(connection: sa.Connection, plan: Plan) -> float:
    share = connection.scalar(
        sa.select(col(Connector.brake_share)).where(col(Connector.id) == plan.connector_id)
    )
    return 1.0 if share is None else share


def _note_requests(site: Site, plan: Plan, requests: int) -> None:
    with site.working(plan.actor) as work:
        work.session.connection().execute(
            sa.update(SyncRun).where(col(SyncRun.id) == plan.run_id).values(requests=requests)
        )


def _what_is_missing(read: Read) -> str:
    if not read.unread:
        return ""
    first = read.unread[0]
    more = f" and {len(read.unread) - 1:,} more" if len(read.unread) > 1 else ""
    return f"Not read: {first.resource.type} {first.resource.id}{more}. {first.why}"


def _due(work: Work) -> sa.Select[Any]:
    busy = sa.exists().where(
        col(SyncRun.connector_id) == col(Connector.id),
        col(SyncRun.state).in_((RunState.RUNNING, RunState.HELD)),
    )
    return (
        sa.select(col(Connector.id))
        .where(
            col(Connector.next_sync_at) <= work.now,
            col(Connector.state) != ConnectorState.PAUSED,
            col(Connector.kind) != OWN_KIND,
            ~busy,
        )
        .order_by(col(Connector.next_sync_at), col(Connector.id))
    )
