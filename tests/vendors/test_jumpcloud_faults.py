"""JumpCloud's vendor server: the faults that it can be told to show."""

from __future__ import annotations

import json
import time

import httpx
import pytest

from tests.vendor_process import vendor
from tests.vendors.conftest import ADA, CAM, SALES, change, client, ends, new_group

MEMBERS = f"/api/v2/usergroups/{SALES}/members"


def test_429_comes_as_often_as_told_and_then_no_more(server, api):
    server.fault("429", path="/api/v2", times=2, retry_after="7")

    answers = [api.get(MEMBERS) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert [answer.headers.get("retry-after") for answer in answers] == ["7", "7", None]
    assert answers[0].json()["code"] == 429


def test_503_without_retry_after_then_success(server, api):
    server.fault("503", path="/api/users")

    answers = [api.get("/api/users") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [503, 200]
    assert "retry-after" not in answers[0].headers


def test_500_halfway_through_a_list(server, api):
    server.fault("500", path="/api/v2/usergroups$", after=2, times=0)

    pages = [api.get(f"/api/v2/usergroups?skip={skip}").status_code for skip in (0, 10, 20, 30)]

    assert pages == [200, 200, 500, 500]
    assert api.get(MEMBERS).status_code == 200


def test_a_fault_may_be_about_one_method_and_any_group(server, api):
    server.fault("500", path="/api/v2/usergroups/*/members", method="POST", times=0)

    assert api.get(MEMBERS).status_code == 200
    assert change(api, SALES, "add", CAM).status_code == 500
    assert CAM not in ends(api.get(MEMBERS).json())


def test_401_in_the_middle_of_a_sync(server, api):
    server.fault("401", after=1, times=0, path="/api")

    assert [api.get("/api/users").status_code for _ in range(3)] == [200, 401, 401]


def test_a_truncated_answer_is_no_json(server, api):
    server.fault("truncated")

    with pytest.raises(json.JSONDecodeError):
        api.get("/api/systemusers").json()


@pytest.mark.parametrize("kind", ["cut", "drop"])
def test_a_connection_may_be_cut_in_the_middle_of_a_page_or_before_it(server, api, kind):
    server.fault(kind)

    with pytest.raises(httpx.RemoteProtocolError):
        api.get("/api/systemusers")
    assert api.get("/api/systemusers").status_code == 200


def test_an_answer_may_be_a_login_page(server, api):
    server.fault("html")

    answer = api.get("/api/systemusers")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")


def test_a_list_may_be_empty_in_either_dialect(server, api):
    server.fault("empty", times=0)

    assert api.get("/api/systemusers").json() == {"results": [], "totalCount": 0}
    assert api.get(MEMBERS).json() == []
    assert api.get(MEMBERS).headers["x-total-count"] == "0"


def test_the_same_page_may_come_for_ever(server, api):
    server.fault("same_page", times=0, path="/api")

    pages = [api.get(f"/api/v2/usergroups?sort=id&skip={skip}").json() for skip in (0, 10, 900)]
    searched = [
        api.post("/api/search/systemusers", json={"skip": skip, "sort": "_id"}).json()
        for skip in (0, 900)
    ]

    assert pages[0] == pages[1] == pages[2] != []
    assert searched[0] == searched[1]


@pytest.mark.parametrize(("kind", "answered"), [("hang", False), ("slow", True)])
def test_an_answer_may_come_late_or_never(server, api, kind, answered):
    server.fault(kind, seconds=0.3)

    began = time.monotonic()
    try:
        came = api.get("/api/users").status_code == 200
    except httpx.RemoteProtocolError:
        came = False

    assert time.monotonic() - began >= 0.3
    assert came is answered


def test_a_write_whose_answer_is_lost_was_applied_all_the_same(server, api):
    group = new_group(api, "Lost answer")
    server.fault("cut", method="POST")

    with pytest.raises(httpx.RemoteProtocolError):
        change(api, group, "add", ADA)

    assert change(api, group, "add", ADA).status_code == 409


def test_an_unknown_fault_is_refused(server):
    for wrong in ({"kind": "flood"}, {"kind": "429", "colour": "red"}, {"path": "/api"}):
        assert server.http.post(f"{server.url}/_control/faults", json=wrong).status_code == 400


def test_faults_can_be_given_as_flags(company_file):
    flags = ("--fault", "kind=429,path=/api/users,times=1", "--fault", "kind=503,path=/api/v2")
    with vendor("--company", company_file, *flags) as running, client(running) as api:
        assert api.get("/api/users").status_code == 429
        assert api.get(MEMBERS).status_code == 503
        assert [rule["spoilt"] for rule in running.control("faults")] == [1, 1]
