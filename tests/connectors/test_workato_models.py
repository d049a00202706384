"""Both permission models of Workato, detected by themselves, and every quirk read both ways."""

from __future__ import annotations

import pytest

from connectors.base import Ref
from tests.connectors.workato_cast import ADA, CAM, MANAGER, MAX, P2P, RITA, SAM, Read

ROLES_OF_ADA = {"1-dev", "20-test", "3-prod"}
LEGACY_OF_ADA = {"Admin-dev", "Analyst-test", "Operator-prod"}
# Everything that could not be verified about the vendor; nothing of it may change what is read.
WORLDS = [
    {"role_type_shown": False},
    {"member_wrapper": "data"},
    {"over_limit": "reject"},
    {"page_zero": "reject"},
    {"page_zero": "empty"},
    {"totals": False},
    {"single_folder": False},
    {"folder_projects": False},
    {"member_privileges": False},
    {"unrestricted_folders": "all"},
    {"unticked_status": 403},
    {"prepared": True},
]


@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_a_legacy_workspace_is_read_the_same_whatever_could_not_be_verified(
    legacy, open_workato, world
):
    usual = Read(open_workato(legacy))
    legacy.switch(**world)

    read = Read(open_workato(legacy))

    assert set(read.grants) == set(usual.grants)
    assert {each.ref for each in read.resources} == {each.ref for each in usual.resources}
    assert read.unread == []


@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_a_migrated_workspace_is_read_the_same_whatever_could_not_be_verified(
    newer, open_workato, world
):
    usual = Read(open_workato(newer))
    newer.switch(**world)

    read = Read(open_workato(newer))

    assert {(g.resource, g.account, g.via) for g in read.grants} == {
        (g.resource, g.account, g.via) for g in usual.grants
    }
    assert read.unread == []


def test_environment_roles_are_read_and_legacy_system_roles_are_not_made_up(newer, open_workato):
    read = Read(open_workato(newer))

    assert read.roles_of(ADA) == ROLES_OF_ADA
    assert read.ids("role") == []
    assert read.of("environment_role", "1-prod") == {(MAX, ""), (RITA, "")}
    assert read.resource("environment_role", "20-test").name == "Developer in test"
    assert read.resource("environment_role", "1-dev").facts["origin"] == "system"


@pytest.mark.parametrize("answer", ["empty", "401", "404"])
def test_a_migrated_workspace_is_whole_whatever_the_legacy_list_answers(
    newer, open_workato, answer
):
    newer.switch(roles_after_migration=answer)

    reader = open_workato(newer)
    read = Read(reader)

    assert read.roles_of(ADA) == ROLES_OF_ADA
    assert read.unread == []


def test_an_environment_role_that_no_list_has_is_a_resource_too(newer, open_workato):
    assert Read(open_workato(newer)).roles_of(CAM) == {"From above-prod"}


def test_environment_roles_that_may_not_be_listed_are_unread(newer, open_workato):
    newer.switch(tokens="part:-GET/api/environment_roles")

    read = Read(open_workato(newer, key="part"))

    assert read.roles_of(ADA) == set()
    unread = {each.resource for each in read.unread}
    assert Ref("environment_role", "Developer-test") in unread
    assert "GET /api/environment_roles" in read.unread[0].why


def test_a_workspace_in_the_middle_of_its_migration_has_both(mixed, open_workato):
    read = Read(open_workato(mixed))

    assert read.roles_of(ADA) == ROLES_OF_ADA
    assert read.roles_of(CAM) == {f"{MANAGER}-dev", "Operator-prod"}
    assert read.roles_of(SAM) == set()


def test_the_setting_against_custom_roles_leaves_environment_roles_alone(mixed, open_workato):
    read = Read(open_workato(mixed, disable_custom_roles_sync=True))

    assert read.roles_of(ADA) == ROLES_OF_ADA
    assert read.roles_of(CAM) == {"Operator-prod"}


def test_a_legacy_workspace_is_not_asked_for_groups_and_project_grants(legacy, open_workato):
    Read(open_workato(legacy))

    routes = legacy.requests()["routes"]
    assert not [each for each in routes if "user_groups" in each or "project_grants" in each]


# groups and project grants


