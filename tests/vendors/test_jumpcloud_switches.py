"""JumpCloud's vendor server: both positions of every fact that could not be verified."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path

import pytest

from tests.vendors.conftest import (
    ADA,
    CAM,
    RITA,
    RULED,
    SALES,
    change,
    client,
    ends,
    ids,
    new_group,
    new_person,
)
from uar.demo.vendors.jumpcloud_switches import Switches


def size(answer):
    body = answer.json()
    return len(body if isinstance(body, list) else body["results"])


def test_every_switch_is_explained_and_tested_here():
    files = Path(__file__).parent.glob("test_jumpcloud_switches*.py")
    source = "".join(file.read_text(encoding="utf-8") for file in files)

    for each in fields(Switches):
        assert len(each.metadata["help"]) > 20, each.name
        assert re.search(rf'"{each.name}"|{each.name}=', source), f"{each.name} has no test"


def test_every_switch_is_a_flag():
    shown = subprocess.run(
        [sys.executable, "-m", "uar.demo.vendors.jumpcloud", "--help"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip

    for each in fields(Switches):
        assert f"--{each.name.replace('_', '-')}" in shown


def test_a_switch_that_does_not_exist_or_does_not_fit_is_refused(server):
    for wrong in ({"colour": "red"}, {"memberof": "yes"}, {"v2_sort_id": "maybe"}, {"lag_s": True}):
        answer = server.http.post(f"{server.url}/_control/switches", json=wrong)
        assert answer.status_code == 400, wrong


# pages and order


@pytest.mark.parametrize(
    ("switch", "path"),
    [("users_page", "/api/users"), ("applications_page", "/api/applications")],
)
def test_the_page_without_a_limit_may_have_another_size(server, api, switch, path):
    assert size(api.get(path)) == 10

    server.switch(**{switch: 100})
    assert size(api.get(path)) == 100


@pytest.mark.parametrize(
    ("switch", "path"),
    [
        ("systemusers_most", "/api/systemusers"),
        ("users_most", "/api/users"),
        ("applications_most", "/api/applications"),
    ],
)
def test_the_largest_page_may_be_larger(server, api, switch, path):
    assert size(api.get(path, params={"limit": 1000})) == 100

    server.switch(**{switch: 1000})
    assert size(api.get(path, params={"limit": 1000})) > 100


def test_a_search_may_give_a_thousand_or_a_hundred(server, api):
    body = {"limit": 1000}

    assert size(api.post("/api/search/systemusers", json=body)) > 100
    server.switch(search_most=100)
    assert size(api.post("/api/search/systemusers", json=body)) == 100


@pytest.mark.parametrize(("where", "rows"), [("both", 3), ("body", 3), ("query", 5)])
def test_a_search_may_take_its_page_from_body_or_query(server, api, where, rows):
    server.switch(search_paging=where)

    assert size(api.post("/api/search/systemusers?limit=5", json={"limit": 3})) == rows
    only_query = api.post("/api/search/systemusers?limit=5", json={})
    assert size(only_query) == (10 if where == "body" else 5)


def test_a_limit_that_is_too_large_may_be_refused(server, api):
    server.switch(over_limit="clamp")
    assert api.get("/api/v2/usergroups?limit=101").status_code == 200

    server.switch(over_limit="reject")
    assert api.get("/api/v2/usergroups?limit=101").status_code == 400
    assert api.get("/api/systemusers?limit=101").status_code == 400
    assert api.get("/api/v2/usergroups?limit=100").status_code == 200


@pytest.mark.parametrize("path", ["/api/systemusers", "/api/v2/usergroups"])
def test_unsorted_lists_may_come_in_another_order_each_time(server, api, path):
    sort = {"sort": "_id" if path == "/api/systemusers" else "id", "limit": 100}

    assert api.get(path).content == api.get(path).content
    server.switch(shuffle_unsorted=True)
    assert api.get(path).content != api.get(path).content
    assert api.get(path, params=sort).content == api.get(path, params=sort).content


@pytest.mark.parametrize("field", ["id", "-id", "_id"])
def test_v2_may_accept_ignore_or_reject_sorting_by_id(server, api, field):
    url = f"/api/v2/usergroups?limit=100&sort={field}"
    plain = ids(api.get("/api/v2/usergroups?limit=100").json())

    accepted = ids(api.get(url).json())
    server.switch(v2_sort_id="ignored")
    ignored = ids(api.get(url).json())
    server.switch(v2_sort_id="rejected")
    rejected = api.get(url)

    assert accepted == sorted(accepted, reverse=field == "-id")
    assert ignored == plain
    assert rejected.status_code == 400
    assert api.get("/api/v2/usergroups?sort=name").status_code == 200


def test_graph_connections_may_say_where_they_come_from(server, api):
    url = f"/api/v2/usergroups/{SALES}/members"

    assert "from" not in api.get(url).json()[0]
    server.switch(graph_from=True)
    assert api.get(url).json()[0]["from"] == {"id": SALES, "type": "user_group"}


def test_events_may_come_oldest_first_unless_sorted(server, api):
    body = {"service": ["all"], "start_time": "2026-01-01T00:00:00Z"}

    assert api.post("/insights/directory/v1/events", json=body).headers["X-Sort"] == "DESC"
    server.switch(events_sort="ASC")
    assert api.post("/insights/directory/v1/events", json=body).headers["X-Sort"] == "ASC"


def test_events_may_be_kept_for_another_number_of_days(server, api):
    change(api, new_group(api, "Event maker"), "add", ADA)
    body = {"service": ["all"], "start_time": "2026-01-01T00:00:00Z"}

    assert size(api.post("/insights/directory/v1/events", json=body)) > 0
    server.switch(retention_days=0)
    assert size(api.post("/insights/directory/v1/events", json=body)) == 0


# dynamic groups


@pytest.mark.parametrize(("op", "who"), [("add", ADA), ("remove", RITA)])
def test_a_dynamic_group_may_reject_changes_by_hand(server, api, op, who):
    server.switch(dynamic_groups="reject")

    assert change(api, RULED, op, who).status_code == 400
    assert ends(api.get(f"/api/v2/usergroups/{RULED}/members").json()) == [RITA]


@pytest.mark.parametrize(("op", "who", "now"), [("add", ADA, [RITA, ADA]), ("remove", RITA, [])])
def test_a_dynamic_group_may_silently_undo_changes_by_hand(server, api, op, who, now):
    server.switch(dynamic_groups="undo", dynamic_undo_seconds=0.3)
    url = f"/api/v2/usergroups/{RULED}/members"

    assert change(api, RULED, op, who).status_code == 204
    at_once = ends(api.get(url).json())
    time.sleep(0.35)

    assert at_once == now
    assert ends(api.get(url).json()) == [RITA]
    assert server.history()[-1]["by"] == "membership rule"


def test_nothing_is_undone_for_a_person_who_is_gone(server, api):
    server.switch(dynamic_groups="undo", dynamic_undo_seconds=0.2)
    key = new_person(api, "vanishing")
    group = new_group(api, "Ruled too", membershipMethod="STATIC")
    change(api, group, "add", key)
    api.put(
        f"/api/v2/usergroups/{group}",
        json={"name": "Ruled too", "membershipMethod": "DYNAMIC_AUTOMATED"},
    )

    assert change(api, group, "remove", key).status_code == 204
    api.delete(f"/api/systemusers/{key}")
    time.sleep(0.25)

    assert api.get(f"/api/v2/usergroups/{group}/members").json() == []


# messages, limits, time


def test_the_messages_of_401_and_of_a_missing_link_may_be_others(server, api):
    server.switch(unauthorised_message="Nope", missing_edge_message="No such link")

    assert change(api, SALES, "remove", CAM).json()["message"] == "No such link"
    with client(server, key="guessed") as stranger:
        assert stranger.get("/api/users").json()["message"] == "Nope"


@pytest.mark.parametrize("retry_after", [True, False])
def test_a_rate_limit_may_answer_429_with_or_without_retry_after(server, api, retry_after):
    server.switch(rate_limit=3, retry_after=retry_after)

    answers = [api.get(f"/api/systemusers/{ADA}") for _ in range(12)]
    limited = [answer for answer in answers if answer.status_code == 429]

    assert limited
    assert limited[0].json()["status"] == "Too Many Requests"
    assert ("retry-after" in limited[0].headers) is retry_after
    server.switch(rate_limit=0)
    assert api.get(f"/api/systemusers/{ADA}").status_code == 200


def test_answers_may_take_a_while(server, api):
    server.switch(latency_ms=120)

    began = time.monotonic()
    api.get(f"/api/systemusers/{ADA}")

    assert time.monotonic() - began >= 0.12


def test_prepared_answers_are_the_same_and_forget_nothing_that_changes(server, api):
    group = new_group(api, "Prepared")
    urls = [f"/api/v2/usergroups/{group}/members", "/api/systemusers?sort=_id&limit=100"]
    plain = [api.get(url) for url in urls]

    server.switch(prepared=True)
    prepared = [api.get(url) for url in urls + urls]
    change(api, group, "add", ADA)

    assert [answer.content for answer in prepared] == [answer.content for answer in plain + plain]
    assert prepared[0].headers == plain[0].headers
    assert ends(api.get(urls[0]).json()) == [ADA]


def test_keys_and_tenants_are_switches_too(server):
    server.switch(keys="only-this", multi_tenant=True)

    assert server.control("switches")["keys"] == "only-this"
    assert server.control("switches")["multi_tenant"] is True
