"""`uar demo` as a person runs it: one command, several processes, all gone at the end."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import col

from tests.demo_process import READY, Demo, Shell, beside, free_port, is_listening, page, vendor_of
from tests.shell import plain_environ as plain_environ
from uar import clock
from uar.approvals import Answer, decide
from uar.demo.company import company
from uar.demo.connecting import person, right
from uar.demo.systems import DIRECTORY, SYSTEMS, System
from uar.filing import file
from uar.models import App, GrantCause
from uar.models.kinds import Cause
from uar.settings import load
from uar.site import open_site
from uar.work import SYSTEM, Actor

pytestmark = pytest.mark.slow


def prod_role(workato: str, name: str) -> str:
    """Ask Workato itself which role somebody has in production."""
    asked = urllib.request.Request(
        f"{workato}/api/members", headers={"Authorization": "Bearer demo-token"}
    )
    with urllib.request.urlopen(asked, timeout=10) as answer:
        rows = json.load(answer)
    members = rows["data"] if isinstance(rows, dict) else rows
    roles = next(each["roles"] for each in members if each["name"] == name)
    return next(str(r["role_name"]) for r in roles if r["environment_type"] == "prod")


def eventually(condition: Callable[[], bool], within: float = 60) -> None:
    """Wait until a condition holds; fail when it does not."""
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, f"not within {within} s"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory, plain_environ: dict[str, str]) -> Shell:
    return Shell(tmp_path_factory.mktemp("demo"), plain_environ)


@pytest.fixture
def elsewhere(tmp_path: Path, plain_environ: dict[str, str]) -> Shell:
    """Another folder, in which nothing has happened yet."""
    return Shell(tmp_path, plain_environ)


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def demo(shell: Shell, port: int) -> Iterator[Demo]:
    running = Demo(shell, port)
    running.until(READY)
    yield running
    running.stop()


def test_one_command_fills_an_inventory_from_the_vendor_and_serves_it(
    demo: Demo, shell: Shell, port: int
) -> None:
    said = demo.said()

    assert demo.url in said
    assert "Rita Ortiz" in said
    assert "<h1" in page(demo.url)
    assert "crm-admins" in page(vendor_of(said))
    listed = shell.uar(port, "inventory", "--app", "JumpCloud", "--json")
    assert '"ada.byrne@tidewheel.example"' in listed.stdout, listed.stderr


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.vendor)
def test_every_system_came_through_its_connector_and_accounts_belong_to_people(
    system: System, demo: Demo, shell: Shell, port: int
) -> None:
    url = beside(demo.said())[system.app]

    listed = shell.uar(port, "inventory", "--app", system.app, "--json")
    assert listed.returncode == 0, listed.stderr
    accounts = json.loads(listed.stdout)["accounts"]
    whose = {each["email"]: each["identity"] for each in accounts}
    ours = {each.email for each in company().people} & set(whose)
    log = (shell.folder / "var" / "demo" / "log" / f"{system.vendor}.log").read_text()

    assert "Tidewheel" in page(url) or "demo vendor server" in page(url), log
    assert len(ours) >= 8
    assert {whose[email] for email in ours} == ours
    assert system is DIRECTORY or None in whose.values(), "nobody is an orphan"


def test_every_system_has_an_owner_and_writes_only_where_the_demo_needs_it(
    demo: Demo, shell: Shell, port: int
) -> None:
    listed = json.loads(shell.uar(port, "connectors", "list", "--json").stdout)

    assert sorted(each["app"] for each in listed) == sorted(each.app for each in SYSTEMS)
    assert {each["app"] for each in listed if each["writes_on"]} == {"JumpCloud", "Workato"}


def test_ten_minutes_of_admin_in_workato_end_as_operator(demo: Demo, shell: Shell) -> None:
    site = open_site(load({"UAR_DATA_DIR": str(shell.folder / "var")}))
    workato = beside(demo.said())["Workato"]
    with site.reading() as session:
        people = {name: person(session, name) for name in ("Ada Byrne", "Max Roth")}
        app_id = session.scalars(sa.select(col(App.id)).where(col(App.name) == "Workato")).one()
        admin = right(session, app_id, "role", "Admin in prod")
    ada, max_roth = (Actor(each.name, each.id) for each in people.values())
    assert prod_role(workato, ada.name) == "Operator"

    with site.working(ada) as work:
        request = file(work, admin, 10, "The nightly recipe stands still, and I must repair it")
    with site.working(max_roth) as work:
        decide(work, request.id, Answer.APPROVE)
    eventually(lambda: prod_role(workato, ada.name) == "Admin")

    with site.working(SYSTEM) as work:  # time is over, without waiting for it
        work.session.connection().execute(
            sa.update(GrantCause)
            .where(col(GrantCause.kind) == Cause.REQUEST, col(GrantCause.ended_at).is_(None))
            .values(ends_at=clock.now())
        )
    eventually(lambda: prod_role(workato, ada.name) == "Operator")
    site.engine.dispose()


def test_a_second_demo_in_the_same_folder_is_refused(demo: Demo, shell: Shell) -> None:
    second = shell.uar(free_port(), "demo")

    assert second.returncode == 1
    assert f"runs already with this folder, as process {demo.process.pid}" in second.stderr


def test_resetting_a_running_demo_is_refused(demo: Demo, shell: Shell, port: int) -> None:
    refused = shell.uar(port, "demo", "--reset")

    assert refused.returncode == 1
    assert "Stop it with Ctrl-C" in refused.stderr
    assert (shell.folder / "var" / "uar.db").exists()


def test_a_taken_port_is_said_in_one_sentence(demo: Demo, elsewhere: Shell, port: int) -> None:
    refused = elsewhere.uar(port, "demo")

    assert refused.returncode == 1
    assert f"Port {port} on 127.0.0.1 is taken" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_killed_worker_starts_again(demo: Demo) -> None:
    found = re.search(r"kill -9 (\d+)", demo.said())
    assert found

    os.kill(int(found[1]), signal.SIGKILL)

    said = demo.until("The worker runs again, as process")
    assert f"The worker (process {found[1]}) was killed by signal 9" in said


def test_the_second_start_is_quick_and_keeps_what_was_done(
    demo: Demo, shell: Shell, port: int
) -> None:
    assert demo.stop() == 0
    assert not is_listening(demo.url)
    assert not any(map(is_listening, beside(demo.said()).values()))

    began = time.monotonic()
    again = Demo(shell, port)
    said = again.until(READY)
    took = time.monotonic() - began

    again.stop(signal.SIGTERM)
    assert beside(said) == beside(demo.said())
    listed = shell.uar(port, "connectors", "list", "--json").stdout
    assert listed.count('"kind"') == len(SYSTEMS)
    assert "Connecting" not in said
    assert took < 15, f"{took:.1f} s; 5 are promised on a machine that does nothing else"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ends them for us")
def test_nothing_outlives_a_demo_that_is_killed(shell: Shell, port: int) -> None:
    killed = Demo(shell, port)
    vendors = beside(killed.until(READY)).values()

    killed.stop(signal.SIGKILL)

    end = time.monotonic() + 20
    while any(map(is_listening, (killed.url, *vendors))):
        assert time.monotonic() < end
        time.sleep(0.1)


def test_reset_forgets_the_company_and_the_database(shell: Shell, port: int) -> None:
    done = shell.uar(port, "demo", "--reset")

    assert done.returncode == 0, done.stderr
    assert not (shell.folder / "var" / "uar.db").exists()
    assert not (shell.folder / "var" / "demo").exists()


@pytest.mark.parametrize("listen", ["0.0.0.0:8000", "192.0.2.7:80", "[::]:8000"])
def test_the_demo_listens_on_loopback_only(listen: str, elsewhere: Shell) -> None:
    refused = elsewhere.uar(0, "demo", UAR_LISTEN=listen)

    assert refused.returncode == 1
    assert "loopback only" in refused.stderr
    assert not (elsewhere.folder / "var").exists()


def test_the_demo_leaves_an_installation_that_it_did_not_make_alone(elsewhere: Shell) -> None:
    port = free_port()
    added = elsewhere.uar(
        port, "connectors", "add", "jumpcloud", "--app", "Directory", "--api-key", "k"
    )
    assert added.returncode == 0, added.stderr

    refused = elsewhere.uar(port, "demo")

    assert refused.returncode == 1
    assert "not the demo's" in refused.stdout + refused.stderr
