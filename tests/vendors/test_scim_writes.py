"""The SCIM vendor server's changes: create, replace, patch in every dialect, delete, versions."""

from __future__ import annotations

import pytest

from tests.scim_company import ADA, CAM, EMPTY, LEADS, MAX, NOOR, RITA, SALES, STAFF
from tests.vendors.conftest import patch_op

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


@pytest.fixture
def zoe(scim):
    """A user of this test's own."""
    body = {
        "userName": "zoe@example.test",
        "displayName": "Zoe",
        "name": {"givenName": "Zoe"},
        "emails": [{"value": "zoe@example.test", "type": "work", "primary": True}],
        "roles": [{"value": "editor"}, {"value": "viewer"}],
        "active": True,
    }
    key = scim.post("Users", json=body).json()["id"]
    yield key
    scim.delete(f"Users/{key}")


@pytest.fixture
def team(scim):
    """A group of this test's own, with Ada and Max inside."""
    members = [{"value": ADA}, {"value": MAX}]
    key = scim.post("Groups", json={"displayName": "Team", "members": members}).json()["id"]
    yield key
    scim.delete(f"Groups/{key}")


@pytest.fixture
def patch(scim):
    """Change a user or a group; give the answer."""

    def send(where, **operation):
        return scim.patch(where, json=patch_op(operation))

    return send


def members(scim, team):
    return [each["value"] for each in scim.get(f"Groups/{team}").json()["members"]]


def roles(scim, zoe):
    return [each["value"] for each in scim.get(f"Users/{zoe}").json().get("roles", [])]


# create, replace, delete


def test_creating_answers_with_the_resource_and_its_address(scim):
    made = scim.post("Users", json={"userName": "tim", "id": "mine", "groups": [{"value": STAFF}]})
    row = made.json()
    scim.delete(f"Users/{row['id']}")

    assert made.status_code == 201
    assert made.headers["location"].endswith(f"/scim/v2/Users/{row['id']}")
    assert row["id"] != "mine"
    assert row["groups"] == []
    assert row["meta"]["resourceType"] == "User"


@pytest.mark.parametrize("name", ["ada@example.test", "ADA@Example.test"])
def test_a_user_name_that_is_taken_is_a_conflict(scim, name):
    answer = scim.post("Users", json={"userName": name})

    assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")


@pytest.mark.parametrize("body", [{}, {"userName": ""}, {"userName": 7}])
def test_a_user_needs_a_name(scim, body):
    assert scim.post("Users", json=body).json()["scimType"] == "invalidValue"


def test_what_is_no_object_or_no_json_is_refused(scim):
    for content in (b"[]", b"{", b"7"):
        assert scim.post("Users", content=content).status_code == 400
    other = {"content-type": "text/plain"}
    assert scim.post("Users", content=b"{}", headers=other).status_code == 415


def test_replacing_clears_what_is_left_out(scim, zoe):
    answer = scim.put(f"Users/{zoe}", json={"userName": "zoe@example.test", "active": False})

    assert answer.status_code == 200
    assert answer.json()["active"] is False
    assert "roles" not in answer.json()
    assert "displayName" not in scim.get(f"Users/{zoe}").json()


def test_replacing_a_group_sets_its_members(scim, team):
    body = {"displayName": "Team", "members": [{"value": CAM}]}

    assert scim.put(f"Groups/{team}", json=body).status_code == 200
    assert members(scim, team) == [CAM]


def test_a_deleted_user_is_gone_from_everywhere(scim, team):
    key = scim.post("Users", json={"userName": "gone"}).json()["id"]
    scim.patch(f"Groups/{team}", json=patch_op({"op": "add", "path": "members",
                                                "value": [{"value": key}]}))  # fmt: skip

    assert scim.delete(f"Users/{key}").status_code == 204
    assert scim.get(f"Users/{key}").status_code == 404
    assert scim.delete(f"Users/{key}").status_code == 404
    assert key not in members(scim, team)


@pytest.mark.parametrize(
    ("switch", "method", "status"), [("patch", "PATCH", 501), ("put", "PUT", 501),
                                     ("delete", "DELETE", 403)],
)  # fmt: skip
def test_methods_can_be_missing(scim_server, scim, zoe, switch, method, status):
    scim_server.switch(**{switch: False})
    body = patch_op({"op": "replace", "path": "active", "value": False})

    answer = scim.request(method, f"Users/{zoe}", json=body)
    scim_server.switch(**{switch: True})

    assert answer.status_code == status


def test_a_method_that_makes_no_sense_is_refused(scim):
    assert scim.post(f"Users/{ADA}", json={"userName": "x"}).status_code == 405
    assert scim.delete("Users").status_code == 405
    assert scim.post("Schemas", json={}).status_code == 405


# patch as the RFC has it


