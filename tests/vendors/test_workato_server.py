"""Workato's vendor server: tokens and what they open, quotas, restarts, faults, kills."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import httpx
import pytest

from tests.connectors.workato_cast import legacy_company
from tests.vendor_process import vendor

PATHS = ("/api/members", "/api/roles", "/api/projects", "/api/folders", "/api/users/me")
SAM = 3005


def put(api, name, environment="dev"):
    role = {"environment_type": environment, "name": name}
    return api.put(f"/api/members/{SAM}", json={"env_roles": [role]})


@pytest.mark.parametrize("path", [*PATHS, "/api/nowhere"])
@pytest.mark.parametrize("token", ["", "guessed"])
def test_an_unknown_token_is_answered_401_everywhere(legacy, ask, path, token):
    answer = ask(legacy, token).get(path)

    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})


def test_the_headers_of_old_open_nothing(legacy, ask):
    old = {"x-user-email": "ada@example.test", "x-user-token": "demo-token"}

    assert ask(legacy, "").get("/api/members", headers=old).status_code == 401


def test_an_unknown_path_is_answered_404(legacy, ask):
    assert ask(legacy).get("/api/nowhere").status_code == 404


def test_a_client_role_that_ticks_nothing_opens_nothing(legacy, ask):
    assert {ask(legacy, "demo-no-rights-token").get(path).status_code for path in PATHS} == {401}


def test_a_client_role_for_reading_changes_nothing(legacy, ask):
    api = ask(legacy, "demo-read-token")

    assert api.get("/api/members").status_code == 200
    assert put(api, "Admin").status_code == 401


def test_one_endpoint_may_not_be_ticked(legacy, ask):
    legacy.switch(tokens="part:-GET/api/roles,-PUT/api/members/{id}")
    api = ask(legacy, "part")

    assert api.get("/api/roles").status_code == 401
    assert put(api, "Admin").status_code == 401
    assert api.get("/api/members").status_code == 200


def test_collaborators_are_open_to_clients_of_dev_only(legacy, ask):
    legacy.switch(tokens="prod:env=prod")
    api = ask(legacy, "prod")

    assert api.get("/api/members").status_code == 401
    assert api.post("/api/member_invitations", json={}).status_code == 401
    assert api.get("/api/projects").json() == []
    assert api.get("/api/roles").status_code == 200


def test_a_client_sees_the_projects_that_it_was_given(legacy, newer, ask):
    for server in (legacy, newer):
        server.switch(tokens="narrow:projects=12")
    api = ask(legacy, "narrow")

    assert [row["id"] for row in api.get("/api/projects").json()] == [12]
    assert [row["id"] for row in api.get("/api/folders").json()] == [1001, 1300]
    assert api.get("/api/folders/1200").status_code == 404
    assert ask(newer, "narrow").get("/api/projects/11/project_grants").status_code == 404
    assert len(api.get("/api/members").json()["data"]) >= 7


# restarts


@pytest.fixture
def workspace_file(tmp_path):
    file = tmp_path / "workspace.json"
    file.write_text(json.dumps(legacy_company()))
    return file


@pytest.mark.parametrize("killed", [True, False])
def test_a_restart_keeps_what_was_done(workspace_file, tmp_path, ask, killed):
    flags = ("--company", workspace_file, "--state", tmp_path / "workato.state")
    with vendor(*flags, name="workato") as first:
        assert put(ask(first), "Operator").status_code == 200
        history = first.history()
        if killed:
            first.die()

    with vendor(*flags, name="workato") as second:
        assert second.history() == history
        roles = ask(second).get(f"/api/members/{SAM}").json()["roles"]
        assert roles[0]["role_name"] == "Operator"


def test_a_group_of_nobody_does_not_start(tmp_path):
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps({"groups": [{"id": "am-1", "members": [1]}]}))

    with (
        pytest.raises(AssertionError, match="names 1, who is no member"),
        vendor("--company", file, name="workato"),
    ):
        pass


# faults and kills


@pytest.mark.parametrize("status", ["429", "500", "503", "401"])
def test_a_fault_comes_as_often_as_told(legacy, ask, status):
    legacy.fault(status, path="/api/roles", times=2)
    api = ask(legacy)

    codes = [api.get("/api/roles").status_code for _ in range(3)]

    assert codes == [int(status), int(status), 200]


def test_an_empty_list_counts_nobody(legacy, ask):
    legacy.fault("empty", path="/api/members", times=1)
    legacy.fault("empty", path="/api/roles", times=1)
    api = ask(legacy)

    assert api.get("/api/members").json() == {"data": [], "total": 0}
    assert api.get("/api/roles").json() == []


def test_the_same_page_may_come_for_ever(legacy, ask):
    legacy.fault("same_page", path="/api/folders", times=0)
    api = ask(legacy)

    first = api.get("/api/folders?parent_id=1001&page=1").json()
    assert api.get("/api/folders?parent_id=1001&page=2").json() == first


@pytest.fixture
def victim():
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize(("when", "now"), [("before", "No access"), ("after", "Operator")])
def test_a_process_is_killed_around_a_write(legacy, ask, victim, when, now):
    api = ask(legacy)
    put(api, "No access")
    legacy.kill_at_write(victim.pid, when)

    try:
        put(api, "Operator")
    except httpx.RemoteProtocolError:
        assert when == "before"

    assert victim.wait(5) == -signal.SIGKILL
    roles = ask(legacy).get(f"/api/members/{SAM}").json()["roles"]
    assert roles[0]["role_name"] == now
    put(ask(legacy), "No access")


def test_requests_are_counted_by_route(legacy, ask):
    api = ask(legacy)
    api.get("/api/members/3001")
    api.get("/api/members/3002/privileges")
    time.sleep(0.01)

    assert legacy.requests()["routes"] == {
        "GET /api/members/{id}": 1,
        "GET /api/members/{id}/privileges": 1,
    }
