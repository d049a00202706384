"""The SCIM connector against somebody else's server, scim2-server, over HTTP."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.base import AccountRecord, AccountStatus
from connectors.errors import Missing, Rejected, Unauthorised
from connectors.scim import Scim
from tests.connectors.scim_cast import Read, account, member_of, role, scim, seat
from tests.vendor_process import NO_TLS

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
TOKEN = "reference-token"
N_PEOPLE, PAGE = 23, 5
PAGES = 5
CONFIG = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
    "patch": {"supported": True},
    "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
    "filter": {"supported": True, "maxResults": PAGE},
    "changePassword": {"supported": False},
    "sort": {"supported": True},
    "etag": {"supported": True},
    "authenticationSchemes": [
        {"type": "oauthbearertoken", "name": "Bearer", "description": "A token"}
    ],
}
CURSORS = {
    "cursor": True, "index": True, "defaultPaginationMethod": "cursor", "defaultPageSize": PAGE,
    "maxPageSize": PAGE, "cursorTimeout": 60,
}  # fmt: skip


@contextmanager
def reference(config: Path) -> Iterator[str]:
    """Run scim2-server on a free port; give the base URL of its SCIM."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = Path(sys.executable).with_name("scim2-server")
    command = [str(program), "--port", str(port), "--bearer-token", TOKEN]
    process = subprocess.Popen(
        [*command, "--service-provider-config", str(config)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"SCIM2_SERVER_SECRET": "a secret for cursors, 32 letters"},
    )
    url = f"http://127.0.0.1:{port}/v2"
    try:
        _wait_for(process, url)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(process: subprocess.Popen[bytes], url: str) -> None:
    for _ in range(200):
        assert process.poll() is None, "scim2-server did not start"
        try:
            httpx.get(f"{url}/Schemas", verify=NO_TLS)
        except httpx.TransportError:
            time.sleep(0.05)
            continue
        return
    raise AssertionError("scim2-server does not answer")


@pytest.fixture(scope="module", params=["index", "cursor"])
def filled(request, tmp_path_factory) -> Iterator[tuple[str, dict[str, str], str]]:
    """Its address, the ids of what was put into it by name, and how it pages."""
    config = {**CONFIG, **({"pagination": CURSORS} if request.param == "cursor" else {})}
    file = tmp_path_factory.mktemp("reference") / "config.json"
    file.write_text(json.dumps(config))
    with reference(file) as url:
        headers = {"authorization": f"Bearer {TOKEN}"}
        with httpx.Client(base_url=url + "/", headers=headers, verify=NO_TLS, timeout=10) as http:
            yield url, _fill(http), request.param


def _fill(http: httpx.Client) -> dict[str, str]:
    ids: dict[str, str] = {}

    def make(path: str, name: str, body: dict[str, Any]) -> None:
        answer = http.post(path, json=body)
        assert answer.status_code == 201, answer.text
        ids[name] = answer.json()["id"]

    for n in range(N_PEOPLE):
        user: dict[str, Any] = {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
            "userName": f"p{n}@example.test",
            "displayName": f"P {n}",
            "active": n != 3,
            "emails": [{"value": f"p{n}@example.test", "type": "work", "primary": True}],
            "roles": [{"value": "admin" if n == 0 else "member"}],
            ENTERPRISE: {"department": "Sales", "employeeNumber": f"E-{n}"},
        }
        if n:
            user[ENTERPRISE]["manager"] = {"value": ids["p0"]}
        make("Users", f"p{n}", user)
    schemas = ["urn:ietf:params:scim:schemas:core:2.0:Group"]
    inner = [{"value": ids[f"p{n}"], "type": "User"} for n in range(7)]
    make("Groups", "inner", {"schemas": schemas, "displayName": "Inner", "members": inner})
    outer = [{"value": ids["inner"], "type": "Group"}, {"value": ids["p9"], "type": "User"}]
    make("Groups", "outer", {"schemas": schemas, "displayName": "Outer", "members": outer})
    make("Groups", "empty", {"schemas": schemas, "displayName": "Empty"})
    return ids


@pytest.fixture
def app(filled, heard) -> Iterator[Callable[..., Scim]]:
    opened: list[Scim] = []

    def open_(**settings: Any) -> Scim:
        opened.append(scim("", heard, TOKEN, **{"base_url": filled[0], **settings}))
        return opened[-1]

    yield open_
    for each in opened:
        each.close()