def test_an_added_member_is_there_once(scim, patch, team):
    assert patch(f"Groups/{team}", op="add", path="members",
                 value=[{"value": CAM}]).status_code == 204  # fmt: skip
    version = scim.get(f"Groups/{team}").json()["meta"]["version"]
    patch(f"Groups/{team}", op="add", path="members", value=[{"value": CAM}])

    assert members(scim, team) == [ADA, MAX, CAM]
    assert scim.get(f"Groups/{team}").json()["meta"]["version"] == version


def test_a_member_is_removed_by_a_filter(scim, patch, team):
    patch(f"Groups/{team}", op="remove", path=f'members[value eq "{ADA}"]')
    again = patch(f"Groups/{team}", op="remove", path=f'members[value eq "{ADA}"]')

    assert members(scim, team) == [MAX]
    assert again.status_code == 204


def test_remove_without_a_filter_takes_everything(scim, patch, team):
    patch(f"Groups/{team}", op="remove", path="members")

    assert members(scim, team) == []


def test_remove_without_a_path_has_no_target(patch, zoe):
    assert patch(f"Users/{zoe}", op="remove").json()["scimType"] == "noTarget"


@pytest.mark.parametrize("status", [200, 204])
def test_a_patch_is_answered_with_or_without_the_resource(scim_server, patch, zoe, status):
    scim_server.switch(patch_answer=status)

    answer = patch(f"Users/{zoe}", op="replace", path="title", value="Lead")

    assert answer.status_code == status
    assert (status == 204) is (not answer.content)


def test_operations_are_all_applied_or_none(scim, zoe):
    answer = scim.patch(f"Users/{zoe}", json=patch_op(
        {"op": "replace", "path": "title", "value": "Lead"},
        {"op": "replace", "path": "id", "value": "mine"}))  # fmt: skip

    assert answer.json()["scimType"] == "mutability"
    assert "title" not in scim.get(f"Users/{zoe}").json()


def test_parts_of_attributes_and_of_the_extension_are_set(scim, patch, zoe):
    patch(f"Users/{zoe}", op="replace", path="name.familyName", value="Kaya")
    patch(f"Users/{zoe}", op="add", path=f"{ENTERPRISE}:department", value="Sales")
    patch(f"Users/{zoe}", op="replace", path='emails[type eq "work"].value', value="z@x.test")

    row = scim.get(f"Users/{zoe}").json()
    assert row["name"] == {"givenName": "Zoe", "familyName": "Kaya"}
    assert row[ENTERPRISE]["department"] == "Sales"
    assert row["emails"][0]["value"] == "z@x.test"


def test_a_new_primary_takes_the_place_of_the_old_one(scim, patch, zoe):
    patch(f"Users/{zoe}", op="add", path="emails",
          value=[{"value": "zoe@home.test", "type": "home", "primary": True}])  # fmt: skip

    rows = scim.get(f"Users/{zoe}").json()["emails"]
    assert [row["value"] for row in rows if row.get("primary")] == ["zoe@home.test"]


@pytest.mark.parametrize("unmatched", ["noTarget", "create"])
def test_a_filter_that_matches_nothing_is_refused_or_creates(
    scim_server, scim, patch, zoe, unmatched
):  # fmt: skip
    scim_server.switch(patch_unmatched=unmatched)
    answer = patch(f"Users/{zoe}", op="add", path='emails[type eq "home"].value', value="z@h.test")

    if unmatched == "noTarget":
        assert answer.json()["scimType"] == "noTarget"
    else:
        mails = scim.get(f"Users/{zoe}").json()["emails"]
        assert "z@h.test" in [each["value"] for each in mails]


@pytest.mark.parametrize("body", [{}, {"Operations": []}, {"schemas": [], "Operations": [{}]},
                                  patch_op({"op": "swap", "path": "title"}),
                                  patch_op({"op": "add", "path": "x y", "value": 1})])  # fmt: skip
def test_what_is_no_patch_is_refused(scim, zoe, body):
    assert scim.patch(f"Users/{zoe}", json=body).status_code == 400


def test_roles_that_are_for_reading_cannot_be_changed(scim_server, scim, patch, zoe):
    scim_server.switch(roles_read_only=True)
    answer = patch(f"Users/{zoe}", op="add", path="roles", value=[{"value": "admin"}])
    body = {"userName": "zoe@example.test", "roles": [{"value": "admin"}]}
    scim.put(f"Users/{zoe}", json=body)

    assert answer.json()["scimType"] == "mutability"
    assert roles(scim, zoe) == ["editor", "viewer"]


@pytest.mark.parametrize("choice", ["rejected", "accepted"])
def test_a_member_that_is_nobody_is_refused_or_not(scim_server, scim, patch, team, choice):
    scim_server.switch(unknown_members=choice)
    answer = patch(f"Groups/{team}", op="add", path="members", value=[{"value": "nobody"}])

    assert answer.status_code == (400 if choice == "rejected" else 204)
    assert ("nobody" in members(scim, team)) is (choice == "accepted")


