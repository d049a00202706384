"""Everything that one run reads, on its way to whoever takes it.

The vendor is called here and nowhere else in a sync, and no transaction on the
inventory waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from connectors.base import (
    AccountRecord,
    AccountStatus,
    EntitlementRecord,
    GrantRecord,
    Reader,
    Ref,
    ResourceRecord,
    Unread,
)
from uar.models.kinds import ChangeOf
from uar.records import (
    ACCESS,
    ACCESS_RESOURCE,
    as_text,
    fingerprint,
    is_sound,
    of_account,
    of_entitlement,
    of_resource,
)
from uar.staging import Path, Read, Sink, Thing

BATCH = 5000
LOGGED = 10
"""How many lines of the same kind a run's log gets before they are only counted."""


def load(reader: Reader, log: Callable[[str], None], sink: Sink) -> Read:
    """Read the vendor. Raises what the reader raises, and what the sink does.

    A vendor's list may name a thing twice, or name what it does not list
    otherwise; such lines are dropped and the log says so.
    """
    loading = _Loading(reader, log, sink)
    loading.accounts()
    loading.resources()
    sink.all_things()
    loading.paths()
    loading.notes.total()
    return loading.read


class _Notes:
    """Lines for the log, of which only the first of each kind are written out."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._counts: dict[str, int] = {}

    def add(self, kind: str, line: str) -> None:
        count = self._counts.get(kind, 0) + 1
        self._counts[kind] = count
        if count <= LOGGED:
            self._log(line)

    def name(self, line: str) -> None:
        self.add("changed names", line)

    def total(self) -> None:
        for kind, count in self._counts.items():
            if count > LOGGED:
                self._log(f"{count} {kind} in all.")


class _Feed:
    """Collects rows and hands them on in batches."""

    def __init__(self, store: Callable[[list[Any]], None]) -> None:
        self._store = store
        self._rows: list[tuple[Any, ...]] = []

    def add(self, row: tuple[Any, ...]) -> None:
        self._rows.append(row)
        if len(self._rows) >= BATCH:
            self.flush()

    def flush(self) -> None:
        if self._rows:
            self._store(self._rows)
        self._rows = []


class _Loading:
    def __init__(self, reader: Reader, log: Callable[[str], None], sink: Sink) -> None:
        self._reader = reader
        self._log = log
        self._sink = sink
        self.notes = _Notes(log)
        self.read = Read(scope=str(getattr(reader, "scope", "")))
        self._accounts: dict[tuple[str, str], int] = {}
        self._resources: dict[tuple[str, str], int] = {}
        self._entitlements: dict[tuple[str, str, str], int] = {}
        self._records: list[ResourceRecord] = []
        self._present: list[int] = []

    def accounts(self) -> None:
        feed = _Feed(partial(self._sink.things, ChangeOf.ACCOUNT))
        in_directory = self._reader.is_directory
        for record in self._reader.accounts():
            if not self._is_new(self._accounts, "account", record):
                continue
            n = len(self._accounts) + 1
            self._accounts[record.type, record.id] = n
            values = of_account(record, in_directory=in_directory, note=self.notes.name)
            feed.add(_thing(n, record.ref, "", values))
            if record.status is not AccountStatus.DELETED:
                self._present.append(n)
        feed.flush()
        self.read.accounts = len(self._accounts)
        self._log(f"Read {self.read.accounts:,} accounts.")

    def resources(self) -> None:
        feed = _Feed(partial(self._sink.things, ChangeOf.RESOURCE))

        def store(rows: list[Any]) -> None:
            feed.flush()  # every resource comes before its entitlements
            self._sink.things(ChangeOf.ENTITLEMENT, rows)

        entitlements = _Feed(store)
        for record in self._all_resources():
            if not self._is_new(self._resources, "resource", record):
                continue
            n = len(self._resources) + 1
            self._resources[record.type, record.id] = n
            values = of_resource(record, note=self.notes.name)
            feed.add(_thing(n, record.ref, "", values))
            for each in self._entitlements_of(record):
                self._add_entitlement(entitlements, each)
            if record is not ACCESS_RESOURCE:
                self._records.append(record)
        feed.flush()
        entitlements.flush()
        self.read.resources = len(self._records)
        self.read.entitlements = len(self._entitlements) - 1
        self._log(
            f"Read {self.read.resources:,} resources with {self.read.entitlements:,} entitlements."
        )

    def paths(self) -> None:
        feed = _Feed(self._sink.paths)
        access = self._entitlements[ACCESS.resource.type, ACCESS.resource.id, ACCESS.slug]
        for account in self._present:
            feed.add((account, access, 0))
        # One number for each path: a set of numbers is a fifth of one of tuples.
        seen: set[int] = set()
        for record in self._reader.grants(self._records):
            if isinstance(record, Unread):
                self._note_unread(record)
                continue
            path = self._numbers(record)
            if path is None:
                continue
            key = (path[0] << 80) | (path[1] << 40) | path[2]
            if key in seen:
                self.notes.add("repeated grants", f"{_words(record)} is listed twice.")
                continue
            seen.add(key)
            feed.add(path)
        feed.flush()
        self.read.paths = len(seen) + len(self._present)
        self._log(f"Read {len(seen):,} grants.")

    def _all_resources(self) -> Iterator[ResourceRecord]:
        yield ACCESS_RESOURCE
        yield from self._reader.resources()

    def _entitlements_of(self, record: ResourceRecord) -> Iterator[EntitlementRecord]:
        if record is ACCESS_RESOURCE:
            yield ACCESS
        else:
            yield from self._reader.entitlements(record)

    def _is_new(
        self,
        known: dict[tuple[str, str], int],
        noun: str,
        record: AccountRecord | ResourceRecord,
    ) -> bool:
        if not is_sound(record.id) or not is_sound(record.type):
            self.notes.add(
                f"{noun}s without a usable id",
                f"An id that cannot be kept: {noun} {record.type[:80]} {record.id[:80]!r}.",
            )
            return False
        if (record.type, record.id) in known:
            self.notes.add(
                f"repeated {noun}s", f"The {noun} {record.type} {record.id} is listed twice."
            )
            return False
        return True

    def _add_entitlement(self, feed: _Feed, record: EntitlementRecord) -> None:
        key = (record.resource.type, record.resource.id, record.slug)
        if key in self._entitlements:
            self.notes.add("repeated entitlements", f"{' '.join(key)} is listed twice.")
            return
        n = len(self._entitlements) + 1
        self._entitlements[key] = n
        values = of_entitlement(record, note=self.notes.name)
        feed.add(_thing(n, record.resource, record.slug, values))

    def _numbers(self, record: GrantRecord) -> Path | None:
        account = self._accounts.get((record.account.type, record.account.id))
        entitlement = self._entitlements.get(
            (record.resource.type, record.resource.id, record.slug)
        )
        via: int | None = 0
        if record.via is not None:
            via = self._resources.get((record.via.type, record.via.id))
        if account is None or entitlement is None or via is None:
            self.notes.add(
                "grants of what is not listed", f"{_words(record)}: not all of it is listed."
            )
            return None
        return account, entitlement, via

    def _note_unread(self, unread: Unread) -> None:
        self.read.unread.append(unread)
        self._log(f"Not read: {unread.resource.type} {unread.resource.id}: {unread.why}")


def _thing(n: int, ref: Ref, slug: str, values: dict[str, Any]) -> Thing:
    text = as_text(values)
    return Thing(n, ref.type, ref.id, slug, fingerprint(text), values, text)


def _words(record: GrantRecord) -> str:
    def words(ref: Ref) -> str:
        return f"{ref.type} {ref.id}"

    through = f" through {words(record.via)}" if record.via else ""
    return f"{words(record.account)} holds {record.slug} of {words(record.resource)}{through}"
