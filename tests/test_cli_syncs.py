"""The `uar` command as scripts use it, against a real vendor server over HTTP."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.shell import Terminal
from tests.shell import plain_environ as plain_environ
from tests.vendor_process import VendorProcess, vendor
from uar.demo.company import company
from uar.demo.tenant import KEY, tenant

pytestmark = pytest.mark.slow

NOW = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)


@dataclass
class Connected(Terminal):
    """The same, beside a vendor server."""

    vendor: VendorProcess

    def add(self, *more: str) -> int:
        done = self.uar(
            "connectors", "add", "jumpcloud", "--app", "Directory", "--api-key", KEY,
            "--base-url", self.vendor.url, *more,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return int(done.stdout)


@pytest.fixture
def tidewheel(tmp_path: Path) -> Iterator[VendorProcess]:
    file = tmp_path / "company.json"
    file.write_text(json.dumps(tenant(company(), NOW)))
    with vendor("--company", file) as process:
        yield process


@pytest.fixture
def terminal(tmp_path: Path, tidewheel: VendorProcess, plain_environ: dict[str, str]) -> Connected:
    folder = tmp_path / "data"
    folder.mkdir()
    return Connected(folder, plain_environ, tidewheel)


def test_add_prints_the_id_and_a_sync_fills_the_inventory(terminal: Connected) -> None:
    connector = terminal.add()

    done = terminal.uar("sync", str(connector))

    assert done.returncode == 0, done.stderr
    assert "complete" in done.stdout
    assert f"{terminal.vendor.requests()['total']} requests" in done.stdout
    accounts = terminal.json("inventory", "--app", "Directory")["accounts"]
    assert len([a for a in accounts if a["type"] == "user"]) == 60
    assert len([a for a in accounts if a["type"] == "admin"]) == 4


def test_the_inventory_has_the_shape_that_scripts_rely_on(terminal: Connected) -> None:
    terminal.add()
    terminal.uar("sync")
    tidewheel = company()
    group, app = tidewheel.groups[3], tidewheel.applications[0]
    ada, hana, carla = (tidewheel.person(first) for first in ("Ada", "Hana", "Carla"))

    found = terminal.json("inventory", "--app", "Directory")

    assert set(found) == {"accounts", "resources", "entitlements", "grants"}
    account = next(a for a in found["accounts"] if a["id"] == ada.id)
    assert account["profile"].pop("department") == "Sales"
    assert account | {"profile": {}} == {
        "id": ada.id, "type": "user", "name": "Ada Byrne", "email": ada.email,
        "status": "enabled", "last_login_at": None, "profile": {}, "identity": ada.email,
    }  # fmt: skip
    assert {"type": "group", "id": group.id, "name": "crm-admins", "parent": None} in (
        found["resources"]
    )
    assert {resource["type"] for resource in found["resources"]} == {"group", "app", "role"}
    member = {"resource": {"type": "group", "id": group.id}, "slug": "member"}
    access = {"resource": {"type": "app", "id": app.id}, "slug": "access"}
    assert member in found["entitlements"]
    assert member | {"account": hana.id, "direct": True, "via": []} in found["grants"]
    assert access | {"account": carla.id, "direct": True, "via": []} in found["grants"]
    inherited = next(
        g for g in found["grants"] if g["account"] == hana.id and g["resource"]["id"] == app.id
    )
    assert inherited["direct"] is False
    assert {"type": "group", "id": group.id} in inherited["via"]


def test_a_second_sync_changes_nothing_and_says_so(terminal: Connected) -> None:
    terminal.add()
    terminal.uar("sync")

    (run,) = terminal.json("sync")

    assert run["state"] == "complete"
    assert (run["added"], run["changed"], run["gone"]) == (0, 0, 0)
    assert run["requests"] > 0


def test_a_sync_that_reads_only_a_part_exits_3(terminal: Connected) -> None:
    terminal.add()
    group = company().groups[3].id
    terminal.vendor.switch(memberof=False)
    terminal.vendor.fault("403", path=f"/api/v2/usergroups/{group}", times=0)

    done = terminal.uar("sync")

    assert done.returncode == 3, done.stdout + done.stderr
    assert "partial" in done.stdout


def test_a_sync_that_would_remove_too_much_is_held_and_exits_4(terminal: Connected) -> None:
    terminal.add()
    terminal.uar("sync")
    terminal.vendor.switch(memberof=False)
    terminal.vendor.fault("empty", path="/api/v2/usergroups", times=0)

    done, again = terminal.uar("sync"), terminal.uar("sync")

    assert (done.returncode, again.returncode) == (4, 4), done.stdout + again.stderr
    assert "held" in done.stdout
    assert len(terminal.json("inventory", "--app", "Directory")["grants"]) > 100


def test_a_sync_that_fails_exits_5_with_the_reason_and_loses_nothing(terminal: Connected) -> None:
    terminal.add()
    terminal.uar("sync")
    before = terminal.json("inventory", "--app", "Directory")
    terminal.vendor.switch(keys="another-key")

    done = terminal.uar("sync")

    assert done.returncode == 5
    assert "does not accept the credentials" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert terminal.json("inventory", "--app", "Directory") == before


def test_all_connectors_are_synced_and_the_worst_exit_code_wins(terminal: Connected) -> None:
    good = terminal.add()
    done = terminal.uar(
        "connectors", "add", "jumpcloud", "--app", "Other", "--base-url", terminal.vendor.url,
        UAR_JUMPCLOUD_API_KEY="wrong-key",
    )  # fmt: skip
    bad = int(done.stdout)

    done = terminal.uar("sync", "--json")

    assert done.returncode == 5
    assert {run["connector"]: run["state"] for run in json.loads(done.stdout)} == {
        good: "complete",
        bad: "failed",
    }


def test_a_connector_is_listed_and_checked(terminal: Connected) -> None:
    connector = terminal.add("--writes")

    (listed,) = terminal.json("connectors", "list")
    checked = terminal.json("connectors", "check", str(connector))

    assert (listed["id"], listed["app"], listed["kind"]) == (connector, "Directory", "jumpcloud")
    assert listed["writes_on"] is True
    assert checked["who"] == "uar@tidewheel.example"
    assert checked["organisation"] == "Tidewheel Robotics"


def test_checking_a_wrong_key_says_what_to_do(terminal: Connected) -> None:
    connector = terminal.add()
    terminal.vendor.switch(keys="another-key")

    refused = terminal.uar("connectors", "check", str(connector))

    assert refused.returncode == 1
    assert "Enter current ones" in refused.stderr
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize("source", ["flag", "file", "environment", "environment file"])
def test_a_secret_comes_from_where_it_is_kept(source: str, terminal: Connected) -> None:
    file = terminal.folder / "key.txt"
    file.write_text(f"{KEY}\n")
    words = {"flag": ("--api-key", KEY), "file": ("--api-key-file", str(file))}.get(source, ())
    environ = {
        "environment": {"UAR_JUMPCLOUD_API_KEY": KEY},
        "environment file": {"UAR_JUMPCLOUD_API_KEY_FILE": str(file)},
    }.get(source, {})
    url = ("--base-url", terminal.vendor.url)

    done = terminal.uar("connectors", "add", "jumpcloud", "--app", "D", *url, *words, **environ)

    assert done.returncode == 0, done.stderr
    checked = terminal.uar("connectors", "check", done.stdout.strip())
    assert checked.returncode == 0, checked.stderr
    assert KEY not in done.stdout + done.stderr
    assert KEY.encode() not in (terminal.folder / "uar.db").read_bytes()


def test_people_get_roles_and_apps_get_owners_by_mail(terminal: Connected) -> None:
    terminal.add()
    terminal.uar("sync")

    role = terminal.uar("roles", "give", "Cam.Lee@tidewheel.example", "campaign_admin")
    owner = terminal.uar("owners", "add", "--app", "Directory", "rita.ortiz@tidewheel.example")

    assert (role.returncode, owner.returncode) == (0, 0), role.stderr + owner.stderr
    assert terminal.json("roles", "list") == [
        {"mail": "cam.lee@tidewheel.example", "name": "Cam Lee", "role": "campaign_admin"}
    ]
    assert terminal.json("owners", "list", "--app", "Directory") == [
        {"mail": "rita.ortiz@tidewheel.example", "name": "Rita Ortiz"}
    ]


def test_the_audit_chain_is_verified_and_a_broken_one_is_found(terminal: Connected) -> None:
    terminal.add()
    terminal.uar("sync")

    intact = terminal.json("verify")

    assert intact["intact"] is True
    assert intact["entries"] > 0
    _tamper(terminal.folder / "uar.db")
    broken = terminal.uar("verify")
    assert broken.returncode == 1
    assert broken.stderr


def _tamper(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE audit_entry SET reason = 'nothing happened' WHERE id = 1")
