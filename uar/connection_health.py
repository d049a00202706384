"""Whether a vendor can be read, as the last attempts showed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from uar.lifecycle import move
from uar.models import Connector
from uar.models.states import ConnectorState
from uar.work import Work

LATEST_RETRY = timedelta(hours=6)


def found_ready(work: Work, connector: Connector) -> None:
    """Record that the vendor answered as it should; a paused connector stays paused."""
    values: dict[str, Any] = {"failures": 0, "trouble": ""}
    if connector.state in (ConnectorState.NEW, ConnectorState.BROKEN):
        move(work, connector, ConnectorState.READY, **values)
    else:
        _set(work, connector, values)


def found_broken(
    work: Work, connector: Connector, trouble: str, *, at_least: timedelta = timedelta(0)
) -> None:
    """Record why the vendor could not be read, and how often in a row.

    The next sync waits a minute, then two, four and so on up to six hours, and
    ``at_least`` as long as the vendor asked for; a connector that nobody has
    scheduled yet stays unscheduled.
    """
    failures = connector.failures + 1
    wait = max(min(timedelta(minutes=2 ** min(failures - 1, 10)), LATEST_RETRY), at_least)
    values: dict[str, Any] = {"failures": failures, "trouble": trouble}
    if connector.next_sync_at is not None:
        values["next_sync_at"] = work.now + wait
    if connector.state in (ConnectorState.NEW, ConnectorState.READY):
        move(work, connector, ConnectorState.BROKEN, reason=trouble, **values)
    else:
        _set(work, connector, values)


def _set(work: Work, connector: Connector, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(connector, name, value)
    work.session.add(connector)
    work.session.flush()
