"""What a vendor server knows: tables of rows, links between them, and its own history.

Every change is one line of an append-only journal, written and synced before it
is applied, so that a server killed at any instant comes back with exactly what
it had answered for. The history is made of the same lines.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Op = list[Any]  # ["put", table, id, row] ["del", table, id] ["link"|"unlink", relation, a, b]


@dataclass(slots=True)
class Links:
    """A many-to-many relation, readable from both ends, in the order links were made."""

    there: dict[str, dict[str, None]] = field(default_factory=dict)
    back: dict[str, dict[str, None]] = field(default_factory=dict)

    def add(self, a: str, b: str) -> None:
        """Link a to b."""
        self.there.setdefault(a, {})[b] = None
        self.back.setdefault(b, {})[a] = None

    def remove(self, a: str, b: str) -> None:
        """Unlink a from b."""
        self.there.get(a, {}).pop(b, None)
        self.back.get(b, {}).pop(a, None)

    def has(self, a: str, b: str) -> bool:
        """Say whether a is linked to b."""
        return b in self.there.get(a, {})

    def pairs(self) -> list[list[str]]:
        """Every link as [a, b]."""
        return [[a, b] for a, ends in self.there.items() for b in ends]


class Store:
    """Tables, links and history of one vendor server, safe for its threads.

    Hold `lock` around a read of several things and around read-then-change.
    `lag_s` makes `seen` and `seen_back` show links as they were that long ago.
    """

    def __init__(self, file: Path | None = None) -> None:
        self.lock = threading.RLock()
        self.tables: dict[str, dict[str, Row]] = {}
        self.links: dict[str, Links] = {}
        self.history: list[Row] = []
        self.version = 0
        self.lag_s = 0.0
        self._file = file
        self._journal: int | None = None
        self._recent: deque[tuple[float, Op]] = deque(maxlen=100_000)

    def table(self, name: str) -> dict[str, Row]:
        """The rows of a table by id."""
        return self.tables.setdefault(name, {})

    def relation(self, name: str) -> Links:
        """The links of one kind, as they are now."""
        return self.links.setdefault(name, Links())

    def seen(self, relation: str, a: str) -> list[str]:
        """What a is linked to, as reads show it."""
        return self._as_of(relation, self.relation(relation).there.get(a, {}), a, 0)

    def seen_back(self, relation: str, b: str) -> list[str]:
        """What links to b, as reads show it."""
        return self._as_of(relation, self.relation(relation).back.get(b, {}), b, 1)

    def commit(self, ops: list[Op], **entry: Any) -> Row:
        """Apply ops and remember them; entry is the line of history. Durable on return."""
        with self.lock:
            line = {"seq": len(self.history) + 1, "at": instant(), **entry}
            self._append({"entry": line, "ops": ops})
            for op in ops:
                self._apply(op)
            self.history.append(line)
            self.version += bool(ops)
            return line

    def begin(self) -> bool:
        """Open the journal; say whether it held a state, which then is loaded.

        Raises OSError while another server has it open.
        """
        if self._file is None:
            return False
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._open()
        return self._load(self._file)

    def snapshot(self) -> None:
        """Write all that is known as the first line of a new journal, replacing the old one."""
        if self._file is None:
            return
        with self.lock:
            pairs = {name: links.pairs() for name, links in self.links.items()}
            whole = {"tables": self.tables, "links": pairs, "history": self.history}
            new = self._file.with_suffix(".new")
            with new.open("wb") as out:
                out.write(json.dumps(whole, separators=(",", ":")).encode() + b"\n")
                out.flush()
                os.fsync(out.fileno())
            new.replace(self._file)
            self._open()

    def _open(self) -> None:
        assert self._file is not None
        journal = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            fcntl.flock(journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(journal)
            raise OSError(f"another server keeps its state in {self._file}") from None
        if self._journal is not None:
            os.close(self._journal)
        self._journal = journal

    def _as_of(self, relation: str, now: dict[str, None], end: str, side: int) -> list[str]:
        if not self.lag_s or not self._recent:
            return list(now)
        then, since = dict(now), time.monotonic() - self.lag_s
        for at, (verb, name, *ends) in reversed(self._recent):
            if at <= since:
                break
            if name == relation and ends[side] == end:
                if verb == "link":
                    then.pop(ends[1 - side], None)
                else:
                    then[ends[1 - side]] = None
        return list(then)

    def _apply(self, op: Op) -> None:
        match op:
            case ["put", str(table), str(key), dict(row)]:
                self.table(table)[key] = row
            case ["del", str(table), str(key)]:
                self.table(table).pop(key, None)
            case ["link", str(relation), str(a), str(b)]:
                self.relation(relation).add(a, b)
                self._recent.append((time.monotonic(), op))
            case ["unlink", str(relation), str(a), str(b)]:
                self.relation(relation).remove(a, b)
                self._recent.append((time.monotonic(), op))
            case _:
                raise ValueError(f"unknown operation {op!r}")

    def _append(self, line: Row) -> None:
        if self._journal is None:
            return
        text = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        before = os.fstat(self._journal).st_size
        try:
            written = os.write(self._journal, text)
            os.fdatasync(self._journal)
        except OSError:
            os.ftruncate(self._journal, before)
            raise
        if written < len(text):  # the disk is full: what was not kept is not applied
            os.ftruncate(self._journal, before)
            raise OSError("the journal could not be written")

    def _load(self, file: Path) -> bool:
        lines = file.read_bytes().split(b"\n")
        if len(lines) < 2:
            return False  # not even the first line was finished
        if lines[-1]:  # a kill cut the last line off: it was never answered for
            with file.open("r+b") as journal:
                journal.truncate(file.stat().st_size - len(lines[-1]))
        whole = json.loads(lines[0])
        self.tables = whole["tables"]
        self.history = whole["history"]
        for name, pairs in whole["links"].items():
            for a, b in pairs:
                self.relation(name).add(a, b)
        for line in lines[1:-1]:
            change = json.loads(line)
            for op in change["ops"]:
                self._apply(op)
            self.history.append(change["entry"])
        self._recent.clear()
        return True


def instant(at: datetime | None = None) -> str:
    """An instant as vendors write it: ISO 8601, UTC, milliseconds, Z. Now unless told."""
    moment = (at or datetime.now(UTC)).astimezone(UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
