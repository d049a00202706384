"""Workato's vendor server: roles of both models, projects, folders, groups, and their pages."""

from __future__ import annotations

import pytest

from tests.vendor_process import vendor

BRACKETS = ("/api/environment_roles", "/api/user_groups", "/api/project_roles")


# legacy roles


def test_custom_roles_are_a_bare_list_without_system_and_inherited_ones(legacy, ask):
    rows = ask(legacy).get("/api/roles").json()

    assert [row["name"] for row in rows] == ["Release manager", "Builder", "Twin", "Twin"]
    assert set(rows[0]) == {
        "id", "name", "inheritable", "folder_ids", "created_at", "updated_at", "privileges",
    }  # fmt: skip
    assert rows[0]["folder_ids"] == [1000, 1200]
    assert rows[1]["folder_ids"] == []


@pytest.mark.parametrize("path", [*BRACKETS, "/api/environment_roles/1",
                                  "/api/user_groups/am-1/members",
                                  "/api/projects/11/project_grants"])  # fmt: skip
def test_a_legacy_workspace_has_none_of_the_new_model(legacy, ask, path):
    answer = ask(legacy).get(path)

    assert answer.status_code == 401
    assert answer.json() == {"errors": [{"title": "Unauthorized"}]}


# environment roles


def test_environment_roles_come_in_an_envelope_with_system_ones_first(newer, ask):
    body = ask(newer).get("/api/environment_roles").json()

    assert [(row["id"], row["name"], row["type"]) for row in body["data"]] == [
        (1, "Environment admin", "system"),
        (2, "Environment manager", "system"),
        (3, "Member", "system"),
        (20, "Developer", "custom"),
    ]
    assert body["total"] == 4
    assert body["page"] == {"number": 1, "size": 100}
    assert set(body["data"][0]) == {
        "id", "name", "type", "created_at", "updated_at", "members_count",
    }  # fmt: skip


def test_a_role_counts_its_members_once(newer, ask):
    counts = {row["name"]: row["members_count"]
              for row in ask(newer).get("/api/environment_roles").json()["data"]}  # fmt: skip

    assert counts["Environment admin"] == 3
    assert counts["Developer"] == 2
    assert counts["Environment manager"] == 0


def test_an_unknown_name_is_an_empty_list_and_an_unknown_id_404(newer, ask):
    api = ask(newer)

    assert api.get("/api/environment_roles", params={"name": "Nonesuch"}).json()["data"] == []
    assert [
        row["id"]
        for row in api.get("/api/environment_roles", params={"name": "Developer"}).json()["data"]
    ] == [20]
    assert api.get("/api/environment_roles/20").json()["data"]["name"] == "Developer"
    assert api.get("/api/environment_roles/99").status_code == 404


# projects and folders


def test_projects_are_a_bare_list_and_a_description_may_be_missing(legacy, ask):
    assert ask(legacy).get("/api/projects").json() == [
        {"id": 11, "name": "P2P", "description": "Procure to pay", "folder_id": 1000},
        {"id": 12, "name": "HR", "description": None, "folder_id": 1001},
    ]


def test_folders_are_listed_one_level_at_a_time_from_home(legacy, ask):
    api = ask(legacy)

    def below(parent=""):
        return [row["id"] for row in api.get(f"/api/folders{parent}").json()]

    home = api.get("/api/users/me").json()["root_folder_id"]
    assert below() == below(f"?parent_id={home}") == [1000, 1001, 1300]
    assert below("?parent_id=1000") == [1100]
    assert below("?parent_id=1100") == [1200]
    assert below("?parent_id=1200") == []


def test_a_folder_names_its_project_and_one_outside_of_any_does_not(legacy, ask):
    rows = {row["id"]: row for row in ask(legacy).get("/api/folders").json()}

    assert (rows[1000]["is_project"], rows[1000]["project_id"]) == (True, 11)
    assert (rows[1300]["is_project"], rows[1300]["project_id"]) == (False, None)
    assert rows[1300]["parent_id"] == 100


def test_one_folder_and_no_such_folder(legacy, ask):
    api = ask(legacy)

    assert api.get("/api/folders/1200").json()["name"] == "Deeper"
    assert api.get("/api/folders/9").status_code == 404
    assert api.get("/api/folders?parent_id=9").status_code == 404


