"""Percipio's vendor server: whose token opens what, and what it refuses."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time

import httpx
import pytest

from tests.vendor_process import NO_TLS, vendor
from tests.vendors.percipio_site import ADA, CATALOGUE, REPORTS, USERS, client
from uar.demo.vendors.percipio_tokens import ORGANIZATION, account_id, token

LISTS = (USERS, CATALOGUE)


def test_a_token_is_a_jwt_that_names_its_service_account_and_organization():
    _, body, _ = token().split(".")

    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))

    assert claims["service_account_id"] == account_id("all")
    assert claims["organization_id"] == ORGANIZATION
    assert claims["iss"] == "api.percipio.com"
    assert claims["policy-id"] == "percipio-api-standard-policy"
    assert "exp" not in claims


def test_the_command_prints_the_token_of_a_service_account():
    printed = subprocess.run(
        [sys.executable, "-m", "uar.demo.vendors.percipio", "--print-token", "users-only"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip

    assert printed.strip() == token("users-only")


@pytest.mark.parametrize("path", [*LISTS, f"{REPORTS}/x", "/user-management/v9/nowhere"])
def test_a_request_without_a_token_is_answered_401(percipio, path):
    with httpx.Client(base_url=percipio.url, verify=NO_TLS) as stranger:
        answer = stranger.get(path)

    assert answer.status_code == 401
    assert answer.json() == {"errors": [{"code": "401", "message": "the token is not valid"}]}


@pytest.mark.parametrize(
    "key", ["opaque", token("nobody"), token() + "A", token(exp=1_700_000_001)]
)
def test_a_token_that_is_forged_unknown_or_over_is_answered_401(percipio, key):
    with client(percipio, key) as stranger:
        assert stranger.get(USERS).status_code == 401


def test_a_token_may_have_an_end(percipio):
    with client(percipio, token(exp=int(time.time()) + 60)) as alive:  # noqa: TID251
        assert alive.get(USERS, params={"max": 1}).status_code == 200


def test_a_service_account_can_be_deactivated(percipio, site):
    percipio.switch(accounts="others")

    assert site.get(USERS).status_code == 401


def test_a_token_opens_its_own_organization_only(percipio):
    with client(percipio, token(organization="0b0b0b0b-0000-4000-8000-000000000002")) as other:
        answer = other.get(USERS)

    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("name", "open_"),
    [("users-only", [True, False, False]), ("content-only", [True, True, False]),
     ("no-api", [False, False, False]), ("all", [True, True, True])],
)  # fmt: skip
def test_permissions_are_given_for_each_api(percipio, name, open_):
    with client(percipio, token(name)) as account:
        answers = [account.get(path) for path in (*LISTS, f"{REPORTS}/x")]

    assert [answer.status_code != 403 for answer in answers] == open_


def test_a_path_that_does_not_exist_is_answered_404(site):
    assert site.get("/user-management/v1/organizations").status_code == 404
    assert site.get(f"{USERS}/nobody").status_code == 404


def test_a_hundred_requests_in_twenty_seconds_are_the_limit_of_each_service_account(percipio):
    percipio.switch(rate_limit=100)
    with client(percipio, token("all")) as one, client(percipio, token("users-only")) as other:
        statuses = {one.get(USERS, params={"max": 1}).status_code for _ in range(260)}
        beside = other.get(USERS, params={"max": 1}).status_code

    assert statuses == {200, 429}
    assert beside == 200
    assert percipio.requests()["statuses"]["429"] >= 60


def test_answers_say_what_time_it_is(site):
    assert site.get(USERS, params={"max": 1}).headers["date"].endswith("GMT")


def test_a_state_is_kept_over_a_restart_and_a_kill(tmp_path):
    state = tmp_path / "state"
    flags = ("--state", state, "--people", "3", "--courses", "2", "--activity", "4")
    with vendor(*flags, name="percipio") as running, client(running) as api:
        person = api.get(USERS).json()[0]["id"]
        assert api.patch(f"{USERS}/{person}", json={"role": "MANAGER"}).status_code == 200
        running.die()

    with vendor(*flags, name="percipio") as running, client(running) as api:
        assert api.get(f"{USERS}/{person}").json()["role"] == "MANAGER"
        assert [line["body"] for line in running.history()] == [{"role": "MANAGER"}]


def test_the_same_sizes_and_seed_give_the_same_site():
    flags = ("--people", "40", "--courses", "12", "--others", "3", "--activity", "50")
    found = []
    for _ in range(2):
        with vendor(*flags, name="percipio") as running, client(running) as api:
            found.append((api.get(USERS).json(), api.get(CATALOGUE).json()))

    assert found[0] == found[1]
    assert (len(found[0][0]), len(found[0][1])) == (40, 15)
    assert {row["role"] for row in found[0][0]} >= {"LEARNER", "ADMIN"}
    assert {row["isActive"] for row in found[0][0]} == {True, False}


def test_a_company_whose_activity_is_nobodys_is_refused(tmp_path):
    file = tmp_path / "company.json"
    file.write_text(json.dumps({"activity": [{"user": ADA, "content": ADA}]}))

    done = subprocess.run(
        [sys.executable, "-m", "uar.demo.vendors.percipio", "--company", file],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert "not there" in done.stderr
