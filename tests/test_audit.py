"""The record: searched, sealed in order, and telling when somebody changed it."""

# ruff: noqa: S608 - what an intruder writes is put together by hand

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest
import sqlalchemy as sa

from tests.web.client import site_of
from tests.world import World
from uar import audit
from uar.models import AuditEntry, AuditSeal
from uar.site import Site


@pytest.fixture
def site(world: World) -> Site:
    return site_of(world)


def records(world: World, n: int, action: str = "review_item.revoked") -> None:
    with world.as_(world.rita) as work:
        work.record_all(
            action, [(f"review_item:{i}", {"from": "pending"}) for i in range(1, n + 1)]
        )


def seals(site: Site) -> int:
    total = 0
    while done := audit.seal_due(site):
        total += done
    return total


@contextmanager
def as_intruder(world: World) -> Iterator[Callable[[str], object]]:
    """Write as somebody who can switch off the triggers and foreign keys that refuse it."""
    connection = world.engine.raw_connection()
    run = connection.cursor().execute
    if world.engine.dialect.name == "sqlite":
        run("PRAGMA foreign_keys=OFF")
        for (name,) in run("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            run(f"DROP TRIGGER {name}")
    else:
        for table in ("audit_entry", "audit_seal"):
            run(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
    yield run
    connection.commit()
    connection.close()


def test_every_entry_is_sealed_once_and_in_order(world: World, site: Site) -> None:
    records(world, 3)

    n = seals(site)

    chain = world.all(AuditSeal)
    assert [seal.seq for seal in chain] == list(range(1, n + 1))
    assert [seal.audit_id for seal in chain] == [entry.id for entry in world.all(AuditEntry)]
    assert audit.seal_due(site) == 0


def test_the_chain_holds_when_nobody_touched_it(world: World, site: Site) -> None:
    records(world, audit.BATCH + 10)
    n = seals(site)

    with site.reading() as session:
        found = audit.verify(session)

    assert (found.count, found.unsealed, found.first_problem) == (n, 0, "")
    assert found.head == world.all(AuditSeal)[-1].hash


def test_what_is_not_sealed_yet_is_counted_and_no_problem(world: World, site: Site) -> None:
    records(world, 2)
    seals(site)
    records(world, 3)

    with site.reading() as session:
        found = audit.verify(session)

    assert (found.unsealed, found.first_problem) == (3, "")


@pytest.mark.parametrize(
    "change",
    [
        "reason = 'because'",
        "actor = 'Sam Hill'",
        "actor_id = NULL",
        "action = 'review_item.certified'",
        "subject = 'review_item:9'",
        "request_ref = 'other'",
        """details = '{"from": "pendinh"}'""",
        "at = '2026-03-12 12:00:01.000000'",
    ],
)
def test_one_changed_byte_names_the_entry(world: World, site: Site, change: str) -> None:
    records(world, 5)
    seals(site)
    victim = world.all(AuditEntry)[-3].id

    with as_intruder(world) as run:
        run(f"UPDATE audit_entry SET {change} WHERE id = {victim}")

    with site.reading() as session:
        assert f"audit_entry:{victim} is not what" in audit.verify(session).first_problem


def test_a_missing_entry_is_named(world: World, site: Site) -> None:
    records(world, 3)
    seals(site)
    victim = world.all(AuditEntry)[-2].id

    with as_intruder(world) as run:
        run(f"DELETE FROM audit_entry WHERE id = {victim}")

    with site.reading() as session:
        assert f"audit_entry:{victim} is gone" in audit.verify(session).first_problem


def test_a_missing_link_is_named(world: World, site: Site) -> None:
    records(world, 3)
    n = seals(site)

    with as_intruder(world) as run:
        run(f"DELETE FROM audit_seal WHERE seq = {n - 1}")

    with site.reading() as session:
        assert audit.verify(session).first_problem == f"Link {n - 1} of the chain is missing."


def test_a_resealed_entry_breaks_the_next_link(world: World, site: Site) -> None:
    records(world, 3)
    n = seals(site)
    victim = world.all(AuditSeal)[n - 2]
    with site.reading() as session:
        entry = audit.search(session, after=victim.audit_id + 1, limit=1)[0]
    forged = audit.link(victim.previous, replace(entry, reason="because"))

    with as_intruder(world) as run:
        run(f"UPDATE audit_entry SET reason = 'because' WHERE id = {entry.id}")
        run(f"UPDATE audit_seal SET hash = '{forged}' WHERE seq = {victim.seq}")

    with site.reading() as session:
        assert (
            audit.verify(session).first_problem
            == f"Link {n} does not follow from the link before it."
        )


@pytest.mark.parametrize("table", ["audit_entry", "audit_seal"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET {}", "DELETE FROM {}"])
def test_the_database_refuses_to_change_the_record(
    world: World, site: Site, table: str, verb: str
) -> None:
    records(world, 1)
    seals(site)
    change = "reason = 'x'" if table == "audit_entry" else "hash = 'x'"

    with (
        pytest.raises(sa.exc.DBAPIError, match="never changed or deleted"),
        world.engine.connect() as connection,
        connection.begin(),
    ):
        connection.execute(sa.text(verb.format(table, change)))


def test_an_entry_that_commits_late_is_sealed_after_its_successors(
    world: World, site: Site
) -> None:
    if world.engine.dialect.name == "sqlite":
        records(world, 2)
        assert seals(site)
        return  # one writer at a time: nothing can be late
    with site.working() as slow:
        slow.record("app.created", "app:1")
        records(world, 1)
        seals(site)

    seals(site)

    with site.reading() as session:
        found = audit.verify(session)
    order = [seal.audit_id for seal in world.all(AuditSeal)]
    assert order != sorted(order)
    assert (found.unsealed, found.first_problem) == (0, "")


def test_two_sealers_at_once_make_one_chain(world: World, site: Site) -> None:
    records(world, 40)

    with ThreadPoolExecutor(4) as pool:
        done = sum(pool.map(lambda _: audit.seal_due(site), range(4)))

    with site.reading() as session:
        found = audit.verify(session)
    assert found.first_problem == ""
    assert done == found.count == len(world.all(AuditEntry))


def test_the_record_is_searched_by_thing_kind_actor_and_verb(world: World, site: Site) -> None:
    records(world, 12)
    with world.as_(world.max) as work:
        work.record("grants.ended", "grants:7", reason="time was over")

    with site.reading() as session:
        by_thing = audit.search(session, subject="review_item:1")
        by_kind = audit.search(session, subject="review_item")
        by_actor = audit.search(session, actor="max")
        by_verb = audit.search(session, action="grants.")
        older = audit.search(session, subject="review_item", after=by_kind[4].id, limit=3)

    assert [entry.subject for entry in by_thing] == ["review_item:1"]
    assert len(by_kind) == 12
    assert [entry.reason for entry in by_actor] == ["time was over"]
    assert [entry.subject for entry in by_verb] == ["grants:7"]
    assert [entry.subject for entry in older] == [entry.subject for entry in by_kind[5:8]]
