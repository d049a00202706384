"""The last sign-in of people and administrators, from Directory Insights."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.jumpcloud import sign_ins
from tests.connectors.jumpcloud_cast import (
    ADA,
    CAM_ADMIN,
    KEY,
    MAX,
    NOOR,
    Read,
    small_company,
    true_grants,
)

EVENTS = "POST /insights/directory/v1/events"


@pytest.fixture
def busy(servers):
    """The usual cast, who have signed in lately."""
    server = servers("busy")
    server.reset_counts()
    yield server
    server.clear_faults()


@pytest.fixture
def read(busy, connect):
    return Read(connect(busy, sign_ins="on"))


def hours_ago(account):
    return round((datetime.now(UTC) - account.last_login_at) / timedelta(hours=1))  # noqa: TID251


def test_the_latest_successful_sign_in_counts(read):
    assert hours_ago(read.account(ADA)) == 5


def test_signing_in_to_an_application_counts(read):
    assert hours_ago(read.account(MAX)) == 30


def test_administrators_sign_in_too(read):
    assert hours_ago(read.account(CAM_ADMIN)) == 2


def test_who_only_failed_to_sign_in_has_not(read):
    assert read.account(NOOR).last_login_at is None


def test_it_costs_one_request_for_many_events_and_none_when_it_is_off(busy, connect, read):
    assert busy.requests()["routes"][EVENTS] == 1

    busy.reset_counts()
    Read(connect(busy))
    assert EVENTS not in busy.requests()["routes"]


def test_events_on_many_pages_are_read_to_the_last(busy, connect, monkeypatch):
    monkeypatch.setattr(sign_ins, "LIMIT", 2)

    assert hours_ago(Read(connect(busy, sign_ins="on")).account(MAX)) == 30


def test_pages_are_bounded(busy, connect, monkeypatch, heard):
    monkeypatch.setattr(sign_ins, "LIMIT", 1)
    monkeypatch.setattr(sign_ins, "MAX_PAGES", 2)

    Read(connect(busy, sign_ins="on"))

    assert busy.requests()["routes"][EVENTS] == 2
    assert "Sign-ins: stopped after 2 pages; older ones are unknown" in heard.lines


@pytest.mark.parametrize("fault", ["403", "404", "400", "html"])
def test_a_refusal_is_logged_and_costs_nobody_the_read(busy, connect, heard, fault):
    busy.fault(fault, path="/insights", times=0)

    read = Read(connect(busy, sign_ins="on"))

    assert read.account(ADA).last_login_at is None
    assert read.shared() == true_grants(small_company())
    assert [line for line in heard.lines if line.startswith("Sign-ins are unknown: ")]
    assert KEY not in "\n".join(heard.lines)
