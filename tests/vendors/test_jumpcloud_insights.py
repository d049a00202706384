"""JumpCloud's vendor server: Directory Insights, who signed in and who changed what."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.vendor_process import vendor
from tests.vendors.conftest import ADA, MAX, client
from uar import clock

EVENTS = "/insights/directory/v1/events"
NOW = clock.now()


def at(**ago):
    return (NOW - timedelta(**ago)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def sign_in(key, service="directory", kind="user_login_attempt", **ago):
    who = {"type": "user", "id": key}
    return {"timestamp": at(**ago), "event_type": kind, "service": service, "initiated_by": who}


@pytest.fixture(scope="module")
def insights(tmp_path_factory):
    file = tmp_path_factory.mktemp("insights") / "company.json"
    people = [
        {"_id": ADA, "username": "Ada.Byrne", "email": "ada@example.test"},
        {"_id": MAX, "username": "max", "email": "max@example.test"},
    ]
    groups = [{"id": "64c000000000000000000001", "name": "Staff"}]
    old = [sign_in(ADA, days=n) for n in range(1, 80)] + [sign_in(MAX, days=120)]
    sso = [sign_in(MAX, "sso", "sso_auth", hours=n) for n in range(1, 4)]
    file.write_text(
        json.dumps({"systemusers": people, "usergroups": groups, "events": [*old, *sso]})
    )
    with vendor("--company", file) as running:
        yield running


@pytest.fixture
def api(insights):
    with client(insights) as ready:
        yield ready


def ask(api, **body):
    answer = api.post(EVENTS, json={"service": ["all"], "start_time": at(days=100), **body})
    assert answer.status_code == 200, answer.text
    return answer


def test_a_list_of_events_is_a_bare_array_described_by_headers(api):
    answer = ask(api, service=["sso"], sort="ASC")

    assert [row["event_type"] for row in answer.json()] == ["sso_auth"] * 3
    assert answer.headers["X-Result-Count"] == "3"
    assert answer.headers["X-Limit"] == "1000"
    assert answer.headers["X-Sort"] == "ASC"
    assert answer.headers["X-Request-Id"]
    last = answer.json()[-1]
    assert json.loads(answer.headers["X-Search_after"])[1] == last["id"]


@pytest.mark.parametrize("sort", ["ASC", "DESC"])
def test_sending_the_token_back_goes_on_after_the_last_event(api, sort):
    whole = ask(api, service=["directory"], start_time=at(days=79, hours=1), sort=sort).json()
    body = {"service": ["directory"], "start_time": at(days=79, hours=1), "sort": sort, "limit": 40}

    first = ask(api, **body)
    second = ask(api, **body, search_after=json.loads(first.headers["X-Search_after"]))

    assert first.headers["X-Result-Count"] == first.headers["X-Limit"] == "40"
    assert second.headers["X-Result-Count"] < second.headers["X-Limit"]
    assert first.json() + second.json() == whole
    times = [row["timestamp"] for row in whole]
    assert times == sorted(times, reverse=sort == "DESC")


def test_a_token_comes_with_the_last_page_too(api):
    assert ask(api, service=["sso"]).headers["X-Search_after"]
    assert ask(api, service=["radius"]).headers["X-Search_after"]


def test_events_older_than_the_retention_are_gone(api):
    term = {"and": [{"initiated_by.id": MAX}, {"event_type": "user_login_attempt"}]}

    assert ask(api, start_time=at(days=400), search_term=term).json() == []


def test_search_terms_are_combined_with_and_or_not(api):
    both = ask(
        api, search_term={"or": [{"initiated_by.id": [ADA, MAX]}], "not": [{"service": "sso"}]}
    )
    mine = ask(api, search_term={"and": [{"event_type": "SSO_AUTH"}, {"initiated_by.id": MAX}]})

    assert {row["service"] for row in both.json()} == {"directory"}
    assert len(mine.json()) == 3


def test_only_the_fields_named_are_shown(api):
    rows = ask(api, service=["sso"], fields=["timestamp", "initiated_by"]).json()

    assert [sorted(row) for row in rows] == [["initiated_by", "timestamp"]] * 3


def test_an_end_time_ends_the_list(api):
    rows = ask(api, service=["sso"], end_time=at(hours=2, minutes=30)).json()

    assert len(rows) == 1


def test_text_is_found_in_whole_or_in_part(api):
    assert len(ask(api, q="sso_a").json()) == 3
    assert len(ask(api, q="sso_a", exact_match=True).json()) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"service": []},
        {"service": ["everything"]},
        {"start_time": "yesterday"},
        {"start_time": "2026-01-01T00:00:00"},
        {"fields": ["shoe_size"]},
        {"limit": 10_001},
        {"sort": "UP"},
        {"search_after": "token"},
        {"search_term": {"xor": []}},
    ],
)
def test_a_question_that_makes_no_sense_is_answered_400(api, wrong):
    body = {"service": ["all"], "start_time": at(days=1), **wrong}

    assert api.post(EVENTS, json=body).status_code == 400


def test_events_are_counted_without_being_listed(api):
    body = {"service": ["sso"], "start_time": at(days=100)}

    assert api.post(f"{EVENTS}/count", json=body).json() == {"count": 3}


def test_a_key_without_the_right_is_answered_403(insights):
    with client(insights, key="demo-no-rights-key") as powerless:
        body = {"service": ["all"], "start_time": at(days=1)}
        assert powerless.post(EVENTS, json=body).status_code == 403


def test_a_change_of_membership_is_an_event(api):
    body = {"op": "add", "type": "user", "id": ADA}
    api.post("/api/v2/usergroups/64c000000000000000000001/members", json=body)

    rows = ask(api, search_term={"and": [{"event_type": "association_change"}]}).json()

    assert rows[0]["association"]["op"] == "add"
    assert rows[0]["association"]["connection"]["to"] == {"type": "user", "object_id": ADA}


def test_values_are_in_lower_case(api):
    api.put(f"/api/systemusers/{ADA}", json={"jobTitle": "Lead"})

    rows = ask(api, search_term={"and": [{"event_type": "user_update"}]}).json()

    assert rows[0]["resource"]["username"] == "ada.byrne"