def test_project_roles_are_held_directly_and_through_groups(newer, open_workato):
    read = Read(open_workato(newer))

    assert read.of("project", P2P, "pr-1") == {(RITA, "")}
    assert read.of("project", P2P, "pr-2") == {(ADA, ""), (ADA, "am-1"), (MAX, "am-1")}
    assert read.of("group", "am-1", "member") == {(ADA, ""), (MAX, "")}
    assert read.of("group", "am-2") == set()
    rights = {each.slug: each.name for each in read.rights if each.resource == Ref("project", P2P)}
    assert rights == {"pr-1": "Project admin", "pr-2": "Project operator"}


@pytest.mark.parametrize(
    ("endpoint", "words"),
    [
        ("-GET/api/user_groups", "without collaborator groups"),
        ("-GET/api/user_groups/{id}/members", "without collaborator groups"),
        ("-GET/api/projects/{id}/project_grants", "without project grants"),
        ("-GET/api/project_roles", "without project roles that nobody has"),
    ],
)
def test_what_the_setup_does_not_ask_to_tick_narrows_the_scope(
    newer, open_workato, endpoint, words
):
    newer.switch(tokens=f"part:{endpoint}")

    read = Read(open_workato(newer, key="part"))

    assert words in read.scope
    assert read.roles_of(ADA) == ROLES_OF_ADA
    assert read.unread == []


def test_a_project_whose_grants_cannot_be_read_is_unread(newer, open_workato):
    newer.fault("500", path=f"/api/projects/{P2P}/project_grants", times=0)

    read = Read(open_workato(newer, net={"retries": 0}))

    assert [each.resource for each in read.unread] == [Ref("project", P2P)]


def test_a_group_that_cannot_be_read_is_unread_and_so_is_what_it_opens(newer, open_workato):
    newer.fault("500", path="/api/user_groups/am-1/members", times=0)

    read = Read(open_workato(newer, net={"retries": 0}))

    assert {each.resource for each in read.unread} == {Ref("group", "am-1"), Ref("project", P2P)}
    assert read.of("project", P2P, "pr-2") == {(ADA, "")}


# checking


@pytest.mark.parametrize("workspace", ["legacy", "newer", "mixed"])
def test_a_client_with_everything_misses_nothing_in_any_model(workspaces, open_workato, workspace):
    server = workspaces(workspace)

    signed_in = open_workato(server).check()

    assert signed_in.missing_rights == ()
    assert (signed_in.who, signed_in.organisation) == ("an API client", "Example")
    assert signed_in.account is None


@pytest.mark.parametrize(
    ("workspace", "endpoint", "words"),
    [
        ("legacy", "GET/api/members", "so nothing can be read; it also needs access to DEV"),
        ("legacy", "GET/api/roles", "Until then custom roles stay unread"),
        ("legacy", "GET/api/projects", "so projects are left out"),
        ("legacy", "GET/api/folders", "so folders are left out"),
        ("legacy", "GET/api/members/{id}/privileges", "so what system roles allow is left out"),
        ("newer", "GET/api/environment_roles", "Until then environment roles stay unread"),
        ("newer", "GET/api/user_groups", "so collaborator groups are left out"),
    ],
)
@pytest.mark.parametrize("status", [401, 403])
def test_checking_names_the_endpoint_that_is_not_ticked(
    workspaces, open_workato, workspace, endpoint, words, status
):
    server = workspaces(workspace)
    before = server.control("switches")
    server.switch(tokens=f"part:-{endpoint}", unticked_status=status)

    missing = " ".join(open_workato(server, key="part").check().missing_rights)

    server.switch(**before)
    assert words in missing
    assert endpoint.removeprefix("GET").split("{")[0] in missing


def test_a_client_of_another_environment_is_told_that_it_needs_dev(legacy, open_workato):
    legacy.switch(tokens="prod:env=prod")

    missing = open_workato(legacy, key="prod").check().missing_rights

    assert "needs access to DEV" in missing[0]


def test_a_workspace_whose_name_is_not_open_is_read_all_the_same(legacy, open_workato):
    legacy.switch(tokens="part:-GET/api/users/me")

    signed_in = open_workato(legacy, key="part").check()

    assert signed_in.organisation == ""
    assert signed_in.missing_rights == ()
