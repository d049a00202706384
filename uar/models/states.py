"""Every state there is, and which state may follow which: the law on one screen.

Only :mod:`uar.lifecycle` applies these tables. A state is stored by value.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeAlias


class CampaignState(StrEnum):
    """Where a campaign stands."""

    DRAFT = "draft"
    STAGED = "staged"  # population frozen, nobody told
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class ItemState(StrEnum):
    """What has been decided about one review item; the latest decision counts."""

    PENDING = "pending"
    CERTIFIED = "certified"
    REVOKED = "revoked"
    SKIPPED = "skipped"  # the campaign was closed without a decision
    VOID = "void"  # the grant ended before anybody decided


class RequestState(StrEnum):
    """Where an access request stands."""

    WAITING = "waiting"
    APPROVED = "approved"
    GRANTED = "granted"
    DENIED = "denied"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"
    FAILED = "failed"
    ALREADY_HELD = "already_held"


class StepState(StrEnum):
    """Where one approval step of a request stands."""

    WAITING = "waiting"  # an earlier step comes first
    ASKED = "asked"
    APPROVED = "approved"
    DENIED = "denied"
    DROPPED = "dropped"  # the request ended before this step was decided


class GrantState(StrEnum):
    """Where an observed grant stands. A grant begins active: it is observed."""

    ACTIVE = "active"
    ENDING = "ending"  # a removal is ordered and not yet proven
    DISPLACED = "displaced"  # an exclusive entitlement replaced it for a while
    OUT_OF_SCOPE = "out_of_scope"  # we no longer read it: neither there nor gone
    ENDED = "ended"


class OrderState(StrEnum):
    """Where a change that we want at a vendor stands."""

    CONSENT = "consent"  # waits for the owner of the source (L5)
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"  # the vendor accepted it; not yet proven
    VERIFIED = "verified"
    MANUAL = "manual"  # a person must do it
    FAILED = "failed"
    CANCELLED = "cancelled"


class RunState(StrEnum):
    """Where a sync run stands."""

    RUNNING = "running"
    HELD = "held"
    COMPLETE = "complete"
    PARTIAL = "partial"
    FAILED = "failed"
    DISCARDED = "discarded"


class ConnectorState(StrEnum):
    """Where a connector stands."""

    NEW = "new"
    READY = "ready"
    BROKEN = "broken"
    PAUSED = "paused"


class IncidentState(StrEnum):
    """Whether somebody still has to look at an incident."""

    OPEN = "open"
    CLOSED = "closed"


C, I, R, S, G, O, U, K, N = (  # noqa: E741 - a legend for the tables below, nothing else
    CampaignState,
    ItemState,
    RequestState,
    StepState,
    GrantState,
    OrderState,
    RunState,
    ConnectorState,
    IncidentState,
)

Moves: TypeAlias = Mapping[StrEnum, frozenset[StrEnum]]


def _to(*states: StrEnum) -> frozenset[StrEnum]:
    return frozenset(states)


CAMPAIGN_MOVES: Moves = {
    C.DRAFT: _to(C.STAGED, C.CANCELLED),
    C.STAGED: _to(C.DRAFT, C.OPEN, C.CANCELLED),
    C.OPEN: _to(C.CLOSED),
    C.CLOSED: _to(),
    C.CANCELLED: _to(),
}
ITEM_MOVES: Moves = {
    I.PENDING: _to(I.CERTIFIED, I.REVOKED, I.SKIPPED, I.VOID),
    I.CERTIFIED: _to(I.PENDING, I.REVOKED, I.VOID),
    I.REVOKED: _to(I.PENDING, I.CERTIFIED),
    I.SKIPPED: _to(),
    I.VOID: _to(),
}
REQUEST_MOVES: Moves = {
    R.WAITING: _to(R.APPROVED, R.DENIED, R.CANCELLED, R.LAPSED, R.ALREADY_HELD),
    R.APPROVED: _to(R.GRANTED, R.FAILED, R.LAPSED, R.ALREADY_HELD, R.CANCELLED),
    R.GRANTED: _to(),
    R.DENIED: _to(),
    R.CANCELLED: _to(),
    R.LAPSED: _to(),
    R.FAILED: _to(),
    R.ALREADY_HELD: _to(),
}
STEP_MOVES: Moves = {
    S.WAITING: _to(S.ASKED, S.DROPPED),
    S.ASKED: _to(S.APPROVED, S.DENIED, S.DROPPED),
    S.APPROVED: _to(),
    S.DENIED: _to(),
    S.DROPPED: _to(),
}
GRANT_MOVES: Moves = {
    G.ACTIVE: _to(G.ENDING, G.DISPLACED, G.OUT_OF_SCOPE, G.ENDED),
    G.ENDING: _to(G.ENDED, G.ACTIVE, G.DISPLACED, G.OUT_OF_SCOPE),
    G.DISPLACED: _to(G.ACTIVE, G.ENDING, G.ENDED),
    G.OUT_OF_SCOPE: _to(G.ACTIVE, G.ENDING, G.ENDED),
    G.ENDED: _to(),
}
ORDER_MOVES: Moves = {
    O.CONSENT: _to(O.QUEUED, O.CANCELLED, O.MANUAL, O.VERIFIED),
    O.QUEUED: _to(O.SENDING, O.CANCELLED, O.MANUAL, O.VERIFIED),
    O.SENDING: _to(O.SENT, O.QUEUED, O.MANUAL, O.FAILED, O.VERIFIED),
    O.SENT: _to(O.VERIFIED, O.FAILED, O.QUEUED),
    O.MANUAL: _to(O.SENT, O.VERIFIED, O.CANCELLED, O.QUEUED),
    O.FAILED: _to(O.QUEUED, O.MANUAL, O.CANCELLED, O.VERIFIED),
    O.VERIFIED: _to(),
    O.CANCELLED: _to(),
}
RUN_MOVES: Moves = {
    U.RUNNING: _to(U.HELD, U.COMPLETE, U.PARTIAL, U.FAILED),
    U.HELD: _to(U.COMPLETE, U.DISCARDED),
    U.COMPLETE: _to(),
    U.PARTIAL: _to(),
    U.FAILED: _to(),
    U.DISCARDED: _to(),
}
CONNECTOR_MOVES: Moves = {
    K.NEW: _to(K.READY, K.BROKEN, K.PAUSED),
    K.READY: _to(K.BROKEN, K.PAUSED),
    K.BROKEN: _to(K.READY, K.PAUSED),
    K.PAUSED: _to(K.READY, K.BROKEN),
}
INCIDENT_MOVES: Moves = {N.OPEN: _to(N.CLOSED), N.CLOSED: _to()}

MOVES: Mapping[type[StrEnum], Moves] = {
    C: CAMPAIGN_MOVES,
    I: ITEM_MOVES,
    R: REQUEST_MOVES,
    S: STEP_MOVES,
    G: GRANT_MOVES,
    O: ORDER_MOVES,
    U: RUN_MOVES,
    K: CONNECTOR_MOVES,
    N: INCIDENT_MOVES,
}
