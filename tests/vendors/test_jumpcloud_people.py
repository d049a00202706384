"""JumpCloud's vendor server: people and administrators, and what becomes of them."""

from __future__ import annotations

import pytest

from tests.vendors.conftest import (
    ADA,
    CAM,
    CAM_ADMIN,
    MAX,
    NOBODY,
    RITA_ADMIN,
    ROOT_ADMIN,
    STAFF,
    change,
    ends,
    ids,
    new_group,
    new_person,
)


def search(api, **body):
    answer = api.post("/api/search/systemusers", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


# the object


def test_a_person_carries_every_field_that_a_connector_wants(api):
    ada = api.get(f"/api/systemusers/{ADA}").json()

    assert ada["manager"] == MAX
    assert ada["state"] == "ACTIVATED"
    assert ada["suspended"] is False
    assert ada["mfaEnrollment"]["overallStatus"] == "ENROLLED"
    assert ada["mfa"] == {"configured": True, "exclusion": False}
    assert ada["employeeIdentifier"] == "E-1"
    assert ada["created"] == "2024-01-02T03:04:05.000Z"
    assert {"attributes", "account_locked", "totp_enabled", "jobTitle", "organization"} <= set(ada)


def test_only_the_search_shows_memberof(api):
    listed = api.get("/api/systemusers", params={"filter": f"_id:$eq:{ADA}"}).json()["results"]
    found = search(api, filter=[{"_id": ADA}])["results"]

    assert "memberof" not in listed[0]
    assert "memberof" not in api.get(f"/api/systemusers/{ADA}").json()
    assert STAFF in found[0]["memberof"]


# search


def test_a_search_pages_with_limit_and_skip_in_the_body(api):
    first = search(api, limit=3, sort="_id")
    second = search(api, limit=3, skip=3, sort="_id")

    assert len(first["results"]) == len(second["results"]) == 3
    assert not set(ids(first["results"])) & set(ids(second["results"]))
    assert first["totalCount"] >= 130


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ([{"department": "Sales"}], [ADA, MAX]),
        ([{"department": "Sales"}, {"username": "ada.byrne"}], [ADA]),
        ({"and": [{"department": "Sales"}, {"_id": MAX}]}, [MAX]),
        ({"or": [{"_id": ADA}, {"_id": CAM}]}, [ADA, CAM]),
        ([{"username": {"$regex": "(?i)^ADA"}}], [ADA]),
        ([{"employeeIdentifier": {"$gt": "E-1"}}], [MAX]),
        ([{"_id": {"$in": [ADA, MAX]}}], [ADA, MAX]),
    ],
)
def test_a_search_filters_by_all_or_any_of_its_conditions(api, wanted, found):
    rows = search(api, filter=wanted, sort="_id", limit=100)["results"]

    assert [key for key in ids(rows) if key in (ADA, MAX, CAM)] == found


def test_a_text_search_matches_a_part_of_any_field_named(api):
    wanted = {"searchTerm": "adler", "fields": ["email", "username"]}

    assert ids(search(api, searchFilter=wanted)["results"]) == [MAX]


def test_a_search_shows_only_the_fields_it_names(api):
    rows = search(api, filter=[{"_id": ADA}], fields="email memberof")["results"]

    assert sorted(rows[0]) == ["_id", "email", "memberof"]


@pytest.mark.parametrize(
    "body",
    [
        {"filter": "x"},
        {"filter": [{"username": {"$regex": "("}}]},
        {"searchFilter": {}, "limit": "many"},
    ],
)
def test_a_search_that_makes_no_sense_is_answered_400(api, body):
    assert api.post("/api/search/systemusers", json=body).status_code == 400


def test_a_body_that_is_no_json_object_is_answered_400(api):
    assert api.post("/api/search/systemusers", content=b"{").status_code == 400
    assert api.post("/api/systemusers", json=["ada"]).status_code == 400


# create, update, delete


def test_a_new_person_needs_a_username_and_an_email(api):
    assert api.post("/api/systemusers", json={"username": "x"}).status_code == 400
    assert api.post("/api/systemusers", json={"email": "x@example.test"}).status_code == 400


def test_full_validation_names_every_wrong_field_at_once(api):
    one = api.post("/api/systemusers", json={}).json()
    every = api.post("/api/systemusers?fullValidationDetails", json={}).json()

    assert [each["field"] for each in one["details"][0]["fieldViolations"]] == ["username"]
    fields = [each["field"] for each in every["details"][0]["fieldViolations"]]
    assert fields == ["username", "email"]


@pytest.mark.parametrize(
    "taken",
    [{"username": "Ada.Byrne"}, {"email": "ADA.byrne@example.test"}, {"employeeIdentifier": "E-1"}],
)
def test_what_is_unique_cannot_be_taken_twice(api, taken):
    body = {"username": "copy", "email": "copy@example.test", **taken}
    answer = api.post("/api/systemusers", json=body)

    assert answer.status_code == 400
    assert "already taken" in answer.json()["message"]


def test_a_new_person_begins_in_the_state_that_the_organization_chose(api):
    key = new_person(api, "beginner")
    staged = new_person(api, "staged.beginner", state="STAGED")

    assert api.get(f"/api/systemusers/{key}").json()["state"] == "ACTIVATED"
    assert api.get(f"/api/systemusers/{staged}").json()["state"] == "STAGED"


def test_an_update_keeps_what_it_does_not_name(api):
    key = new_person(api, "keeper", department="Sales", jobTitle="Lead")

    api.put(f"/api/systemusers/{key}", json={"jobTitle": "Head"})

    held = api.get(f"/api/systemusers/{key}").json()
    assert (held["department"], held["jobTitle"], held["username"]) == ("Sales", "Head", "keeper")


