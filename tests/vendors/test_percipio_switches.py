"""Percipio's vendor server: both positions of every fact that could not be verified."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path

import pytest

from tests.vendors.percipio_site import (
    ADA,
    CATALOGUE,
    MAX,
    PYTHON,
    REPORTS,
    RITA,
    SEARCH,
    USERS,
    YEARS,
    ask,
    client,
    ids,
    pairs,
    report,
)
from uar.demo.vendors.percipio_switches import Switches
from uar.demo.vendors.percipio_tokens import token

ASK = f"{REPORTS}/learning-activity"


def test_every_switch_is_explained_and_tested_here():
    source = Path(__file__).read_text(encoding="utf-8")

    for each in fields(Switches):
        assert len(each.metadata["help"]) > 20, each.name
        assert re.search(rf"{each.name}=", source), f"{each.name} has no test"


def test_every_switch_is_a_flag():
    shown = subprocess.run(
        [sys.executable, "-m", "uar.demo.vendors.percipio", "--help"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip

    for each in fields(Switches):
        assert f"--{each.name.replace('_', '-')}" in shown


# users


def test_which_service_accounts_there_are(percipio, site):
    assert site.get(USERS).status_code == 200

    percipio.switch(accounts="reports:reporting")
    assert site.get(USERS).status_code == 401
    with client(percipio, token("reports")) as narrow:
        assert narrow.get(USERS).status_code == 403
        assert narrow.get(f"{REPORTS}/x").status_code == 404


@pytest.mark.parametrize(
    ("keys", "error"),
    [("code_message", {"code": "404", "message": "there is no such user"}),
     ("error_detail", {"error": "404", "detail": "there is no such user"}),
     ("text", "there is no such user")],
)  # fmt: skip
def test_what_an_error_holds(percipio, site, keys, error):
    percipio.switch(error_keys=keys)

    assert site.get(f"{USERS}/nobody").json() == {"errors": [error]}


def test_lists_of_users_may_not_say_how_many(percipio, site):
    assert "x-total-count" in site.get(USERS).headers

    percipio.switch(users_total=False)
    assert "x-total-count" not in site.get(USERS).headers


def test_people_who_are_not_active_may_not_be_listed(percipio, site):
    assert RITA in ids(site.get(USERS, params={"max": 5}).json())

    percipio.switch(inactive_users=False)
    assert RITA not in ids(site.get(USERS, params={"max": 5}).json())
    assert site.get(f"{USERS}/{RITA}").status_code == 200


def test_lists_of_users_may_be_narrowed_to_active_ones(percipio, site):
    asked = {"isActive": "false"}
    assert len(site.get(USERS, params=asked).json()) == 1000

    percipio.switch(active_filter=True)
    assert ids(site.get(USERS, params=asked).json()) == [RITA]


@pytest.mark.parametrize(("kind", "status", "size"), [("user", 200, 3), ("empty", 200, 0),
                                                      ("204", 204, 0)])  # fmt: skip
def test_a_change_may_answer_with_or_without_the_user(percipio, site, kind, status, size):
    percipio.switch(patch_answer=kind)

    answer = site.patch(f"{USERS}/{ADA}", json={"jobTitle": "SRE"})

    assert answer.status_code == status
    assert (len(answer.content) > 0) is (size > 0)
    assert site.get(f"{USERS}/{ADA}").json()["jobTitle"] == "SRE"


@pytest.mark.parametrize("status", [200, 201])
def test_a_created_user_may_be_200_or_201(percipio, site, status):
    percipio.switch(create_status=status)

    assert site.post(USERS, json={"externalUserId": f"made{status}"}).status_code == status


def test_reads_of_users_may_lag(percipio, site):
    site.patch(f"{USERS}/{MAX}", json={"role": "MANAGER"})
    percipio.switch(patch_lag_s=0.3)
    site.patch(f"{USERS}/{MAX}", json={"role": "CONTENT_CURATOR"})

    assert site.get(f"{USERS}/{MAX}").json()["role"] == "MANAGER"
    time.sleep(0.4)
    assert site.get(f"{USERS}/{MAX}").json()["role"] == "CONTENT_CURATOR"


# content


def test_the_catalogue_may_not_say_how_many(percipio, site):
    assert "x-total-count" in site.get(CATALOGUE).headers

    percipio.switch(catalogue_total=False)
    assert "x-total-count" not in site.get(CATALOGUE).headers


def test_the_link_may_have_other_relations_or_be_missing(percipio, site):
    assert site.get(CATALOGUE).headers["link"].count("rel=") == 1

    percipio.switch(catalogue_link="all")
    assert re.findall(r'rel="(\w+)"', site.get(CATALOGUE).headers["link"]) == [
        "first", "next", "last"]  # fmt: skip
    percipio.switch(catalogue_link="none")
    assert "link" not in site.get(CATALOGUE).headers


@pytest.mark.parametrize("sent", [{}, {"pagingRequestId": ""}])
def test_a_later_page_without_the_id_begins_anew_or_is_refused(percipio, site, sent):
    later = {"offset": 1000, **sent}
    assert ids(site.get(CATALOGUE, params=later).json()) == ids(site.get(CATALOGUE).json())

    percipio.switch(blank_paging_id="reject")
    assert site.get(CATALOGUE, params=later).status_code == 400
    assert site.get(CATALOGUE).status_code == 200


def test_later_pages_may_not_repeat_the_id(percipio, site):
    percipio.switch(paging_id_repeated=False)
    key = site.get(CATALOGUE).headers["x-paging-request-id"]

    later = site.get(CATALOGUE, params={"offset": 1000, "pagingRequestId": key})

    assert "x-paging-request-id" not in later.headers


def test_a_search_may_take_types_with_commas_or_repeated(percipio, site):
    commas = {"q": "python", "typeFilter": "COURSE,ASSESSMENT"}
    repeated = {"q": "python", "typeFilter": ["COURSE", "ASSESSMENT"]}

    for kind, found, status in (("both", 2, 200), ("commas", 2, 400), ("repeated", 0, 200)):
        percipio.switch(type_filter=kind)
        assert len(site.get(SEARCH, params=commas).json()) == found
        assert site.get(SEARCH, params=repeated).status_code == status


def test_a_search_for_an_id_may_find_other_things_first_or_nothing(percipio, site):
    percipio.switch(search_noise=30)
    found = ids(site.get(SEARCH, params={"q": PYTHON, "max": 100}).json())
    assert found.index(PYTHON) == 30
    assert PYTHON not in ids(site.get(SEARCH, params={"q": PYTHON}).json())

    percipio.switch(search_noise=0, search_finds_ids=False)
    assert site.get(SEARCH, params={"q": PYTHON}).json() == []


def test_a_search_may_say_how_many(percipio, site):
    assert "x-total-count" not in site.get(SEARCH, params={"q": "course"}).headers

    percipio.switch(search_total=True)
    assert site.get(SEARCH, params={"q": "course"}).headers["x-total-count"] == "1000"


# reports


@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_request_for_a_report_may_be_answered_with_any_success(percipio, site, status):
    percipio.switch(report_request_status=status)

    assert site.post(ASK, json=YEARS).status_code == status


@pytest.mark.parametrize("state", ["PENDING", "IN_PROGRESS", "COMPLETED", "FAILED"])
def test_a_new_report_may_be_in_any_state(percipio, site, state):
    percipio.switch(report_first=state)

    assert site.post(ASK, json=YEARS).json()["status"] == state


def test_a_report_may_take_more_looks_or_more_time(percipio, site):
    percipio.switch(report_polls=0)
    assert isinstance(site.get(f"{REPORTS}/{ask(site)}").json(), list)

    percipio.switch(report_s=0.3)
    key = ask(site)
    assert site.get(f"{REPORTS}/{key}").json()["status"] == "PENDING"
    time.sleep(0.4)
    assert isinstance(site.get(f"{REPORTS}/{key}").json(), list)


@pytest.mark.parametrize(
    ("ends", "states"),
    [("failed", ["FAILED", "FAILED"]), ("never", ["IN_PROGRESS", "IN_PROGRESS"]),
     ("completed_first", ["COMPLETED", "rows"]), ("rows", ["rows", "rows"])],
)  # fmt: skip
def test_a_report_may_end_in_other_ways(percipio, site, ends, states):
    percipio.switch(report_polls=0, report_ends=ends)
    key = ask(site)

    answers = [site.get(f"{REPORTS}/{key}").json() for _ in range(2)]

    assert ["rows" if isinstance(a, list) else a["status"] for a in answers] == states


def test_an_unready_report_may_call_its_id_something_else(percipio, site):
    key = ask(site)

    for name, shown in (("id", {"id": key}), ("reportId", {"reportId": key}), ("none", {})):
        percipio.switch(report_id_name=name, report_polls=10)
        answer = site.get(f"{REPORTS}/{key}").json()
        assert {n: v for n, v in answer.items() if n != "status"} == shown


def test_a_report_may_be_thrown_away(percipio, site):
    key = ask(site)
    assert site.get(f"{REPORTS}/{key}").status_code == 200

    percipio.switch(report_kept_s=0.001)
    assert site.get(f"{REPORTS}/{key}").status_code == 404


def test_a_pair_may_have_one_row_or_one_for_each_stretch(percipio, site):
    of_python = [pair for pair in pairs(report(site)) if pair[1] == PYTHON]
    assert of_python == [(ADA, PYTHON, "Started"), (ADA, PYTHON, "Completed")]

    percipio.switch(rows_per_pair="latest")
    assert [pair for pair in pairs(report(site)) if pair[1] == PYTHON] == of_python[:1]


def test_rows_may_have_no_dates(percipio, site):
    percipio.switch(row_dates=False)

    assert not [row for row in report(site) if "lastAccess" in row or "completedDate" in row]


def test_rows_may_write_a_status_as_the_filter_does(percipio, site):
    percipio.switch(row_statuses="enum")

    assert {row["status"] for row in report(site)} == {"STARTED", "COMPLETED", "WATCHED"}


def test_rows_may_name_what_no_list_has(percipio, site):
    percipio.switch(stray_rows=2)

    strays = report(site)[-2:]

    known = {*ids(site.get(USERS).json()), *ids(site.get(CATALOGUE).json())}
    assert strays[0]["userUuid"] not in known
    assert strays[1]["contentUuid"] not in known


@pytest.mark.parametrize(("kind", "status", "rows"), [("accepted", 200, 6), ("cut", 200, 0),
                                                      ("rejected", 400, 0)])  # fmt: skip
def test_a_report_over_more_than_two_years_may_be_cut_or_refused(
    percipio, site, kind, status, rows
):
    percipio.switch(long_range=kind, report_polls=0)

    asked = site.post(ASK, json={**YEARS, "end": "2030-01-01T00:00:00Z"})

    assert asked.status_code == status
    if status == 200:
        assert len(site.get(f"{REPORTS}/{asked.json()['id']}").json()) == rows


# the whole


def test_a_rate_limit_may_say_how_long_to_wait(percipio, site):
    def refused():
        answers = [site.get(USERS, params={"max": 1}) for _ in range(4)]
        return next(answer for answer in answers if answer.status_code == 429)

    percipio.switch(rate_limit=1)
    assert "retry-after" not in refused().headers

    percipio.switch(retry_after=True)
    assert refused().headers["retry-after"] == "20"


def test_every_answer_may_take_a_while(percipio, site):
    percipio.switch(latency_ms=200)
    began = time.monotonic()

    site.get(USERS, params={"max": 1})

    assert time.monotonic() - began >= 0.2
