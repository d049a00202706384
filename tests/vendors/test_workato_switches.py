"""Workato's vendor server: both positions of every fact that could not be verified."""

from __future__ import annotations

import re
import time
from dataclasses import fields
from pathlib import Path

import pytest

from uar.demo.vendors.workato_switches import Switches

ADA, SAM = 3001, 3005


def put(api, member, environment, name, **more):
    role = {"environment_type": environment, "name": name, **more}
    return api.put(f"/api/members/{member}", json={"env_roles": [role]})


def invite(api, email):
    wanted = [{"environment_type": "dev", "name": "Operator"}]
    body = {"name": "New", "email": email, "env_roles": wanted}
    return api.post("/api/member_invitations", json=body)


def test_every_switch_is_explained_and_tested_here():
    source = Path(__file__).read_text(encoding="utf-8")

    for each in fields(Switches):
        assert len(each.metadata["help"]) > 20, each.name
        assert re.search(rf"{each.name}=", source), f"{each.name} has no test"


def test_tokens_are_a_switch_too(legacy, ask):
    legacy.switch(tokens="only-this")

    assert ask(legacy).get("/api/members").status_code == 401
    assert ask(legacy, "only-this").get("/api/members").status_code == 200


@pytest.mark.parametrize("status", [401, 403])
def test_an_endpoint_that_is_not_ticked_may_be_401_or_403(legacy, ask, status):
    legacy.switch(unticked_status=status)

    assert ask(legacy, "demo-no-rights-token").get("/api/roles").status_code == status


@pytest.mark.parametrize("shown", [True, False])
def test_roles_may_say_their_type(legacy, ask, shown):
    legacy.switch(role_type_shown=shown)

    role = ask(legacy).get(f"/api/members/{ADA}").json()["roles"][0]
    assert role.get("role_type") == ("privilege_group" if shown else None)


def test_a_member_may_come_in_an_envelope(legacy, ask):
    assert ask(legacy).get(f"/api/members/{ADA}").json()["id"] == ADA

    legacy.switch(member_wrapper="data")
    assert ask(legacy).get(f"/api/members/{ADA}").json()["data"]["id"] == ADA


def test_an_update_may_answer_a_result_the_member_or_nothing(legacy, ask):
    api = ask(legacy)

    assert put(api, ADA, "prod", "Operator").json() == {"result": "ok"}
    legacy.switch(put_answer="member")
    assert put(api, ADA, "prod", "Admin").json()["roles"][2]["role_name"] == "Admin"
    legacy.switch(put_answer="nothing")
    assert put(api, ADA, "prod", "Operator").content == b""


@pytest.mark.parametrize("status", [200, 204])
def test_a_removal_may_be_200_or_204(legacy, ask, status):
    legacy.switch(delete_status=status)
    api = ask(legacy)
    invite(api, f"leaver{status}@example.test")
    api.post("/accept", data={"email": f"leaver{status}@example.test"})
    (row,) = api.get(f"/api/members?email=leaver{status}@").json()["data"]

    assert api.delete(f"/api/members/{row['id']}").status_code == status


def test_no_access_may_be_refused(legacy, ask):
    api = ask(legacy)
    assert put(api, SAM, "dev", "No access").status_code == 200

    legacy.switch(no_access_put=False)
    answer = put(api, SAM, "dev", "No access")
    assert (answer.status_code, answer.json()) == (400, {"message": "Role No access not found"})


def test_a_role_without_limits_may_name_no_folder_or_all(legacy, ask):
    path = f"/api/members/{ADA}/privileges"
    assert ask(legacy).get(path).json()["data"][0]["folder_ids"] == []

    legacy.switch(unrestricted_folders="all")
    assert len(ask(legacy).get(path).json()["data"][0]["folder_ids"]) == 125


@pytest.mark.parametrize("status", [429, 409, 400])
def test_a_second_invitation_soon_after_may_be_refused_in_three_ways(legacy, ask, status):
    legacy.switch(invited_again=status)
    api, email = ask(legacy), f"again{status}@example.test"

    assert [invite(api, email).status_code for _ in range(2)] == [200, status]


def test_after_the_window_a_person_is_invited_again(legacy, ask):
    legacy.switch(invitation_window_s=0.1)
    api = ask(legacy)
    invite(api, "later@example.test")
    time.sleep(0.15)

    assert invite(api, "later@example.test").status_code == 200


def test_a_page_that_is_too_large_may_be_refused(legacy, newer, ask):
    for server in (legacy, newer):
        server.switch(over_limit="reject")

    assert ask(legacy).get("/api/projects?per_page=101").status_code == 400
    assert ask(legacy).get("/api/projects?per_page=100").status_code == 200
    assert ask(newer).get("/api/user_groups?page[size]=101").status_code == 400


