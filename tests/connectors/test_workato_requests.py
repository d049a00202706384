"""How many requests a full read of Workato takes, and that no fault of the vendor loses access."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from connectors.errors import Forbidden, Garbled, RateLimited, Unauthorised, Unavailable
from tests.connectors.loopback import Say
from tests.connectors.workato_cast import ADA, Read
from tests.vendor_process import VendorProcess, vendor

LEGACY_OF_ADA = {"Admin-dev", "Analyst-test", "Operator-prod"}
MOST = 500
BIG = ("--people", 10_000, "--roles", 100, "--folders", 220, "--projects", 20, "--groups", 10)


@pytest.fixture(scope="module", params=["legacy", "migrated"])
def big(request: pytest.FixtureRequest) -> Iterator[VendorProcess]:
    """10,000 collaborators, 100 custom roles, 220 folders."""
    with vendor(*BIG, "--model", request.param, name="workato") as running:
        yield running


def test_ten_thousand_collaborators_take_at_most_five_hundred_requests(big, open_workato):
    read = Read(open_workato(big))

    assert len(read.accounts) == 10_000
    assert read.unread == []
    assert len([each for each in read.resources if each.type == "folder"]) == 220
    assert len({each.resource.id for each in read.grants if "role" in each.resource.type}) > 300
    assert read.requests == big.requests()["total"] <= MOST


def test_everybody_has_the_roles_that_the_vendor_shows(big, open_workato):
    read = Read(open_workato(big))
    rows = big.http.get(
        f"{big.url}/api/members", headers={"authorization": "Bearer demo-token"}
    ).json()["data"]

    true = {
        (str(row["id"]), f"{each['role_name']} in {each['environment_type']}")
        for row in rows
        for each in row["roles"]
        if each["role_name"] != "No access"
    }
    names = {each.ref: each.name for each in read.resources}
    assert {
        (each.account.id, names[each.resource])
        for each in read.grants
        if each.resource.type in ("role", "environment_role")
    } == true


@pytest.mark.parametrize("people", [20, 2_000])
def test_requests_do_not_grow_with_collaborators(open_workato, people):
    with vendor("--people", people, "--roles", 3, name="workato") as server:
        read = Read(open_workato(server))

    # members, two kinds of roles and the end of one, projects, a request for each folder and
    # Home, and at most one for each of three system roles in three environments. A legacy
    # workspace refuses environment roles with 401, so one asks whether the token still works.
    assert len(read.accounts) == people
    assert read.requests <= 1 + 2 + 2 + 1 + 15 + 9


def test_a_wrong_token_ends_the_read(legacy, open_workato):
    with pytest.raises(Unauthorised, match="does not accept the credentials"):
        Read(open_workato(legacy, key="wrong"))


def test_a_token_without_any_endpoint_is_not_accepted_either(legacy, open_workato):
    """Nothing tells it from a wrong one: the vendor answers 401 to both."""
    with pytest.raises(Unauthorised):
        open_workato(legacy, key="demo-no-rights-token").check()


def test_without_the_list_of_members_nothing_is_read(legacy, open_workato):
    legacy.switch(tokens="part:-GET/api/members")

    with pytest.raises(Forbidden, match="Tick it in the client role"):
        Read(open_workato(legacy, key="part"))


def test_a_token_that_stops_working_in_the_middle_ends_the_read(legacy, open_workato):
    legacy.fault("401", path="/api", after=4, times=0)

    with pytest.raises(Unauthorised):
        Read(open_workato(legacy))


def test_a_vendor_that_dies_in_the_middle_ends_the_read(legacy, open_workato):
    legacy.fault("503", path="/api/projects", times=0)

    with pytest.raises(Unavailable):
        Read(open_workato(legacy, net={"retries": 0}))


def test_a_list_of_members_that_is_shorter_than_it_says_is_not_believed(open_workato, call):
    body = b'{"data": [{"id": 1, "name": "Ada", "roles": []}], "total": 2}'
    _, server = call(Say(body=body))

    with pytest.raises(Garbled, match="counts 2 members and sends 1"):
        Read(open_workato(server))


def test_an_empty_list_of_members_is_read_as_one(legacy, open_workato):
    """The brake of a sync holds it; a connector does not know what was there before."""
    legacy.fault("empty", path="/api/members$", times=1)

    assert Read(open_workato(legacy)).accounts == []


@pytest.mark.parametrize("fault", ["429", "500", "503", "truncated", "cut", "drop"])
def test_a_fault_that_passes_costs_a_request_and_nothing_else(legacy, open_workato, fault):
    legacy.fault(fault, after=3, times=2)

    read = Read(open_workato(legacy))

    assert read.roles_of(ADA) == LEGACY_OF_ADA
    assert read.unread == []


def test_folders_that_come_on_the_same_page_for_ever_are_unread(legacy, open_workato):
    legacy.fault("same_page", path="/api/folders", times=0)

    read = Read(open_workato(legacy))

    assert ("folder", "1001") in {(each.resource.type, each.resource.id) for each in read.unread}


@pytest.mark.parametrize("says_when", [True, False])
def test_the_quota_is_waited_out_whether_or_not_the_vendor_says_when(
    legacy, open_workato, says_when
):
    """60 a minute for each family; here a minute takes half a second."""
    legacy.switch(quota=60, quota_window_s=0.5, retry_after=says_when)
    waited: list[float] = []

    def rest(seconds: float) -> None:
        waited.append(seconds)
        time.sleep(seconds if says_when else seconds / 60)

    read = Read(open_workato(legacy, net={"sleep": rest, "retries": 5}))

    assert read.unread == []
    assert len(read.ids("folder")) == 125
    assert waited
    assert max(waited) <= (1.0 if says_when else 60.0)


def test_a_quota_that_never_opens_ends_the_read(legacy, open_workato):
    legacy.fault("429", path="/api/members", times=0)

    with pytest.raises(RateLimited, match="too many requests"):
        Read(open_workato(legacy, net={"retries": 2}))
