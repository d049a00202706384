"""The record: searching it, sealing it, and proving that nobody changed it.

Entries and seals are insert-only; triggers refuse everything else. A seal is a
hash over the seal before it and one entry, written in order by a job, so that
writers of entries never queue for each other. Who can write files of the
database can still rewrite the end of the chain and everything after it: note the
head that ``verify`` says somewhere else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.db import AnySelect, rows
from uar.models import AuditEntry, AuditSeal
from uar.site import Site

BATCH = 500
LATE = 20_000
"""How many ids an entry may be late: its transaction began before others and ended after them."""
GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the record; ``seq`` is its place in the chain, None until it is sealed."""

    id: int
    at: datetime
    actor: str
    actor_id: int | None
    action: str
    subject: str
    reason: str
    details: dict[str, Any]
    request_ref: str
    seq: int | None


@dataclass(frozen=True, slots=True)
class Verified:
    """What a walk along the chain showed: ``first_problem`` is empty when it holds.

    ``count`` links were walked up to the one whose hash is ``head``; ``unsealed``
    entries wait for the job.
    """

    count: int
    head: str
    unsealed: int
    first_problem: str


def search(
    session: Session,
    *,
    subject: str = "",
    actor: str = "",
    action: str = "",
    after: int | None = None,
    limit: int = 100,
) -> list[Entry]:
    """List entries, newest first; ``after`` is the last id seen. One query.

    ``subject`` is a thing (``grants:7``) or a kind of thing (``grants``),
    ``action`` a verb (``review_item.revoked``) or its beginning, ``actor`` a part
    of a name.
    """
    statement = _entries().order_by(col(AuditEntry.id).desc()).limit(limit)
    if subject:
        is_thing = ":" in subject
        statement = statement.where(
            col(AuditEntry.subject) == subject
            if is_thing
            else col(AuditEntry.subject).startswith(subject + ":", autoescape=True)
        )
    if actor:
        statement = statement.where(col(AuditEntry.actor).icontains(actor, autoescape=True))
    if action:
        statement = statement.where(col(AuditEntry.action).startswith(action, autoescape=True))
    if after is not None:
        statement = statement.where(col(AuditEntry.id) < after)
    return rows(session, Entry, statement)


def seal_due(site: Site) -> int:
    """Seal one batch of entries in order of their ids; return how many.

    Safe to run in several processes: a link has one place, and whoever comes
    second gives up and returns 0.
    """
    try:
        with site.working() as work:
            last = _last_seal(work.session)
            seq, previous, highest = last if last else (0, GENESIS, 0)
            links = []
            for entry in _unsealed(work.session, highest - LATE):
                seq += 1
                hash_ = link(previous, entry)
                links.append(
                    {"seq": seq, "audit_id": entry.id, "previous": previous, "hash": hash_}
                )
                previous = hash_
            if links:
                work.session.connection().execute(sa.insert(AuditSeal), links)
            return len(links)
    except sa.exc.IntegrityError:
        return 0


def verify(session: Session) -> Verified:
    """Walk the whole chain and recompute every hash; stops at the first problem.

    Reads each entry once, a thousand at a time: about 100,000 in two seconds.
    """
    seq, previous = 0, GENESIS
    for seal, entry in _walk(session):
        problem = _problem(seal, entry, seq, previous)
        if problem:
            return Verified(seq, previous, 0, problem)
        seq, previous = seal.seq, seal.hash
    unsealed = session.connection().scalar(
        sa.select(sa.func.count())
        .select_from(AuditEntry)
        .where(~sa.exists().where(col(AuditSeal.audit_id) == col(AuditEntry.id)))
    )
    return Verified(seq, previous, unsealed or 0, "")


def link(previous: str, entry: Entry) -> str:
    """Return the hash that seals one entry onto the link before it: SHA-256, in hex."""
    return hashlib.sha256(f"{previous}\n{canonical(entry)}".encode()).hexdigest()


def canonical(entry: Entry) -> str:
    """Return the one way to write an entry as JSON: sorted keys, UTC, no spaces."""
    return json.dumps(
        {
            "id": entry.id,
            "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "actor": entry.actor,
            "actor_id": entry.actor_id,
            "action": entry.action,
            "subject": entry.subject,
            "reason": entry.reason,
            "details": entry.details,
            "request_ref": entry.request_ref,
        },
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    )


@dataclass(frozen=True, slots=True)
class _Seal:
    seq: int
    audit_id: int
    previous: str
    hash: str


def _entries() -> AnySelect:
    return sa.select(
        *(
            sa.inspect(AuditEntry).columns[name]
            for name in Entry.__dataclass_fields__
            if name != "seq"
        ),
        col(AuditSeal.seq),
    ).outerjoin(AuditSeal, col(AuditSeal.audit_id) == col(AuditEntry.id))


def _last_seal(session: Session) -> tuple[int, str, int] | None:
    """Return the last link's place and hash, and the highest entry id that is sealed."""
    seal = sa.select(col(AuditSeal.seq), col(AuditSeal.hash)).order_by(col(AuditSeal.seq).desc())
    found = session.connection().execute(seal.limit(1)).one_or_none()
    if found is None:
        return None
    highest = session.connection().scalar(sa.select(sa.func.max(col(AuditSeal.audit_id))))
    return found.seq, found.hash, highest or 0


def _unsealed(session: Session, floor: int) -> list[Entry]:
    statement = (
        _entries()
        .where(col(AuditEntry.id) > floor, col(AuditSeal.seq).is_(None))
        .order_by(col(AuditEntry.id))
        .limit(BATCH)
    )
    return rows(session, Entry, statement)


def _walk(session: Session) -> Iterator[tuple[_Seal, Entry | None]]:
    last = 0
    while True:
        seals = rows(
            session,
            _Seal,
            sa.select(
                col(AuditSeal.seq),
                col(AuditSeal.audit_id),
                col(AuditSeal.previous),
                col(AuditSeal.hash),
            )
            .where(col(AuditSeal.seq) > last)
            .order_by(col(AuditSeal.seq))
            .limit(1000),
        )
        if not seals:
            return
        ids = [seal.audit_id for seal in seals]
        found = rows(session, Entry, _entries().where(col(AuditEntry.id).in_(ids)))
        by_id = {entry.id: entry for entry in found}
        for seal in seals:
            yield seal, by_id.get(seal.audit_id)
        last = seals[-1].seq


def _problem(seal: _Seal, entry: Entry | None, seq: int, previous: str) -> str:
    if seal.seq != seq + 1:
        return f"Link {seq + 1} of the chain is missing."
    if entry is None:
        return f"audit_entry:{seal.audit_id} is gone, though link {seal.seq} seals it."
    if seal.previous != previous:
        return f"Link {seal.seq} does not follow from the link before it."
    if seal.hash != link(previous, entry):
        return f"audit_entry:{entry.id} is not what link {seal.seq} sealed."
    return ""
