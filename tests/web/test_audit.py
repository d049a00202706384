"""The record's pages."""

from __future__ import annotations

import pytest

from tests.queries import asserts_queries
from tests.web.client import Browser
from tests.world import World
from uar import audit
from uar.models.kinds import Role
from uar.permissions import give


@pytest.fixture
def auditor(world: World, browser: Browser) -> Browser:
    with world.as_(world.cam) as work:
        give(work, world.cam.id, Role.AUDITOR)
    return browser.as_(world.cam)


def test_only_an_auditor_reads_the_record(browser: Browser, world: World) -> None:
    for person in (world.ada, world.rita, world.sam):
        browser.as_(person).get("/audit", status=404)
        browser.as_(person).get("/audit/verification", status=404)


def test_an_entry_says_who_what_why_and_in_which_request(auditor: Browser, world: World) -> None:
    with world.as_(world.max) as work:
        work.record("grants.ended", "grants:7", reason="time was over", details={"from": "ending"})

    row = auditor.get("/audit?subject=grants:7").rows("Entries (1)")[0]

    assert row[:3] == ["grants.ended", "grants:7", "Max Roth"]
    assert row[4] == "time was over from: ending"
    assert row[5] == "not yet"


def test_filters_narrow_the_record(auditor: Browser, world: World) -> None:
    for person in (world.max, world.rita):
        with world.as_(person) as work:
            work.record("grants.ended", "grants:7")

    page = auditor.get("/audit?actor=rita&action=grants")

    assert [row[2] for row in page.rows("Entries (1)")] == ["Rita Ortiz"]
    assert page.form("/audit").fields == {"subject": "", "actor": "rita", "action": "grants"}


def test_the_record_goes_on_where_it_stopped(auditor: Browser, world: World) -> None:
    with world.as_(world.max) as work:
        work.record_all("grants.ended", [(f"grants:{i}", {}) for i in range(60)])

    first = auditor.get("/audit?action=grants.ended")
    second = auditor.get(first.links()["Older"])

    assert len(first.rows("Entries (50+)")) == 50
    assert len(second.rows("Entries (10)")) == 10


def test_a_page_of_the_record_costs_the_same_however_long_it_is(
    auditor: Browser, world: World
) -> None:
    with world.as_(world.max) as work:
        work.record_all("grants.ended", [(f"grants:{i}", {}) for i in range(60)])

    with asserts_queries(5, world.engine):
        auditor.get("/audit")


def test_the_chain_is_walked_on_request(auditor: Browser, world: World) -> None:
    while audit.seal_due(auditor.site):
        pass

    page = auditor.get("/audit/verification")

    assert page.h1 == "The chain holds"
    assert len(page.root.first("code").text) == 64