def test_everything_is_read_and_nothing_is_made_up(filled, app, heard):
    _, ids, paging = filled

    read = Read(app())

    people = [ids[f"p{n}"] for n in range(N_PEOPLE)]
    assert {each.id for each in read.accounts} == set(people)
    assert read.grants == {
        *((ids["inner"], "member", each, "") for each in people[:7]),
        *((ids["outer"], "member", each, ids["inner"]) for each in people[:7]),
        (ids["outer"], "member", people[9], ""),
        *(("admin" if n == 0 else "member", "assigned", who, "") for n, who in enumerate(people)),
    }
    assert read.unread == []
    assert read.requests == 3 + PAGES + 1
    word = "startIndex" if paging == "index" else "cursor"
    assert all(word in line for line in heard.lines if "/Users?" in line)


def test_an_account_carries_what_was_put_there(filled, app):
    _, ids, _ = filled
    read = Read(app())
    third = read.account(ids["p3"])

    assert (third.email, third.department, third.employee_id) == (
        "p3@example.test",
        "Sales",
        "E-3",
    )
    assert third.manager_id == ids["p0"]
    assert third.status is AccountStatus.DISABLED
    assert third.created_at is not None


def test_checking_signs_in_and_a_wrong_token_does_not(filled, app, heard):
    assert app().check().missing_rights == ()

    stranger = scim("", heard, "wrong", base_url=filled[0])
    with pytest.raises(Unauthorised):
        stranger.check()
    stranger.close()


@pytest.mark.parametrize("changes", ["auto", "legacy", "put"])
def test_memberships_begin_and_end(filled, app, changes):
    _, ids, _ = filled
    connector = app(changes=changes)
    person, group = account(ids["p12"]), member_of(ids["inner"])

    assert connector.holds(person, group) is False
    assert not connector.grant(person, group).already
    assert connector.grant(person, group).already
    assert connector.holds(person, group) is True
    assert not connector.revoke(person, group).already
    assert connector.revoke(person, group).already
    assert connector.holds(account(ids["p1"]), group) is True


@pytest.mark.parametrize("changes", ["auto", "legacy"])
def test_a_group_is_filled_from_empty_and_emptied(filled, app, changes):
    _, ids, _ = filled
    connector = app(changes=changes)
    person, group = account(ids["p12"]), member_of(ids["empty"])

    assert not connector.grant(person, group).already
    assert connector.holds(person, group) is True
    assert not connector.revoke(person, group).already
    assert connector.holds(person, group) is False


def test_an_empty_group_is_not_replaced_since_what_it_hides_is_not_known(filled, app):
    _, ids, _ = filled

    with pytest.raises(Rejected, match="does not show"):
        app(changes="put").grant(account(ids["p12"]), member_of(ids["empty"]))


@pytest.mark.parametrize("changes", ["auto", "legacy", "put"])
@pytest.mark.parametrize("what", [role("auditor"), seat("licence/pro"), seat("pro")])
def test_roles_and_entitlements_begin_and_end(filled, app, changes, what):
    _, ids, _ = filled
    connector = app(changes=changes)
    person = account(ids["p5"])

    assert not connector.grant(person, what).already
    assert connector.holds(person, what) is True
    assert not connector.revoke(person, what).already
    assert connector.revoke(person, what).already
    assert connector.holds(person, role("member")) is True


@pytest.mark.parametrize("changes", ["auto", "legacy", "put"])
def test_an_account_is_made_shut_opened_and_deleted(filled, app, changes):
    _, ids, _ = filled
    connector = app(changes=changes)
    wanted = AccountRecord(
        "user", "", "Tim Costa", "tim@example.test", "tim@example.test", title="Analyst",
        department="Sales", employee_id="E-99", manager_id=ids["p0"],
    )  # fmt: skip

    made = connector.create(wanted)
    again = connector.create(wanted)
    tim = account(made.account.id, "Tim")
    found = Read(app()).account(tim.id)

    assert (made.already, again.already, again.account) == (False, True, made.account)
    assert (found.name, found.department, found.manager_id) == ("Tim Costa", "Sales", ids["p0"])
    assert not connector.disable(tim).already
    assert connector.disable(tim).already
    assert Read(app()).account(tim.id).status is AccountStatus.DISABLED
    assert not connector.enable(tim).already
    assert Read(app()).account(tim.id).department == "Sales"
    assert not connector.remove(tim).already
    assert connector.remove(tim).already
    with pytest.raises(Missing):
        connector.enable(tim)


def test_nothing_stands_in_the_way_of_a_group_that_is_there(filled, app):
    _, ids, _ = filled

    assert app().obstacle(member_of(ids["inner"])) == ""
    assert app().obstacle(role("admin")) == ""
    with pytest.raises(Missing):
        app().obstacle(member_of("nowhere"))
