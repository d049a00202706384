"""What the Workato connector reads: collaborators, roles by environment, and what those reach."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connectors.base import AccountStatus, Ref
from tests.connectors.workato_cast import (
    ADA,
    CAM,
    DEEP,
    DEEPER,
    HR,
    HR_ROOT,
    MANAGER,
    MAX,
    NOOR,
    OUTSIDE,
    P2P,
    P2P_ROOT,
    RITA,
    SAM,
    WEI,
    Read,
)


@pytest.fixture
def read(legacy, open_workato):
    return Read(open_workato(legacy))


# collaborators


def test_collaborators_are_accounts_and_all_of_them_are_enabled(read):
    assert {each.id for each in read.accounts} == {ADA, MAX, RITA, CAM, SAM, NOOR, WEI}
    assert {(each.type, each.status) for each in read.accounts} == {
        ("collaborator", AccountStatus.ENABLED)
    }


def test_a_collaborator_brings_her_last_activity_and_her_sso_id(read):
    ada = read.account(ADA)

    assert (ada.name, ada.email, ada.username) == (
        "Ada Byrne", "ada@example.test", "ada@example.test",
    )  # fmt: skip
    assert ada.created_at == datetime(2024, 5, 1, 16, 0, tzinfo=UTC)
    assert ada.last_login_at == datetime(2025, 1, 10, 16, 0, tzinfo=UTC)
    assert ada.profile["external_id"] == "sso-ada"
    assert ada.profile["last_activity"] == "user_login"
    assert read.account(MAX).last_login_at is None
    assert "external_id" not in read.account(MAX).profile


def test_a_workspace_moderator_is_told_apart(read):
    assert read.account(NOOR).profile["workspace_moderator"] == "yes"
    assert "workspace_moderator" not in read.account(ADA).profile


# roles


def test_every_role_is_a_resource_in_every_environment(read):
    ids = set(read.ids("role"))

    assert {f"Admin-{each}" for each in ("dev", "test", "prod")} <= ids
    assert {f"{MANAGER}-dev", f"{MANAGER}-test", f"{MANAGER}-prod"} <= ids
    assert read.resource("role", f"{MANAGER}-prod").name == "Release manager in prod"


def test_system_roles_come_once_and_no_access_is_no_role(read):
    assert read.ids("role").count("Admin-dev") == 1
    assert not [each for each in read.ids("role") if "No access" in each]
    assert read.roles_of(SAM) == set()


def test_somebody_has_one_role_in_each_environment(read):
    assert read.roles_of(ADA) == {"Admin-dev", "Analyst-test", "Operator-prod"}
    assert read.roles_of(CAM) == {f"{MANAGER}-dev", f"{MANAGER}-prod"}
    assert read.of("role", "Admin-prod") == {(MAX, ""), (RITA, "")}


def test_an_inherited_role_that_no_list_has_is_a_resource_too(read):
    assert read.of("role", "Parent auditor-dev") == {(NOOR, "")}
    assert read.resource("role", "Parent auditor-dev").facts["origin"] == "inherited"


def test_roles_of_the_same_name_are_one_and_nobody_gives_it(read):
    (right,) = [each for each in read.rights if each.resource.id == "600-dev"]

    assert "601-dev" not in read.ids("role")
    assert read.of("role", "600-dev") == {(WEI, "")}
    assert read.resource("role", "600-dev").facts["same name"] == "601"
    assert "rename" in right.fixed_why
    assert not right.can_provision


def test_a_role_excludes_the_others_of_its_environment_only(read):
    slots = {
        each.resource.id: each.exclusive for each in read.rights if each.resource.type == "role"
    }

    assert slots["Admin-prod"] == slots["Operator-prod"] == "role in prod"
    assert slots["Admin-dev"] == "role in dev"
    assert {each.exclusive for each in read.rights if each.resource.type == "folder"} == {""}


# what roles allow


def test_what_a_custom_role_allows_is_a_fact_about_it_also_where_the_kind_is_new(read):
    facts = read.resource("role", f"{MANAGER}-dev").facts

    assert facts["privileges: Workbot"] == "read, update"
    assert facts["privileges: Quantum"] == "fold"
    assert facts["folders"] == "P2P, Deeper"


def test_what_system_and_inherited_roles_allow_is_read_from_who_has_them(read):
    assert read.resource("role", "Operator-prod").facts["privileges: Recipes"] == (
        "read, run, read_run_history"
    )
    assert "privileges: Developer API" in read.resource("role", "Admin-dev").facts
    assert "privileges: Developer API" not in read.resource("role", "Analyst-dev").facts
    assert read.resource("role", "Parent auditor-dev").facts["folders"] == "HR"


def test_a_role_without_limits_reaches_all_folders(read):
    assert read.resource("role", "Admin-dev").facts["folders"] == "all"
    assert read.resource("role", "500-dev").facts["folders"] == "all"


def test_privileges_are_resources_that_name_their_roles(read):
    privilege = read.resource("privilege", "Recipes-run-prod")

    assert privilege.name == "Recipes: run in prod"
    assert privilege.facts["roles"] == "Admin, Operator"
    assert not [each for each in read.rights if each.resource.type == "privilege"]


def test_privileges_are_access_where_a_campaign_is_to_ask_for_them(legacy, open_workato):
    read = Read(open_workato(legacy, privileges="entitlements"))

    assert read.of("privilege", "Recipes-run-prod", "assigned") == {
        (ADA, "Operator-prod"),
        (MAX, "Admin-prod"),
        (RITA, "Admin-prod"),
    }
    assert read.of("privilege", "Quantum-fold-dev") == {(CAM, f"{MANAGER}-dev")}
    (right,) = [each for each in read.rights if each.resource.id == "Recipes-run-prod"]
    assert right.fixed_why.endswith("change the role.")


def test_folders_are_reached_through_roles_that_are_limited_to_them(read):
    assert read.of("folder", P2P_ROOT, "collaborator-access") == {
        (CAM, f"{MANAGER}-dev"),
        (CAM, f"{MANAGER}-prod"),
    }
    assert read.of("folder", DEEPER) == {(CAM, f"{MANAGER}-dev"), (CAM, f"{MANAGER}-prod")}
    assert read.of("folder", HR_ROOT) == {(NOOR, "Parent auditor-dev")}
    assert read.of("folder", OUTSIDE) == set()


# projects and folders


def test_the_tree_hangs_below_projects(read):
    parents = {each.id: each.parent for each in read.resources if each.type == "folder"}

    assert parents[P2P_ROOT] == Ref("project", P2P)
    assert parents[HR_ROOT] == Ref("project", HR)
    assert parents[DEEP] == Ref("folder", P2P_ROOT)
    assert parents[DEEPER] == Ref("folder", DEEP)
    assert parents[OUTSIDE] is None
    assert len(parents) == 125


def test_a_project_is_described(read):
    assert read.resource("project", P2P).description == "Procure to pay"
    assert read.resource("project", HR).description == ""


@pytest.mark.parametrize("exists", [True, False])
def test_a_folder_that_the_client_may_not_see_is_still_reached(legacy, open_workato, exists):
    legacy.switch(tokens="narrow:projects=12", single_folder=exists)

    read = Read(open_workato(legacy, key="narrow"))

    assert read.resource("folder", P2P_ROOT).name == "Folder 1000"
    assert (CAM, f"{MANAGER}-dev") in read.of("folder", P2P_ROOT)
    assert read.unread == []


# what it covers


def test_the_population_says_which_projects_it_covers(legacy, open_workato):
    assert Read(open_workato(legacy)).scope == "projects that the API client may see: P2P, HR"

    legacy.switch(tokens="narrow:projects=12")
    narrow = Read(open_workato(legacy, key="narrow"))
    assert narrow.scope == "projects that the API client may see: HR"
    assert narrow.ids("project") == [HR]
    assert narrow.roles_of(ADA) == {"Admin-dev", "Analyst-test", "Operator-prod"}


def test_one_environment_only_says_so(legacy, open_workato):
    read = Read(open_workato(legacy, environment="prod"))

    assert read.scope.startswith("roles in prod; ")
    assert read.roles_of(ADA) == {"Operator-prod"}
    assert {each.rpartition("-")[2] for each in read.ids("role")} == {"prod"}


def test_without_custom_roles_says_so_and_does_not_ask_for_them(legacy, open_workato):
    read = Read(open_workato(legacy, disable_custom_roles_sync=True))

    assert "without legacy custom roles" in read.scope
    assert read.roles_of(CAM) == set()
    assert read.roles_of(ADA) == {"Admin-dev", "Analyst-test", "Operator-prod"}
    assert read.unread == []
    assert "GET /api/roles" not in legacy.requests()["routes"]


@pytest.mark.parametrize(
    ("endpoint", "words"),
    [
        ("-GET/api/folders", "without folders"),
        ("-GET/api/projects", "without projects"),
        ("-GET/api/members/{id}/privileges", "without what inherited and system roles allow"),
    ],
)
@pytest.mark.parametrize("status", [401, 403])
def test_an_endpoint_that_is_not_ticked_narrows_the_scope_and_loses_no_role(
    legacy, open_workato, endpoint, words, status
):
    legacy.switch(tokens=f"part:{endpoint}", unticked_status=status)

    read = Read(open_workato(legacy, key="part"))

    assert words in read.scope
    assert read.roles_of(ADA) == {"Admin-dev", "Analyst-test", "Operator-prod"}
    assert read.unread == []


@pytest.mark.parametrize("status", [401, 403])
def test_custom_roles_whose_list_is_refused_are_unread_and_not_renamed(
    legacy, open_workato, status
):
    legacy.switch(tokens="part:-GET/api/roles", unticked_status=status)

    read = Read(open_workato(legacy, key="part"))

    unread = {each.resource for each in read.unread if each.resource.type == "role"}
    assert Ref("role", "Release manager-dev") in unread
    assert "GET /api/roles" in read.unread[0].why
    assert read.roles_of(CAM) == set()
    assert read.roles_of(ADA) == {"Admin-dev", "Analyst-test", "Operator-prod"}


def test_a_folder_whose_contents_cannot_be_read_is_unread(legacy, open_workato):
    legacy.fault("500", path="/api/folders", after=1, times=1)

    read = Read(open_workato(legacy, net={"retries": 0}))

    assert [each.resource.type for each in read.unread] == ["folder"]
    assert read.roles_of(ADA) == {"Admin-dev", "Analyst-test", "Operator-prod"}


def test_two_reads_see_the_same(legacy, open_workato):
    first, second = Read(open_workato(legacy)), Read(open_workato(legacy))

    assert first.accounts == second.accounts
    assert first.resources == second.resources
    assert first.rights == second.rights
    assert set(first.grants) == set(second.grants)


@pytest.mark.parametrize(
    ("center", "host"),
    [("us", "www.workato.com"), ("eu", "app.eu.workato.com"), ("jp", "app.jp.workato.com"),
     ("sg", "app.sg.workato.com"), ("au", "app.au.workato.com"), ("il", "app.il.workato.com"),
     ("sandbox", "app.trial.workato.com")],
)  # fmt: skip
def test_each_data_center_has_its_own_address(legacy, open_workato, center, host):
    read = Read(open_workato(legacy))
    (right,) = [each for each in read.rights if each.resource.id == "Admin-dev"]

    shown = open_workato(legacy, data_center=center, base_url="").call(
        "grant", read.account(ADA), replace(right)
    )

    assert shown.startswith(f"PUT https://{host}/api/members/{ADA} ")
