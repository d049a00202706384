"""Workato's vendor server: collaborators, their roles by environment, invitations."""

from __future__ import annotations

import pytest

ADA, MAX, CAM, SAM, NOOR = 3001, 3002, 3004, 3005, 3006
FIELDS = {"id", "grant_type", "external_id", "name", "email", "time_zone", "created_at", "roles",
          "last_activity_log"}  # fmt: skip


def put(api, member, *roles, **body):
    named = [{"environment_type": e, "name": name} for e, name in roles]
    return api.put(f"/api/members/{member}", json={"env_roles": named, **body})


def roles(api, member):
    found = api.get(f"/api/members/{member}").json()["roles"]
    return {each["environment_type"]: each["role_name"] for each in found}


def invite(api, email, **body):
    known = {"name": "New", "email": email}
    wanted = [{"environment_type": "prod", "name": "Operator", "role_type": "privilege_group"}]
    return api.post("/api/member_invitations", json={**known, "env_roles": wanted, **body})


# reading


def test_members_come_whole_with_every_field(legacy, ask):
    body = ask(legacy).get("/api/members").json()

    assert body["total"] == len(body["data"]) >= 7
    assert set(body["data"][0]) == FIELDS
    ada = next(row for row in body["data"] if row["id"] == ADA)
    assert ada["created_at"] == "2024-05-01T09:00:00.000-07:00"
    assert ada["last_activity_log"]["event_type"] == "user_login"
    assert ada["external_id"] == "sso-ada"


def test_members_know_no_pages(legacy, ask):
    assert len(ask(legacy).get("/api/members?page=2&per_page=1").json()["data"]) >= 7


def test_everybody_has_exactly_one_role_in_each_environment_or_no_access(legacy, ask):
    rows = ask(legacy).get("/api/members").json()["data"]

    for row in rows:
        assert [each["environment_type"] for each in row["roles"]] == ["dev", "test", "prod"]
    sam = next(row for row in rows if row["id"] == SAM)
    assert {each["role_name"] for each in sam["roles"]} == {"No access"}


def test_a_filter_by_email_finds_parts_of_addresses(legacy, ask):
    found = ask(legacy).get("/api/members", params={"email": "DA@exam"}).json()

    assert [row["email"] for row in found["data"]] == ["ada@example.test"]
    assert found["total"] == 1


def test_a_member_may_be_a_moderator_without_activity(legacy, ask):
    noor = ask(legacy).get(f"/api/members/{NOOR}").json()

    assert noor["grant_type"] == "federation_manager"
    assert noor["last_activity_log"] is None
    assert noor["external_id"] is None


def test_an_unknown_member_is_answered_404(legacy, ask):
    api = ask(legacy)

    for answer in (api.get("/api/members/9"), api.get("/api/members/9/privileges"),
                   put(api, 9, ("dev", "Admin")), api.delete("/api/members/9")):  # fmt: skip
        assert answer.status_code == 404
        assert answer.json() == {"message": "Not found"}


def test_privileges_have_an_element_for_each_environment(legacy, ask):
    body = ask(legacy).get(f"/api/members/{ADA}/privileges").json()

    assert body["total"] == 3
    assert [(row["environment_type"], row["name"]) for row in body["data"]] == [
        ("dev", "Admin"), ("test", "Analyst"), ("prod", "Operator"),
    ]  # fmt: skip
    assert sum(len(ids) for ids in body["data"][0]["privileges"].values()) == 80
    assert len(body["data"][0]["privileges"]) == 33
    assert sum(len(ids) for ids in body["data"][1]["privileges"].values()) == 70
    assert body["data"][2]["privileges"]["Recipes"] == ["read", "run", "read_run_history"]
    assert body["data"][0]["folder_ids"] == []


def test_privileges_of_custom_and_inherited_roles_name_their_folders(legacy, ask):
    api = ask(legacy)

    cam = api.get(f"/api/members/{CAM}/privileges").json()["data"][0]
    noor = api.get(f"/api/members/{NOOR}/privileges").json()["data"]

    assert cam["privileges"] == {"Workbot": ["read", "update"], "Quantum": ["fold"]}
    assert cam["folder_ids"] == [1000, 1200]
    assert noor[0]["folder_ids"] == [1001]
    assert (noor[2]["name"], noor[2]["privileges"]) == ("No access", {})


# roles


def test_a_role_is_set_by_name_and_other_environments_stay(legacy, ask):
    api = ask(legacy)

    answer = put(api, ADA, ("prod", "Admin"))

    assert answer.status_code == 200
    assert roles(api, ADA) == {"dev": "Admin", "test": "Analyst", "prod": "Admin"}
    put(api, ADA, ("prod", "Operator"))


def test_a_role_replaces_the_one_before(legacy, ask):
    api = ask(legacy)
    put(api, MAX, ("test", "Operator"))

    put(api, MAX, ("test", "Release manager"))

    assert roles(api, MAX)["test"] == "Release manager"


