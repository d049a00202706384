"""How the Percipio connector asks for learning activity, waits for the report and reads it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import Unauthorised
from tests.connectors.percipio_cast import GRANTS, Read
from uar.demo.vendors.percipio_tokens import token

REPORTS = "/reporting"
POLL = "GET /reporting/v1/organizations/{org}/report-requests/{id}"
ROLES = {each for each in GRANTS if each[2] == "assigned"}


def asked(site):
    return [line["body"] for line in site.history() if "report-requests" in line["path"]][-1]


def waits(heard):
    """The pauses between two looks at the report, as logged."""
    return [float(line.split()[-2]) for line in heard.lines if "looking again" in line]


def why_unread(read):
    (why,) = {each.why for each in read.unread}
    assert {each.resource.id for each in read.unread} == read.courses()
    assert read.held() == ROLES
    return why


def test_it_is_asked_for_once_without_a_copy_for_the_customers_server(site, percipio):
    n_before = len(site.history())

    Read(percipio(site))

    assert len(site.history()) == n_before + 1
    assert asked(site)["isFileRequiredInSftp"] is False
    assert "files on the customer’s SFTP: 0" in site.http.get(site.url).text.replace(
        "Report f", "f"
    )


def test_it_is_over_ten_years_of_courses_and_assessments_and_ends_at_the_vendors_own_time(
    site, percipio
):
    Read(percipio(site))

    body = asked(site)
    start, end = (datetime.fromisoformat(body[name]) for name in ("start", "end"))
    assert body["contentType"] == "Course,Assessment"
    assert abs(end - datetime.now(UTC)) < timedelta(minutes=1)  # noqa: TID251  the vendor's clock
    assert timedelta(days=3650) <= end - start <= timedelta(days=3653)


def test_it_is_asked_for_before_the_catalogue_is_read_so_that_it_is_made_meanwhile(site, percipio):
    reader = percipio(site)

    list(reader.accounts())

    assert sorted(site.requests()["routes"]) == [
        "GET /user-management/v1/organizations/{org}/users",
        "POST /reporting/v1/organizations/{org}/report-requests/learning-activity",
    ]


def test_pauses_between_two_looks_grow_from_seconds_to_a_minute(site, percipio, heard):
    site.switch(report_polls=9)

    assert Read(percipio(site)).held() == GRANTS
    assert waits(heard) == [2, 4, 8, 16, 32, 60, 60, 60, 60]
    assert site.requests()["routes"][POLL] == 10


def test_a_report_that_is_ready_at_once_is_not_waited_for(site, percipio, heard):
    site.switch(report_polls=0)

    assert Read(percipio(site)).held() == GRANTS
    assert heard.pauses == []


@pytest.mark.parametrize(("minutes", "looks"), [(60, 65), (1, 6)])
def test_a_report_that_never_ends_is_given_up_and_everything_else_is_read(
    site, percipio, heard, minutes, looks
):
    site.switch(report_ends="never")

    read = Read(percipio(site, report_minutes=minutes))

    assert f"within {minutes} minutes" in why_unread(read)
    assert "allow more report minutes" in why_unread(read)
    assert sum(heard.pauses) == minutes * 60
    assert site.requests()["routes"][POLL] == looks


@pytest.mark.parametrize("how", [{"report_ends": "failed"}, {"report_first": "FAILED"}])
def test_a_report_that_the_vendor_gives_up_is_unread_and_says_so(site, percipio, how):
    site.switch(**how)

    assert "could not make its report of learning activity (FAILED)" in why_unread(
        Read(percipio(site))
    )


def test_a_report_that_failed_is_asked_for_anew_by_the_next_read(site, percipio):
    site.switch(report_ends="failed")
    Read(percipio(site))
    site.switch(report_ends="rows")

    assert Read(percipio(site)).held() == GRANTS


def test_a_report_that_says_it_is_complete_is_fetched_then(site, percipio):
    site.switch(report_ends="completed_first")

    assert Read(percipio(site)).held() == GRANTS


def test_a_report_that_the_vendor_has_thrown_away_is_unread(site, percipio):
    site.switch(report_s=1.0, report_kept_s=0.001)

    assert "no longer has the report" in why_unread(Read(percipio(site)))


def test_a_service_account_without_reporting_still_reads_people_roles_and_courses(site, percipio):
    read = Read(percipio(site, key=token("content-only")))

    assert "does not allow POST /reporting" in why_unread(read)
    assert len(read.accounts) == 6


@pytest.mark.parametrize("fault", ["truncated", "cut", "blank"])
def test_a_report_that_breaks_off_is_fetched_again(site, percipio, fault):
    site.switch(report_polls=0)
    site.fault(fault, path=REPORTS, method="GET", times=2)

    assert Read(percipio(site)).held() == GRANTS


def test_a_report_that_always_breaks_off_is_unread(site, percipio):
    site.fault("truncated", path=REPORTS, method="GET", times=0)

    assert "breaks off" in why_unread(Read(percipio(site)))


def test_a_web_page_instead_of_a_report_is_unread(site, percipio):
    site.fault("html", path=REPORTS, method="GET", times=0)

    assert "a web page instead of data" in why_unread(Read(percipio(site)))


def test_a_token_that_ends_while_the_report_is_made_ends_the_read(site, percipio):
    site.fault("401", path=REPORTS, method="GET", times=0)

    with pytest.raises(Unauthorised):
        Read(percipio(site))


def test_a_vendor_that_refuses_ten_years_is_unread_until_fewer_are_asked_for(site, percipio):
    site.switch(long_range="rejected")

    assert "must not be longer than 24 months" in why_unread(Read(percipio(site)))
    assert Read(percipio(site, activity_years=2)).held() == GRANTS


def test_a_vendor_that_gives_fewer_years_than_asked_for_gives_what_it_gives(site, percipio):
    site.switch(long_range="cut")

    assert Read(percipio(site)).held() == GRANTS
