"""JumpCloud's vendor server: its history, its restarts, its faults, and killing at an instant."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time

import httpx
import pytest

from tests.vendor_process import NO_TLS, vendor
from tests.vendors.conftest import ADA, CAM, CRM, MAX, SALES, STAFF, change, client, ends, new_group

MEMBERS = f"/api/v2/usergroups/{SALES}/members"


# history


def test_the_history_tells_each_change_once_with_its_effect(server, api):
    group = new_group(api, "Told")
    before = len(server.history(applied=False))

    change(api, group, "add", ADA)
    change(api, group, "add", ADA)
    change(api, group, "remove", ADA)

    lines = server.history(applied=False)[before:]
    assert [(line["effect"], line["status"]) for line in lines] == [
        ("applied", 204),
        ("refused", 409),
        ("applied", 204),
    ]
    assert lines[0]["method"] == "POST"
    assert lines[0]["path"] == f"/api/v2/usergroups/{group}/members"
    assert lines[0]["body"] == {"op": "add", "type": "user", "id": ADA}
    assert [line["seq"] for line in lines] == [before + 1, before + 2, before + 3]
    assert lines[0]["at"] <= lines[2]["at"]
    assert len(server.history()) == len(server.history(applied=False)) - sum(
        line["effect"] == "refused" for line in server.history(applied=False)
    )


def test_reads_and_strangers_leave_no_history(server, api):
    before = server.history(applied=False)

    api.get(MEMBERS)
    with client(server, key="guessed") as stranger:
        change(stranger, SALES, "add", CAM)

    assert server.history(applied=False) == before


def test_simultaneous_adds_are_applied_once(server, api):
    group = new_group(api, "Contended")
    answers = []

    def add():
        with client(server) as mine:
            answers.append(change(mine, group, "add", ADA).status_code)

    threads = [threading.Thread(target=add) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert sorted(answers) == [204] + [409] * 7
    assert ends(api.get(f"/api/v2/usergroups/{group}/members").json()) == [ADA]


@pytest.mark.parametrize("killed", [True, False])
def test_a_restart_keeps_what_was_done(company_file, tmp_path, killed):
    flags = ("--company", company_file, "--state", tmp_path / "jumpcloud.state")
    with vendor(*flags) as first, client(first) as api:
        group = new_group(api, "Kept")
        assert change(api, group, "add", ADA).status_code == 204
        assert change(api, STAFF, "remove", MAX).status_code == 204
        history = first.history()
        if killed:
            first.die()

    with vendor(*flags) as second, client(second) as api:
        assert second.history() == history
        assert ends(api.get(f"/api/v2/usergroups/{group}/members").json()) == [ADA]
        assert change(api, STAFF, "remove", MAX).status_code == 404
        assert second.history(applied=False)[-1]["seq"] == len(history) + 1


def test_a_line_that_a_kill_cut_off_was_never_answered_for(company_file, tmp_path):
    state = tmp_path / "jumpcloud.state"
    with vendor("--company", company_file, "--state", state) as first, client(first) as api:
        change(api, SALES, "add", CAM)
    with state.open("ab") as journal:
        journal.write(b'{"entry":{"seq":2,"effe')

    with vendor("--state", state) as second, client(second) as api:
        assert len(second.history()) == 1
        change(api, SALES, "remove", CAM)
    with vendor("--state", state) as third:
        assert [line["body"]["op"] for line in third.history()] == ["add", "remove"]


def test_two_servers_do_not_share_a_state(company_file, tmp_path):
    state = str(tmp_path / "jumpcloud.state")
    command = [sys.executable, "-m", "uar.demo.vendors.jumpcloud", "--state", state]

    with vendor("--company", company_file, "--state", state):
        second = subprocess.run(command, capture_output=True, text=True, timeout=20)

    assert second.returncode == 2
    assert "another server" in second.stderr


# killing


@pytest.fixture
def victim():
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def test_a_process_is_killed_before_its_write_is_applied(server, api, victim):
    group = new_group(api, "Never reached")
    server.kill_at_write(victim.pid, "before")

    with pytest.raises(httpx.RemoteProtocolError):
        change(api, group, "add", ADA)

    assert victim.wait(5) == -signal.SIGKILL
    assert api.get(f"/api/v2/usergroups/{group}/members").json() == []
    assert server.control("kill")["fired"][-1] == {"pid": victim.pid, "when": "before"}


def test_a_process_is_killed_after_its_write_is_applied_and_before_the_answer(server, api, victim):
    group = new_group(api, "Reached")
    server.kill_at_write(victim.pid, "after", nth=2)

    change(api, group, "add", ADA)
    assert victim.poll() is None
    change(api, group, "add", MAX)

    assert victim.wait(5) == -signal.SIGKILL
    assert ends(api.get(f"/api/v2/usergroups/{group}/members").json()) == [ADA, MAX]


def test_reads_and_other_writes_do_not_count_towards_a_kill(server, api, victim):
    server.kill_at_write(victim.pid, "before")

    new_group(api, "Not a membership")
    api.get(MEMBERS)
    assert victim.poll() is None

    body = {"op": "add", "type": "user", "id": MAX}
    with pytest.raises(httpx.RemoteProtocolError):
        api.post(f"/api/v2/applications/{CRM}/associations", json=body)
    assert victim.wait(5) == -signal.SIGKILL


@pytest.mark.parametrize(
    "order", [{"pid": 1, "when": "before"}, {"pid": -1, "when": "after"}, {"pid": 9999}, {}]
)
def test_a_kill_that_could_hit_the_wrong_process_is_refused(server, order):
    assert server.http.post(f"{server.url}/_control/kill", json=order).status_code == 400


def test_without_its_flag_the_server_kills_nobody(company_file):
    command = [sys.executable, "-m", "uar.demo.vendors.jumpcloud", "--company", str(company_file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().split()[-1]
        order = {"pid": process.pid + 1, "when": "before"}
        answer = httpx.post(f"{url}/_control/kill", json=order, verify=NO_TLS)
        process.terminate()

    assert answer.status_code == 403


# counts and manners


def test_requests_are_counted_by_route_and_by_status(server, api):
    api.get(MEMBERS)
    api.get(f"/api/v2/usergroups/{STAFF}/members")
    api.get("/api/v2/nowhere")

    counts = server.requests()

    assert counts["total"] == 3
    assert counts["routes"]["GET /api/v2/usergroups/{id}/members"] == 2
    assert counts["statuses"] == {"200": 2, "404": 1}
    server.reset_counts()
    assert server.requests()["total"] == 0


def test_the_most_requests_at_once_are_counted(server):
    server.switch(latency_ms=200)

    def ask():
        with client(server) as mine:
            mine.get(MEMBERS)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert server.requests()["most_at_once"] == 4


def test_the_hidden_door_opens_only_for_loopback_names_and_json(server):
    url = f"{server.url}/_control/switches"

    assert server.http.get(url, headers={"host": "rebound.example"}).status_code == 403
    assert server.http.post(url, content=b"{}").status_code == 400
    assert server.http.get(f"{server.url}/_control/nothing").status_code == 404


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.test"])  # noqa: S104
def test_only_loopback_addresses_are_bound(host):
    command = [sys.executable, "-m", "uar.demo.vendors.jumpcloud", "--host", host]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20)

    assert done.returncode == 2
    assert "loopback" in done.stderr


def test_a_company_that_names_nobody_does_not_start(tmp_path):
    file = tmp_path / "company.json"
    file.write_text(json.dumps({"usergroups": [{"id": STAFF, "name": "Staff", "members": [ADA]}]}))
    command = [sys.executable, "-m", "uar.demo.vendors.jumpcloud", "--company", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20)

    assert done.returncode == 2
    assert ADA in done.stderr


def test_the_same_sizes_and_seed_give_the_same_company():
    flags = ("--people", 40, "--groups", 30, "--memberships", 200, "--apps", 3, "--admins", 2)
    with vendor(*flags) as one, vendor(*flags) as two, vendor(*flags, "--seed", 2) as other:
        answers = []
        for each in (one, two, other):
            with client(each) as api:
                body = {"limit": 1000, "sort": "_id"}
                answers.append(api.post("/api/search/systemusers", json=body).json())

    assert answers[0] == answers[1] != answers[2]
    assert sum(len(row["memberof"]) for row in answers[0]["results"]) == 200


def test_one_connection_serves_many_requests_without_waiting(server):
    with client(server) as api:
        began = time.monotonic()
        for _ in range(200):
            api.get(f"/api/systemusers/{ADA}")

    # with Nagle against delayed acknowledgements each would take 40 ms: 8 s together
    assert time.monotonic() - began < 4


def test_nonsense_is_answered_400_and_hung_up_on(server):
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as raw:
        raw.sendall(b"nonsense\r\n\r\n")
        answer = raw.makefile("rb").read()

    assert answer.startswith(b"HTTP/1.1 400 Bad Request")


def test_head_and_unknown_methods_leave_the_connection_usable(server, api):
    assert api.head("/api/users").content == b""
    assert api.request("PATCH", "/api/users").status_code == 404
    assert api.get("/api/users").status_code == 200


def test_sigterm_ends_it_cleanly(company_file):
    with vendor("--company", company_file) as running:
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(5) == 0
