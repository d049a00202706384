"""What goes wrong at a vendor, and what it means: for the order, and for those behind it."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from connectors.errors import RateLimited, Remote, Unauthorised
from uar import settlement
from uar.claims import Claim, mine
from uar.lifecycle import move
from uar.models import Connector
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import IncidentKind, OrderKind
from uar.models.states import ConnectorState, OrderState
from uar.site import Site
from uar.work import Work

PATIENCE = 5
"""Attempts after which somebody is told; a removal is tried on all the same."""
GIVE_UP_GRANT = 12
LONGEST_WAIT = timedelta(minutes=5)
KEY_WAIT = timedelta(minutes=1)
"""How long a vendor that does not accept our key is left alone."""


def meet(site: Site, taken: Claim, error: Remote) -> None:
    """Try the order again later where that may help; hand the rest to a person.

    Raises Conflict when somebody else has taken it over.
    """
    with site.working() as work:
        row = mine(work, taken)
        passes = error.retry
        if isinstance(error, Unauthorised):
            # Not the order's fault: it goes on by itself once the key is right again.
            passes = True
            _break(work, row.connector_id, error.sentence)
        wait = _wait(row.attempts, error)
        if row.state is OrderState.SENT:
            _read_later(work, row, wait, error.sentence)
            return
        if not passes:
            settlement.by_hand(work, row, result=error.sentence)
            settlement.worry(work, row, IncidentKind.OVERDUE, error.sentence)
            return
        if row.kind is OrderKind.GRANT and row.attempts >= GIVE_UP_GRANT:
            settlement.by_hand(work, row, result=error.sentence)
            return
        move(work, row, OrderState.QUEUED, next_at=work.now + wait, result=error.sentence)
        if row.attempts >= PATIENCE:
            settlement.worry(work, row, IncidentKind.OVERDUE, error.sentence)


def pause(error: Remote) -> timedelta | None:
    """Return how long a vendor in trouble is left alone; None when it is about one order only."""
    if isinstance(error, RateLimited) and error.retry_after:
        return min(timedelta(seconds=error.retry_after), LONGEST_WAIT)
    if isinstance(error, Unauthorised):
        return KEY_WAIT
    return timedelta(seconds=2) if error.retry else None


def look_again(session: Session, row: Order, at: datetime) -> None:
    """Set when to look at an order next."""
    session.connection().execute(sa.update(Order).where(col(Order.id) == row.id).values(next_at=at))


def _read_later(work: Work, row: Order, wait: timedelta, sentence: str) -> None:
    """Go on looking for the proof of what was sent, ever less often; say when it takes long."""
    age = work.now - (row.sent_at or work.now)
    look_again(work.session, row, work.now + max(wait, min(age / 2, LONGEST_WAIT)))
    if age > timedelta(seconds=work.settings.proof_seconds):
        settlement.worry(work, row, IncidentKind.UNPROVEN, sentence)


def _wait(attempts: int, error: Remote) -> timedelta:
    asked = error.retry_after if isinstance(error, RateLimited) else None
    wait = timedelta(seconds=asked) if asked else timedelta(seconds=2 ** min(attempts, 9))
    return min(wait, LONGEST_WAIT)


def _break(work: Work, connector_id: int, sentence: str) -> None:
    connector = work.session.get_one(Connector, connector_id)
    if connector.state is ConnectorState.READY:
        move(work, connector, ConnectorState.BROKEN, reason=sentence, trouble=sentence)
