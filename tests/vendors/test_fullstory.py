"""Fullstory's vendor server: the server API beside SCIM, and what its SCIM is known to be."""

from __future__ import annotations

import json
import time
from dataclasses import asdict

import httpx
import pytest

from tests.fullstory_company import ADA, CAM, IDENTIFIED, VISITORS, fullstory_company
from tests.vendor_process import NO_TLS, vendor
from tests.vendors.conftest import patch_op
from uar.demo.vendors.fullstory_switches import Switches


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    file = tmp_path_factory.mktemp("company") / "fullstory.json"
    file.write_text(json.dumps(fullstory_company()))
    with vendor("--company", file, name="fullstory") as running:
        yield running


@pytest.fixture
def server(shared):
    shared.switch(**asdict(Switches()))
    shared.clear_faults()
    shared.reset_counts()
    return shared


def client(server, authorization="Basic demo-key"):
    headers = {"authorization": authorization}
    return httpx.Client(base_url=server.url, headers=headers, timeout=10, verify=NO_TLS)


@pytest.fixture
def api(server):
    with client(server) as ready:
        yield ready


@pytest.fixture
def scim(server):
    with client(server, "Bearer demo-token") as ready:
        yield ready


# the server API


@pytest.mark.parametrize(
    ("key", "role"), [("demo-key", "ADMIN"), ("demo-architect-key", "ARCHITECT"),
                      ("demo-standard-key", "USER")],
)  # fmt: skip
def test_a_key_is_asked_whose_it_is(server, key, role):
    with client(server, f"Basic {key}") as api:
        answer = api.get("/me")

    assert answer.json() == {"email": "svc@example.test", "orgId": "ABC12", "role": role}
    assert answer.headers["x-fullstory-data-realm"] == "NA1"


def test_a_key_of_the_older_kind_belongs_to_nobody(server, api):
    server.switch(key_owner="", data_realm="EU1")

    answer = api.get("/me")

    assert answer.json()["email"] == ""
    assert answer.headers["x-fullstory-data-realm"] == "EU1"


@pytest.mark.parametrize("sent", ["", "Basic guessed", "demo-key", "Bearer demo-key",
                                  "Basic ZGVtby1rZXk="])  # fmt: skip
def test_a_key_is_sent_bare_after_basic(server, sent):
    with client(server, sent) as stranger:
        answer = stranger.get("/v2/users")

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


def test_a_standard_key_may_not_read_users(server):
    with client(server, "Basic demo-standard-key") as narrow:
        answer = narrow.get("/v2/users")
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        assert narrow.get("/me").status_code == 200


def pages(api, **asked):
    found = []
    token = ""
    while True:
        params = {**asked, **({"page_token": token} if token else {})}
        found.append(api.get("/v2/users", params=params).json())
        token = found[-1].get("next_page_token")
        if not token:
            return found


def test_visitors_come_in_pages_that_tokens_lead_through(api):
    found = pages(api)

    assert [len(page["results"]) for page in found] == [20, 20, 20]
    assert {page["total_records"] for page in found} == {str(VISITORS)}
    assert "next_page_token" not in found[-1]


