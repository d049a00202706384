"""JumpCloud's vendor server: both positions of what is not verified about people."""

from __future__ import annotations

import pytest

from tests.vendors.conftest import (
    ADA,
    CAM,
    CAM_ADMIN,
    LAPTOPS,
    MAX,
    RITA,
    RITA_ADMIN,
    ROOT_ADMIN,
    SALES,
    STAFF,
    change,
    new_group,
    new_person,
)


def found(api, key, **body):
    answer = api.post("/api/search/systemusers", json={"filter": [{"_id": key}], **body})
    return answer.json()["results"][0]


# memberof


def test_memberof_may_be_missing_from_search_results(server, api):
    assert set(found(api, ADA)["memberof"]) >= {STAFF, SALES}

    server.switch(memberof=False)
    assert "memberof" not in found(api, ADA)


def test_memberof_may_have_to_be_named(server, api):
    server.switch(memberof_when_named=True)

    assert "memberof" not in found(api, ADA)
    assert STAFF in found(api, ADA, fields="username memberof")["memberof"]


def test_memberof_may_include_device_groups(server, api):
    assert LAPTOPS not in found(api, ADA)["memberof"]

    server.switch(memberof_device_groups=True)
    assert LAPTOPS in found(api, ADA)["memberof"]


def test_memberof_may_be_absent_for_people_without_a_group(server, api):
    key = new_person(api, "loner")

    assert found(api, key)["memberof"] == []
    server.switch(memberof_when_empty=False)
    assert "memberof" not in found(api, key)


def test_memberof_may_be_cut_short(server, api):
    assert len(found(api, ADA)["memberof"]) >= 2

    server.switch(memberof_at_most=1)
    assert len(found(api, ADA)["memberof"]) == 1


@pytest.mark.parametrize("lags", [True, False])
def test_memberof_may_lag_like_the_graph_or_not(server, api, lags):
    group = new_group(api, f"Fresh {lags}")
    server.switch(lag_s=30.0, memberof_lags=lags)

    change(api, group, "add", CAM)

    assert (group in found(api, CAM)["memberof"]) is not lags


# people


def test_a_person_who_administers_may_be_linked_to_the_administrator(server, api):
    linked = found(api, RITA)["admin"]
    elsewhere = found(api, CAM)["admin"]

    assert linked == {"id": RITA_ADMIN, "roleName": "Manager", "roleNames": ["Manager"]}
    assert elsewhere["id"] == CAM_ADMIN
    assert found(api, ADA)["admin"] is None
    server.switch(admin_link="null")
    assert found(api, RITA)["admin"] is None
    server.switch(admin_link="absent")
    assert "admin" not in found(api, RITA)


def test_people_may_carry_their_last_login(server, api):
    assert "lastlogin" not in found(api, ADA)

    server.switch(lastlogin=True)
    assert found(api, ADA)["lastlogin"] == "2026-03-01T08:00:00.000Z"
    assert found(api, MAX)["lastlogin"] is None


@pytest.mark.parametrize("conflicting", [True, False])
def test_contradicting_state_and_suspended_may_be_refused(server, api, conflicting):
    server.switch(conflicting_state=conflicting)
    key = new_person(api, f"torn.{conflicting}".lower())

    answer = api.put(f"/api/systemusers/{key}", json={"state": "ACTIVATED", "suspended": True})

    assert answer.status_code == (400 if conflicting else 200)
    if conflicting:
        assert answer.json()["message"] == "conflicting state and suspended fields"


def test_deleting_a_manager_may_be_let_through(server, api):
    boss = new_person(api, "passing.boss")
    report = new_person(api, "passing.report", manager=boss)

    assert api.delete(f"/api/systemusers/{boss}").status_code == 409
    server.switch(delete_manager=False)
    assert api.delete(f"/api/systemusers/{boss}").status_code == 200
    assert api.get(f"/api/systemusers/{report}").json()["manager"] is None


def test_administrators_may_be_deleted_or_not(server, api):
    key = api.post("/api/users", json={"email": "brief@example.test"}).json()["_id"]

    assert api.delete(f"/api/users/{key}").status_code == 404
    assert api.get(f"/api/users/{key}").status_code == 200
    server.switch(delete_administrators=True)
    assert api.delete(f"/api/users/{key}").status_code == 200
    assert api.get(f"/api/users/{key}").status_code == 404


def test_administrators_may_be_suspended_or_not(server, api):
    path = f"/api/users/{ROOT_ADMIN}"

    assert api.put(path, json={"suspended": True}).json()["suspended"] is False
    server.switch(suspend_administrators=True)
    assert api.put(path, json={"suspended": True}).json()["suspended"] is True
