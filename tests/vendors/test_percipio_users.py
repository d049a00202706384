"""Percipio's vendor server: lists of users, looking one up, creating and changing."""

from __future__ import annotations

import pytest

from tests.vendors.percipio_site import ADA, MAX, RITA, USERS, ids


def test_a_list_is_a_bare_array_with_the_total_in_a_header(site):
    answer = site.get(USERS)

    assert isinstance(answer.json(), list)
    assert (len(answer.json()), answer.headers["x-total-count"]) == (1000, "1203")


def test_a_user_has_every_field_of_the_vendors_object(site):
    ada = site.get(f"{USERS}/{ADA}").json()

    assert ada["externalUserId"] == ada["email"] == "ada@example.test"
    assert (ada["loginName"], ada["role"], ada["isActive"]) == ("ada.b", "LEARNER", True)
    assert ada["customAttributes"][0]["name"] == "Dept Name"
    assert {"firstName", "lastName", "updatedAt", "jobTitle", "jobRole", "approvalManager",
            "directHrManager", "isInstructor", "hasCoaching", "hasEnterpriseCoaching",
            "hasEnterpriseCoachingDashboard"} <= ada.keys()  # fmt: skip
    assert not [name for name in ada if name.startswith("_")]


def test_max_and_offset_choose_a_page(site):
    everybody = [*site.get(USERS).json(), *site.get(USERS, params={"offset": 1000}).json()]

    page = site.get(USERS, params={"max": 2, "offset": 1}).json()

    assert len(everybody) == 1203
    assert ids(page) == ids(everybody)[1:3]
    assert site.get(USERS, params={"offset": 5000}).json() == []


@pytest.mark.parametrize("wrong", [{"max": 0}, {"max": 1001}, {"max": "x"}, {"offset": -1}])
def test_a_page_that_cannot_be_is_answered_400(site, wrong):
    assert site.get(USERS, params=wrong).status_code == 400


def test_only_those_who_changed_since_can_be_listed(site):
    answer = site.get(USERS, params={"updatedSince": "2026-02-01T00:00:00Z"})

    assert ids(answer.json())[0] == RITA
    assert int(answer.headers["x-total-count"]) == len(answer.json()) < 1203
    assert site.get(USERS, params={"updatedSince": "yesterday"}).status_code == 400


def test_people_who_are_not_active_are_listed_too(site):
    assert site.get(f"{USERS}/{RITA}").json()["isActive"] is False
    assert RITA in ids(site.get(USERS, params={"max": 5}).json())


@pytest.mark.parametrize(
    "path", ["external-user-id/ada@example.test", "login-name/ada.b",
             "login-name-or-email/ADA@example.test"],
)  # fmt: skip
def test_a_user_is_looked_up_by_other_keys(site, path):
    assert site.get(f"{USERS}/{path}").json()["id"] == ADA
    assert site.get(f"{USERS}/{path}x").status_code == 404


def test_a_change_sends_any_subset_and_is_in_force_at_once(percipio, site):
    before = site.get(f"{USERS}/{MAX}").json()

    answer = site.patch(f"{USERS}/{MAX}", json={"role": "LEARNING_ADMIN", "isActive": False})

    after = site.get(f"{USERS}/{MAX}").json()
    assert answer.json() == after
    assert (after["role"], after["isActive"]) == ("LEARNING_ADMIN", False)
    assert after["updatedAt"] > before["updatedAt"]
    assert after["firstName"] == before["firstName"]
    assert percipio.history()[-1]["body"] == {"role": "LEARNING_ADMIN", "isActive": False}


@pytest.mark.parametrize("wrong", [{"role": "KING"}, {"isActive": "no"}, [], "text"])
def test_a_change_that_cannot_be_is_answered_400_and_changes_nothing(percipio, site, wrong):
    before = site.get(f"{USERS}/{MAX}").json()

    assert site.patch(f"{USERS}/{MAX}", json=wrong).status_code == 400
    assert site.get(f"{USERS}/{MAX}").json() == before
    assert percipio.history(applied=False)[-1]["effect"] == "refused"


def test_nobody_can_be_deleted(site):
    assert site.delete(f"{USERS}/{MAX}").status_code == 404
    assert site.get(f"{USERS}/{MAX}").status_code == 200


def test_a_user_is_created_with_an_external_id(site):
    body = {"externalUserId": "new@example.test", "firstName": "New", "role": "MANAGER"}

    made = site.post(USERS, json=body)

    assert made.status_code == 201
    assert site.get(f"{USERS}/{made.json()['id']}").json() == made.json()
    assert (made.json()["role"], made.json()["isActive"]) == ("MANAGER", True)
    assert site.post(USERS, json=body).status_code == 409
    assert site.post(USERS, json={"firstName": "Nameless"}).status_code == 400


@pytest.mark.parametrize("name", ["external-user-id", "login-name"])
def test_a_change_by_another_key_creates_whoever_is_missing(site, name):
    path = f"{USERS}/{name}/upserted.{name}"
    body = {"externalUserId": f"upserted.{name}", "firstName": "First"}

    created, changed = site.patch(path, json=body), site.patch(path, json={"firstName": "Second"})

    assert (created.status_code, changed.status_code) == (201, 200)
    assert created.json()["id"] == changed.json()["id"]
    assert site.get(path).json()["firstName"] == "Second"