@pytest.mark.parametrize(("zero", "rows"), [("first", 2), ("empty", 0), ("reject", None)])
def test_page_0_may_be_the_first_or_empty_or_refused(legacy, ask, zero, rows):
    legacy.switch(page_zero=zero)

    answer = ask(legacy).get("/api/projects?page=0")

    assert answer.status_code == (400 if rows is None else 200)
    assert rows is None or len(answer.json()) == rows


@pytest.mark.parametrize("totals", [True, False])
def test_envelopes_may_count(legacy, newer, ask, totals):
    for server in (legacy, newer):
        server.switch(totals=totals)

    assert ("total" in ask(legacy).get("/api/members").json()) is totals
    assert ("total" in ask(newer).get("/api/user_groups").json()) is totals


@pytest.mark.parametrize(("answer", "status"), [("empty", 200), ("401", 401), ("404", 404)])
def test_the_legacy_list_may_answer_in_three_ways_after_migration(newer, ask, answer, status):
    newer.switch(roles_after_migration=answer)

    said = ask(newer).get("/api/roles")

    assert said.status_code == status
    assert status != 200 or said.json() == []


def test_one_folder_may_have_no_route(legacy, ask):
    legacy.switch(single_folder=False)

    assert ask(legacy).get("/api/folders/1000").status_code == 404


@pytest.mark.parametrize("newer_fields", [True, False])
def test_folders_may_not_name_their_project(legacy, ask, newer_fields):
    legacy.switch(folder_projects=newer_fields)

    row = ask(legacy).get("/api/folders").json()[0]
    assert ("project_id" in row, "is_project" in row) == (newer_fields, newer_fields)


def test_privileges_may_not_know_environment_roles(newer, ask):
    api = ask(newer)
    assert api.get(f"/api/members/{ADA}/privileges").json()["data"][0]["privileges"]

    newer.switch(member_privileges=False)
    assert api.get(f"/api/members/{ADA}/privileges").json()["data"][0]["privileges"] == {}


@pytest.mark.parametrize("retry_after", [True, False])
def test_each_family_has_a_quota_that_opens_again(legacy, ask, retry_after):
    legacy.switch(quota=3, quota_window_s=0.6, retry_after=retry_after)
    api = ask(legacy)
    time.sleep(0.6 - time.monotonic() % 0.6)  # begin with a window

    answers = [api.get("/api/roles") for _ in range(4)]

    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    assert answers[3].headers.get("retry-after") == ("0.6" if retry_after else None)
    assert api.get("/api/members").status_code == 200
    time.sleep(0.65)
    assert api.get("/api/roles").status_code == 200


def test_folders_and_projects_share_a_quota(legacy, ask):
    legacy.switch(quota=2, quota_window_s=5.0)
    api = ask(legacy)
    time.sleep(max(0.0, 5.0 - time.monotonic() % 5.0) if time.monotonic() % 5.0 > 4.5 else 0.0)

    codes = [api.get(path).status_code for path in ("/api/folders", "/api/projects") * 2]

    assert codes.count(429) == 2


def test_answers_may_take_a_while(legacy, ask):
    legacy.switch(latency_ms=120)
    api = ask(legacy)

    began = time.monotonic()
    api.get("/api/projects")

    assert time.monotonic() - began >= 0.12


def test_reads_may_lag_behind_changes(legacy, ask):
    api = ask(legacy)
    put(api, SAM, "test", "No access")
    time.sleep(0.35)
    legacy.switch(lag_s=0.3)

    put(api, SAM, "test", "Analyst")

    at_once = api.get(f"/api/members/{SAM}").json()["roles"][1]["role_name"]
    time.sleep(0.35)
    later = api.get(f"/api/members/{SAM}").json()["roles"][1]["role_name"]
    assert (at_once, later) == ("No access", "Analyst")


def test_prepared_answers_are_the_same_and_forget_nothing_that_changes(legacy, ask):
    api = ask(legacy)
    plain = api.get("/api/members").json()

    legacy.switch(prepared=True)
    prepared = [api.get("/api/members").json() for _ in range(2)]
    put(api, SAM, "prod", "Analyst")

    assert prepared == [plain, plain]
    assert api.get(f"/api/members/{SAM}").json()["roles"][2]["role_name"] == "Analyst"
    assert ask(legacy, "demo-no-rights-token").get("/api/members").status_code == 401
    put(api, SAM, "prod", "No access")
