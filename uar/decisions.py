"""Decisions as rows: appended, never changed, each with what its reviewer was shown (L29)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.models import Decision, ReviewItem
from uar.models.kinds import Verdict
from uar.work import Work

SHOWN = (
    "person", "person_title", "department", "person_left_at", "account", "account_status", "app",
    "resource", "resource_type", "entitlement", "description", "risk", "direct", "via",
    "granted_at", "given_by", "ends_at", "last_used_at", "unchanged", "previous_verdict",
    "previous_at", "previous_by", "previous_campaign", "peer_group", "peers_hold", "peers",
)  # fmt: skip
"""What a reviewer is shown of an item."""


def latest() -> sa.ScalarSelect[int]:
    """Return the SQL for the id of the decision that counts of the ReviewItem around it."""
    return (
        sa.select(sa.func.max(col(Decision.id)))
        .where(col(Decision.item_id) == col(ReviewItem.id))
        .correlate(ReviewItem)
        .scalar_subquery()
    )


def shown(item: ReviewItem) -> dict[str, str]:
    """Return what a reviewer is shown of an item, as text."""
    return {name: _text(getattr(item, name)) for name in SHOWN}


def append(
    work: Work, items: Sequence[ReviewItem], verdict: Verdict, reason: str, *, bulk: bool
) -> None:
    """Append one decision of the actor for each item. One statement."""
    if not items:
        return
    decisions = []
    for item in items:
        seen = shown(item)
        text = json.dumps(seen, ensure_ascii=False, sort_keys=True)
        decisions.append(
            {
                "item_id": item.id,
                "verdict": verdict,
                "reason": reason.strip(),
                "by": work.actor.id,
                "at": work.now,
                "bulk": bulk,
                "seen": seen,
                "seen_hash": hashlib.sha256(text.encode()).hexdigest(),
            }
        )
    work.session.flush()
    work.session.connection().execute(sa.insert(Decision), decisions)


def decisions_hash(session: Session, campaign_id: int, reviewer_id: int) -> str:
    """Return the SHA-256 over the decisions that count of one reviewer's items.

    One line for each decided item, by item id, each with a line feed: a JSON array
    of item, decision, verdict, reason, by, instant (UTC) and the hash of what was
    shown.
    """
    statement = (
        sa.select(
            col(ReviewItem.id),
            col(Decision.id),
            col(Decision.verdict),
            col(Decision.reason),
            col(Decision.by),
            col(Decision.at),
            col(Decision.seen_hash),
        )
        .join(Decision, col(Decision.id) == latest())
        .where(
            col(ReviewItem.campaign_id) == campaign_id, col(ReviewItem.reviewer_id) == reviewer_id
        )
        .order_by(col(ReviewItem.id))
    )
    digest = hashlib.sha256()
    for item, decision, verdict, reason, by, at, seen in session.connection().execute(statement):
        line = [item, decision, verdict.value, reason, by, at.isoformat(), seen]
        digest.update(json.dumps(line, ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