# dialects


@pytest.mark.parametrize(
    ("switch", "operation"),
    [
        ("patch_with_path", {"op": "replace", "path": "active", "value": False}),
        ("patch_without_path", {"op": "replace", "value": {"active": False}}),
        ("patch_text_booleans", {"op": "Replace", "path": "active", "value": "False"}),
    ],
)
@pytest.mark.parametrize("choice", ["accepted", "rejected"])
def test_somebody_is_shut_out_in_each_dialect(
    scim_server, scim, patch, zoe, switch, operation, choice
):  # fmt: skip
    scim_server.switch(**{switch: choice})

    answer = patch(f"Users/{zoe}", **operation)

    assert answer.status_code == (204 if choice == "accepted" else 400)
    assert scim.get(f"Users/{zoe}").json()["active"] is (choice == "rejected")


@pytest.mark.parametrize("choice", ["accepted", "rejected"])
def test_a_list_of_values_is_removed_where_that_is_understood(
    scim_server, scim, patch, team, choice
):  # fmt: skip
    scim_server.switch(patch_removes_values=choice)

    answer = patch(f"Groups/{team}", op="Remove", path="members", value=[{"value": ADA}])

    assert answer.status_code == (204 if choice == "accepted" else 400)
    assert members(scim, team) == ([MAX] if choice == "accepted" else [ADA, MAX])


def test_a_server_may_understand_no_filter_in_a_path(scim_server, scim, patch, team):
    scim_server.switch(patch_value_path="rejected")

    assert patch(f"Groups/{team}", op="remove",
                 path=f'members[value eq "{ADA}"]').json()["scimType"] == "invalidPath"  # fmt: skip
    assert members(scim, team) == [ADA, MAX]


def test_without_a_path_names_may_have_dots_and_schemas(scim, patch, zoe):
    patch(f"Users/{zoe}", op="Replace",
          value={"name.familyName": "Kaya", f"{ENTERPRISE}:employeeNumber": "E-1",
                 "schemas": [], ENTERPRISE: {"division": "North"}})  # fmt: skip

    row = scim.get(f"Users/{zoe}").json()
    assert row["name"]["familyName"] == "Kaya"
    assert row[ENTERPRISE] == {"employeeNumber": "E-1", "division": "North"}


# versions


def test_a_version_says_what_has_changed(scim, patch, zoe):
    first = scim.get(f"Users/{zoe}")
    tag = {"if-none-match": first.headers["etag"]}
    unchanged = scim.get(f"Users/{zoe}", headers=tag)
    patch(f"Users/{zoe}", op="replace", path="title", value="Lead")
    changed = scim.get(f"Users/{zoe}", headers=tag)

    assert first.headers["etag"] == first.json()["meta"]["version"]
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert changed.status_code == 200


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_change_of_what_is_no_longer_so_is_refused(scim_server, scim, zoe, method):
    body = {**patch_op({"op": "replace", "path": "title", "value": "Lead"}), "userName": "zoe"}
    old = {"if-match": 'W/"0"'}

    answer = scim.request(method, f"Users/{zoe}", json=body, headers=old)
    scim_server.switch(etag=False)
    without = scim.get(f"Users/{zoe}")
    careless = scim.patch(f"Users/{zoe}", json=body, headers=old)

    assert answer.status_code == 412
    assert "etag" not in without.headers
    assert "version" not in without.json()["meta"]
    assert careless.status_code == 204


def test_groups_inside_groups_are_members_too(scim, patch):
    patch(f"Groups/{EMPTY}", op="add", path="members", value=[{"value": LEADS}])
    shown = scim.get(f"Groups/{EMPTY}").json()["members"]
    patch(f"Groups/{EMPTY}", op="remove", path="members")

    assert [(each["value"], each["type"]) for each in shown] == [(LEADS, "Group")]


def test_the_history_tells_each_change_once_with_its_effect(scim_server, patch, zoe):
    before = len(scim_server.history(applied=False))

    patch(f"Users/{zoe}", op="replace", path="active", value=False)
    patch(f"Users/{zoe}", op="replace", path="id", value="x")

    lines = scim_server.history(applied=False)[before:]
    assert [(line["effect"], line["status"]) for line in lines] == [
        ("applied", 204),
        ("refused", 400),
    ]
    assert lines[0]["path"] == f"/scim/v2/Users/{zoe}"
    assert lines[0]["body"]["Operations"][0]["value"] is False


def test_the_cast_is_as_it_was(scim):
    assert members(scim, SALES) == [ADA, MAX]
    assert members(scim, STAFF) == [SALES, RITA]
    assert scim.get(f"Users/{NOOR}").json()["userName"] == "noor"