@pytest.mark.parametrize(("size", "last"), [(7, "empty"), (60, "absent"), (7, "absent")])
def test_pages_have_the_size_that_fullstory_likes(server, api, size, last):
    server.switch(people_page=size, last_page=last)

    found = pages(api)

    assert len(found) == -(-VISITORS // size)
    assert found[-1].get("next_page_token") == ("" if last == "empty" else None)


@pytest.mark.parametrize("filters", [True, False])
def test_anonymous_visitors_can_be_left_out(server, api, filters):
    server.switch(anonymous_filter=filters)
    rows = [row for page in pages(api, is_identified="true") for row in page["results"]]

    assert ({row["id"] for row in rows} == IDENTIFIED) is filters
    assert {row["uid"] for row in rows if row["id"] not in IDENTIFIED} == (
        set() if filters else {""}
    )


def test_one_visitor_is_found_by_what_the_customer_calls_her(api):
    for asked in ({"uid": "cust-1"}, {"email": "c1@customer.test"},
                  {"display_name": "Customer 1"}):  # fmt: skip
        (row,) = api.get("/v2/users", params=asked).json()["results"]
        assert row["id"] == "5001"
    assert api.get("/v2/users/5001").json()["uid"] == "cust-1"
    assert api.get("/v2/users/1").json()["code"] == "user_not_found"
    assert api.get("/v2/elsewhere").json()["code"] == "resource_not_found"


def test_a_token_that_is_none_is_refused(api):
    assert api.get("/v2/users", params={"page_token": "%%"}).status_code == 400


def test_a_deleted_visitor_is_shown_for_a_while_and_then_gone(server, api):
    assert api.delete("/v2/users/5057").status_code == 200
    assert api.get("/v2/users/5057").json()["is_being_deleted"] is True

    server.switch(erase_seconds=0.05)
    time.sleep(0.1)
    assert api.get("/v2/users/5057").status_code == 404
    assert server.history()[-1]["path"] == "/v2/users/5057"


def test_too_many_requests_are_told_in_seconds(server, api):
    server.switch(rate_limit=1)

    slow = next(
        answer for _ in range(12) if (answer := api.get("/me")).status_code == 429
    )  # fmt: skip

    assert slow.json()["code"] == "too_many_requests"
    assert slow.headers["retry-after"] == "1"


def test_requests_are_counted_for_both_faces(server, api, scim):
    api.get("/v2/users/5000")
    scim.get("/scim/v2/Users")

    assert server.requests()["routes"] == {"GET /v2/users": 1, "GET /Users": 1}


# SCIM


def test_teammates_are_listed_with_the_fields_that_are_proven(scim):
    answer = scim.get("/scim/v2/Users", params={"startIndex": 1, "count": 100}).json()
    ada = answer["Resources"][0]

    assert answer["totalResults"] == 6
    assert set(ada) == {
        "schemas", "id", "userName", "displayName", "name", "emails", "active", "meta"
    }  # fmt: skip


def test_a_wrong_token_is_told_in_plain_text(server):
    with client(server, "Bearer guessed") as stranger:
        assert stranger.get("/scim/v2/Users").text == "unauthorized\n"


@pytest.mark.parametrize("shown", ["objects", "absent"])
@pytest.mark.parametrize("groups", ["served", "absent"])
def test_roles_and_groups_are_shown_or_not(server, scim, shown, groups):
    server.switch(roles=shown, groups_route=groups)

    assert ("roles" in scim.get(f"/scim/v2/Users/{ADA}").json()) is (shown == "objects")
    assert scim.get("/scim/v2/Groups").status_code == (200 if groups == "served" else 404)


def test_a_teammate_who_is_shut_out_stays_listed(scim):
    shut = {"op": "replace", "path": "active", "value": False}
    scim.patch(f"/scim/v2/Users/{ADA}", json=patch_op(shut))
    found = scim.get(f"/scim/v2/Users/{ADA}").json()
    scim.patch(f"/scim/v2/Users/{ADA}", json=patch_op({**shut, "value": True}))

    assert found["active"] is False
    assert scim.get(f"/scim/v2/Users/{CAM}").json()["active"] is False


def test_the_page_is_called_after_its_vendor(server):
    page = server.http.get(server.url)

    assert "<title>Fullstory (demo vendor server)</title>" in page.text
    assert "Ada Byrne" in page.text


def test_a_generated_organisation_has_all_five_roles_and_both_states():
    with (
        vendor("--roles", "objects", name="fullstory") as running,
        client(running, "Bearer demo-token") as scim,
    ):
        rows = scim.get("/scim/v2/Users").json()["Resources"]

    assert {row["roles"][0]["value"] for row in rows} == {
        "Guest", "Explorer", "Standard", "Architect", "Admin"
    }  # fmt: skip
    assert {row["active"] for row in rows} == {True, False}
