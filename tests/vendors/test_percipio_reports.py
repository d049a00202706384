"""Percipio's vendor server: the report of learning activity, from its request to its rows."""

from __future__ import annotations

import csv

import pytest

from tests.vendors.percipio_site import (
    ADA,
    EXAM,
    FILM,
    MAX,
    PRIVACY,
    PYTHON,
    REPORTS,
    RITA,
    YEARS,
    ask,
    pairs,
    report,
)

ASK = f"{REPORTS}/learning-activity"
ROWS = [
    (ADA, PYTHON, "Started"),
    (RITA, EXAM, "Completed"),
    (ADA, FILM, "Watched"),
    (MAX, PRIVACY, "Started"),
    (ADA, PRIVACY, "Completed"),
    (ADA, PYTHON, "Completed"),
]


def files(server):
    return server.http.get(server.url).text.split("SFTP: ")[1].split("<")[0]


def test_a_report_is_pending_then_in_progress_then_an_array_at_the_same_address(site):
    asked = site.post(ASK, json=YEARS)
    key = asked.json()["id"]

    answers = [site.get(f"{REPORTS}/{key}").json() for _ in range(4)]

    assert asked.json() == {"id": key, "status": "PENDING"}
    assert answers[:2] == [{"id": key, "status": "PENDING"}, {"id": key, "status": "IN_PROGRESS"}]
    assert answers[2] == answers[3]
    assert pairs(answers[2]) == ROWS


def test_a_row_names_person_and_course_by_the_ids_of_the_lists(site):
    row = next(row for row in report(site) if row["contentUuid"] == PRIVACY
               and row["status"] == "Completed")  # fmt: skip

    assert (row["userUuid"], row["userId"]) == (ADA, "ada@example.test")
    assert (row["contentTitle"], row["contentType"]) == ("Data protection", "Course")
    assert row["completedDate"] == row["lastAccess"] == "2026-02-01T08:00:00.000Z"
    assert row["deptName"] == "R&D"  # the customer's attributes, camel-cased
    assert row["totalAccesses"] == "1"  # numbers are strings


def test_a_row_without_completion_has_no_date_of_one(site):
    row = next(row for row in report(site) if row["userUuid"] == MAX)

    assert "completedDate" not in row


def test_a_report_can_be_narrowed_to_types_states_and_time(site):
    assert len(pairs(report(site, contentType="Course,Assessment"))) == 5
    assert pairs(report(site, status="WATCHED")) == [(ADA, FILM, "Watched")]
    assert pairs(report(site, start="2026-03-01T00:00:00Z")) == [(ADA, PYTHON, "Started")]
    assert report(site, end="2020-01-01T00:00:00Z") == []


def test_a_report_comes_newest_first_unless_it_is_sorted(site):
    by_title = report(site, sort={"field": "contentTitle", "order": "asc"})

    assert pairs(report(site)) == ROWS
    assert [row["contentTitle"] for row in by_title] == sorted(
        row["contentTitle"] for row in by_title
    )


def test_a_report_of_a_time_frame_has_no_start_and_end(site):
    assert site.post(ASK, json={"timeFrame": "WEEK"}).status_code == 200
    assert site.post(ASK, json={"timeFrame": "WEEK", **YEARS}).status_code == 400
    assert site.post(ASK, json={"timeFrame": "CENTURY"}).status_code == 400


@pytest.mark.parametrize(
    "wrong",
    [{}, {"start": "2026-01-01T00:00:00Z"}, {**YEARS, "start": "soon"}, {**YEARS, "sort": {}},
     {**YEARS, "csvPreferences": {}}, {**YEARS, "audience": ""}, {**YEARS, "status": "DONE"},
     {**YEARS, "formatType": "PDF"}, {**YEARS, "sort": {"field": "shoeSize"}}],
    ids=str,
)  # fmt: skip
def test_a_request_with_a_wrong_or_an_empty_field_is_answered_400(site, wrong):
    assert site.post(ASK, json=wrong).status_code == 400


def test_a_report_is_also_delivered_to_the_customers_server_unless_told(percipio, site):
    before = int(files(percipio))

    ask(site, isFileRequiredInSftp=False)
    assert int(files(percipio)) == before
    ask(site)
    assert int(files(percipio)) == before + 1


@pytest.mark.parametrize(("kind", "mark"), [("CSV", ","), ("TXT", "\t")])
def test_a_report_may_be_text(percipio, site, kind, mark):
    percipio.switch(report_polls=0)

    answer = site.get(f"{REPORTS}/{ask(site, formatType=kind)}")

    rows = list(csv.DictReader(answer.text.splitlines(), delimiter=mark))
    assert answer.headers["content-type"].startswith("text/")
    assert len(rows) == 6
    assert rows[0]["userUuid"] == ADA


def test_a_report_that_does_not_exist_is_answered_404(site):
    assert site.get(f"{REPORTS}/00000000-0000-0000-0000-000000000000").status_code == 404