def test_the_workspace_says_who_it_is(legacy, ask):
    own = ask(legacy).get("/api/users/me").json()

    assert own["company_name"] == "Example"
    assert {"id", "name", "email", "plan_id", "root_folder_id", "recipes_count"} <= set(own)


# groups and project grants


def test_groups_count_their_members(newer, ask):
    rows = ask(newer).get("/api/user_groups").json()["data"]

    assert [(row["id"], row["name"], row["members_count"]) for row in rows] == [
        ("am-1", "Builders", 2), ("am-2", "Nobody yet", 0),
    ]  # fmt: skip
    assert set(rows[0]) == {
        "id", "name", "description", "system", "created_at", "updated_at", "members_count",
    }  # fmt: skip


def test_group_members_and_no_such_group(newer, ask):
    api = ask(newer)

    assert [row["id"] for row in api.get("/api/user_groups/am-1/members").json()["data"]] == [
        3001, 3002,
    ]  # fmt: skip
    assert api.get("/api/user_groups/am-9/members").status_code == 404


def test_a_project_grant_names_a_collaborator_or_a_group(newer, ask):
    rows = ask(newer).get("/api/projects/11/project_grants").json()["data"]

    assert rows[0] == {
        "id": "pg-1",
        "project": {"id": 11, "name": "P2P", "environment": {"id": 148425, "type": "dev"}},
        "project_role": {"id": "pr-1", "name": "Project admin"},
        "user_group": None,
        "user": {"id": 3003, "name": "Rita Byrne", "email": "rita@example.test"},
    }
    assert rows[1]["user"] is None
    assert rows[1]["user_group"] == {"id": "am-1", "name": "Builders"}
    assert ask(newer).get("/api/projects/12/project_grants").json()["data"] == []
    assert ask(newer).get("/api/projects/99/project_grants").status_code == 404


def test_a_project_grant_is_deleted_once(newer, ask):
    api = ask(newer)

    assert api.delete("/api/project_grants/pg-3").status_code == 200
    assert api.delete("/api/project_grants/pg-3").status_code == 404


# pages


def test_bare_lists_begin_with_page_1_and_end_with_a_short_one(legacy, ask):
    api = ask(legacy)

    def page(number, size=50):
        path = f"/api/folders?parent_id=1001&page={number}&per_page={size}"
        return [row["id"] for row in api.get(path).json()]

    assert len(page(1)) == len(page(2)) == 50
    assert len(page(3)) == 20
    assert page(4) == []
    assert page(1)[0] == 2000
    assert page(2)[0] == 2050


def test_a_page_holds_a_hundred_at_most_and_unless_told(legacy, ask):
    api = ask(legacy)

    assert len(api.get("/api/folders?parent_id=1001").json()) == 100
    assert len(api.get("/api/folders?parent_id=1001&per_page=500").json()) == 100


@pytest.mark.parametrize("path", BRACKETS)
def test_newer_lists_take_brackets_raw_and_encoded(newer, ask, path):
    api = ask(newer)
    raw = api.get(f"{path}?page[number]=2&page[size]=1").json()["data"]
    encoded = api.get(path, params={"page[number]": 2, "page[size]": 1}).json()["data"]

    assert raw == encoded
    assert len(raw) == 1


def test_what_is_no_number_is_refused_in_each_dialect(legacy, newer, ask):
    bare = ask(legacy).get("/api/projects?page=two")
    newer_one = ask(newer).get("/api/user_groups?page[size]=many")

    assert (bare.status_code, list(bare.json())) == (400, ["message"])
    assert (newer_one.status_code, list(newer_one.json())) == (400, ["errors"])


# sizes


@pytest.mark.parametrize("model", ["legacy", "mixed", "migrated"])
def test_a_workspace_of_any_size_is_generated_and_the_same_each_time(ask, model):
    sizes = ("--people", 40, "--roles", 7, "--folders", 25, "--projects", 5, "--groups", 2)
    bodies = []
    for _ in range(2):
        with vendor(*sizes, "--model", model, name="workato") as server:
            api = ask(server)
            bodies.append(api.get("/api/members").json())
            projects = api.get("/api/projects").json()
            listed = len(api.get("/api/roles").json())

    assert bodies[0] == bodies[1]
    assert bodies[0]["total"] == 40
    assert len(projects) == 5
    assert listed == (0 if model == "migrated" else 7)