def test_suspending_and_resuming_move_both_fields_together(api):
    key = new_person(api, "sleeper")
    path = f"/api/systemusers/{key}"

    asleep = api.put(path, json={"state": "SUSPENDED", "suspended": True}).json()
    awake = api.put(path, json={"state": "ACTIVATED", "suspended": False}).json()
    by_flag = api.put(path, json={"suspended": True}).json()
    by_state = api.put(path, json={"state": "ACTIVATED"}).json()

    states = [(row["state"], row["suspended"]) for row in (asleep, awake, by_flag, by_state)]
    assert states == [("SUSPENDED", True), ("ACTIVATED", False)] * 2


def test_an_unknown_state_is_answered_400(api):
    assert api.put(f"/api/systemusers/{CAM}", json={"state": "GONE"}).status_code == 400


def test_activating_moves_a_staged_person_and_no_other(api):
    key = new_person(api, "hopeful", state="STAGED")

    first = api.post(f"/api/systemusers/{key}/state/activate", json={"email": False})
    second = api.post(f"/api/systemusers/{key}/state/activate", json={})

    assert first.status_code == 200
    assert api.get(f"/api/systemusers/{key}").json()["state"] == "ACTIVATED"
    assert second.status_code == 400


def test_unlocking_clears_the_lock_and_the_bad_attempts(api):
    key = new_person(api, "locked", account_locked=True, badLoginAttempts=6)

    answer = api.post(f"/api/systemusers/{key}/unlock")

    held = api.get(f"/api/systemusers/{key}").json()
    assert answer.status_code == 200
    assert (held["account_locked"], held["badLoginAttempts"]) == (False, 0)


def test_an_update_can_unlock_too(api):
    key = new_person(api, "locked.too", account_locked=True, badLoginAttempts=6)

    held = api.put(f"/api/systemusers/{key}", json={"account_locked": False}).json()

    assert (held["account_locked"], held["badLoginAttempts"]) == (False, 0)


def test_a_deleted_person_is_answered_and_leaves_every_group(api):
    key, group = new_person(api, "leaver"), new_group(api, "Left")
    change(api, group, "add", key)

    gone = api.delete(f"/api/systemusers/{key}")

    assert gone.json()["username"] == "leaver"
    assert api.get(f"/api/systemusers/{key}").status_code == 404
    assert ends(api.get(f"/api/v2/usergroups/{group}/members").json()) == []


@pytest.mark.parametrize("cascade", ["null", "heir"])
def test_deleting_a_manager_needs_cascade_manager(api, cascade):
    boss, heir = new_person(api, f"boss.{cascade}"), new_person(api, f"heir.{cascade}")
    report = new_person(api, f"report.{cascade}", manager=boss)
    query = {"cascade_manager": heir if cascade == "heir" else "null"}

    assert api.delete(f"/api/systemusers/{boss}").status_code == 409
    assert api.delete(f"/api/systemusers/{boss}", params=query).status_code == 200

    manager = api.get(f"/api/systemusers/{report}").json()["manager"]
    assert manager == (heir if cascade == "heir" else None)


# administrators


def test_administrators_are_other_accounts_with_ids_of_their_own(api):
    rows = api.get("/api/users", params={"limit": 3}).json()["results"]

    assert ids(rows) == [RITA_ADMIN, ROOT_ADMIN, CAM_ADMIN]
    assert rows[0]["roleName"] == "Manager"
    assert rows[2]["roleNames"] == ["Auditors only", "Read Only"]
    assert "department" not in rows[0]


def test_an_administrator_is_found_by_its_own_id_and_a_person_is_not(api):
    assert api.get(f"/api/users/{ROOT_ADMIN}").json()["email"] == "root@example.test"
    assert api.get(f"/api/users/{ADA}").status_code == 404


def test_what_only_the_server_knows_is_not_shown(api):
    assert [name for name in api.get(f"/api/users/{CAM_ADMIN}").json() if name[0] == "_"] == ["_id"]


def test_an_administrator_is_created_with_a_role(api):
    body = {"email": "new@example.test", "enableMultiFactor": True, "roleName": "Help Desk"}
    made = api.post("/api/users", json=body)

    assert made.status_code == 200
    assert made.json()["roleNames"] == ["Help Desk"]
    assert api.post("/api/users", json=body).status_code == 400


def test_an_administrator_gets_another_role_or_several(api):
    key = api.post("/api/users", json={"email": "r@example.test", "roleName": "Manager"}).json()[
        "_id"
    ]

    one = api.put(f"/api/users/{key}", json={"roleName": "Help Desk"}).json()
    several = api.put(f"/api/users/{key}", json={"roleNames": ["Read Only", "Manager"]}).json()

    assert (one["roleName"], one["roleNames"]) == ("Help Desk", ["Help Desk"])
    assert (several["roleName"], several["roleNames"]) == ("Read Only", ["Read Only", "Manager"])
    assert api.put(f"/api/users/{key}", json={"roleName": "King"}).status_code == 400
    assert api.put(f"/api/users/{NOBODY}", json={"roleName": "Manager"}).status_code == 404


# applications


def test_an_application_may_lack_a_display_label(api):
    rows = api.get("/api/applications", params={"filter": "name:$eq:wiki"}).json()["results"]

    assert (rows[0]["displayLabel"], rows[0]["displayName"]) == ("", "Wiki")


def test_applications_are_sorted_by_name_unless_told(api):
    names = [row["name"] for row in api.get("/api/applications").json()["results"]]

    assert names == sorted(names)