@pytest.mark.parametrize(
    ("environment", "name", "message"),
    [
        ("prod", "Nobody's role", "Role Nobody's role not found"),
        ("prod", "478", "Role 478 not found"),
        ("moon", "Admin", "Environment moon not found"),
    ],
)
def test_what_does_not_exist_is_answered_400_in_the_vendors_words(
    legacy, ask, environment, name, message
):
    answer = put(ask(legacy), ADA, (environment, name))

    assert (answer.status_code, answer.json()) == (400, {"message": message})


def test_a_role_of_the_other_type_is_not_found(legacy, newer, ask):
    wanted = {"environment_type": "prod", "name": "Admin", "role_type": "environment"}
    other = ask(legacy).put(f"/api/members/{ADA}", json={"env_roles": [wanted]})
    # "The default value is privilege_group", which a migrated workspace takes no more.
    default = put(ask(newer), ADA, ("prod", "Developer"))

    assert other.json() == {"message": "Role Admin not found"}
    assert default.json() == {"message": "Role Developer not found"}


@pytest.mark.parametrize("body", [{}, {"env_roles": "Admin"}, {"env_roles": ["Admin"]}])
def test_a_body_that_is_no_list_of_roles_fails_validation(legacy, ask, body):
    answer = ask(legacy).put(f"/api/members/{ADA}", json=body)

    assert answer.status_code == 400
    assert answer.json()["message"] == "Validation failed"
    assert list(answer.json()["errors"]) == ["env_roles"]


def test_an_inherited_role_is_held_by_name_although_no_list_has_it(legacy, ask):
    api = ask(legacy)

    assert put(api, SAM, ("dev", "Parent auditor")).status_code == 200
    assert roles(api, SAM)["dev"] == "Parent auditor"
    put(api, SAM, ("dev", "No access"))


# joining and leaving


def test_an_invited_person_is_no_member_until_she_accepts(legacy, ask):
    api = ask(legacy)
    assert invite(api, "invited@example.test").status_code == 200
    before = api.get("/api/members?email=invited@").json()["total"]

    accepted = api.post("/accept", data={"email": "invited@example.test"})

    assert before == 0
    assert accepted.status_code == 303
    (row,) = api.get("/api/members?email=invited@").json()["data"]
    assert roles(api, row["id"]) == {"dev": "No access", "test": "No access", "prod": "Operator"}


def test_a_member_is_not_invited_again(legacy, ask):
    assert invite(ask(legacy), "Ada@example.test").status_code == 409


def test_an_invitation_needs_a_name_an_address_and_a_role(legacy, ask):
    api = ask(legacy)

    assert list(invite(api, "x@example.test", name="").json()["errors"]) == ["name"]
    assert list(invite(api, "no address").json()["errors"]) == ["email"]
    assert list(invite(api, "x@example.test", env_roles=[]).json()["errors"]) == ["env_roles"]


def test_the_deprecated_role_name_is_about_dev(legacy, ask):
    api = ask(legacy)
    invite(api, "old@example.test", env_roles=[], role_name="Analyst")
    api.post("/accept", data={"email": "old@example.test"})

    (row,) = api.get("/api/members?email=old@").json()["data"]
    assert roles(api, row["id"])["dev"] == "Analyst"


def test_an_invitation_may_name_groups(newer, ask):
    api = ask(newer)
    assert invite(api, "g@example.test", env_roles=[], user_group_ids=["am-2"]).status_code == 200
    api.post("/accept", data={"email": "g@example.test"})

    members = api.get("/api/user_groups/am-2/members").json()["data"]
    assert [row["email"] for row in members] == ["g@example.test"]
    unknown = invite(api, "h@example.test", env_roles=[], user_group_ids=["am-9"])
    assert unknown.status_code == 400


def test_somebody_with_an_account_elsewhere_is_added_without_invitation(legacy, ask):
    api = ask(legacy)

    assert api.post("/api/members", json={"email": "lea@example.test"}).status_code == 200
    assert api.post("/api/members", json={"email": "lea@example.test"}).status_code == 409
    assert api.post("/api/members", json={"email": "who@example.test"}).status_code == 404
    assert api.post("/api/members", json={"email": "nothing"}).status_code == 400
    assert api.get("/api/members?email=lea@").json()["data"][0]["name"] == "Lea Byrne"


def test_removing_takes_groups_and_project_grants_too(newer, ask):
    api = ask(newer)

    assert api.delete("/api/members/3003").status_code == 200
    assert api.get("/api/members/3003").status_code == 404
    grants = api.get("/api/projects/11/project_grants").json()["data"]
    assert 3003 not in [row["user"]["id"] for row in grants if row["user"]]


# the record


def test_the_history_tells_each_change_once_with_its_effect(legacy, ask):
    api, before = ask(legacy), len(legacy.history(applied=False))

    put(api, SAM, ("test", "Admin"))
    put(api, SAM, ("test", "Nonesuch"))
    api.get("/api/members")

    lines = legacy.history(applied=False)[before:]
    assert [(line["by"], line["effect"], line["status"]) for line in lines] == [
        ("api", "applied", 200),
        ("api", "refused", 400),
    ]
    assert lines[0]["body"]["env_roles"] == [{"environment_type": "test", "name": "Admin"}]
    put(api, SAM, ("test", "No access"))
