"""What every request passes: strange numbers and characters, other sites' names, the log."""

from __future__ import annotations

import logging

import pytest

from tests.web.client import SAME_ORIGIN, Browser, site_of
from tests.world import World
from uar import sessions
from uar.models import AuditEntry, SignIn
from uar.models.kinds import Role
from uar.permissions import give
from uar.web import COOKIE


@pytest.mark.parametrize("number", [2**31, 2**63, 10**40])
@pytest.mark.parametrize("path", ["/requests/{}", "/reviews/{}", "/access/{}/request"])
def test_a_number_that_is_no_id_names_nothing(
    browser: Browser, world: World, path: str, number: int
) -> None:
    browser.as_(world.ada).get(path.format(number), status=404)


@pytest.mark.parametrize(
    "path", [f"/access?q=&after={10**30}", f"/requests?after={10**30}", "/access?q=a%00b"]
)
def test_what_no_database_can_hold_gets_a_sentence_and_no_fault(
    browser: Browser, world: World, path: str
) -> None:
    answer = browser.as_(world.ada).client.get(path)

    assert answer.status_code in (200, 400)
    assert "our fault" not in answer.text


@pytest.mark.parametrize(
    "typed",
    [
        {"entitlement": 10**14, "minutes": "60", "reason": "Month-end"},
        {"entitlement": 1, "minutes": "60", "reason": "Month\x00end"},
        {"entitlement": 1, "minutes": "9" * 1999, "reason": "Month-end"},
    ],
)
def test_a_form_that_no_database_can_hold_gets_a_sentence_and_no_fault(
    browser: Browser, world: World, typed: dict[str, object]
) -> None:
    world.account(world.ada)
    world.entitlement()

    answer = browser.as_(world.ada).send("/requests", **typed)

    assert answer.status_code in (400, 404, 422)
    assert "our fault" not in answer.text


def test_a_form_larger_than_any_of_ours_is_refused(
    lite_browser: Browser, lite_world: World
) -> None:
    answer = lite_browser.as_(lite_world.ada).send("/requests", reason="x" * 3_000_000)

    assert answer.status_code == 413


def test_an_address_cannot_write_lines_of_its_own_into_the_log(
    lite_browser: Browser, lite_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "uar.web")

    lite_browser.as_(lite_world.ada).client.get("/x%0arequest=1 person=1 POST /apps 303")

    lines = [record.getMessage() for record in caplog.records if record.name == "uar.web"]
    assert len(lines) == 1
    assert "\n" not in lines[0]


def test_the_demo_answers_to_no_name_but_its_own(lite_world: World) -> None:
    """Another site may point its name at this machine; then the browser calls it the same site."""
    client = Browser(site_of(lite_world, demo=True)).client
    evil = {"Host": "evil.example:8000"}

    page = client.get("/sign-in", headers=evil)
    form = client.post(
        "/sign-in", data={"identity_id": lite_world.ada.id}, headers=evil | SAME_ORIGIN
    )

    assert (page.status_code, form.status_code) == (400, 400)
    assert "Ada" not in page.text
    assert lite_world.all(SignIn) == []
    assert client.get("/sign-in", headers={"Host": "127.0.0.1:8000"}).status_code == 200


def test_whose_browser_another_site_used_is_in_the_record(browser: Browser, world: World) -> None:
    with world.as_(world.cam) as work:
        give(work, world.rita.id, Role.CONNECTOR_ADMIN)
    rita = browser.as_(world.rita)
    connector = world.connector()

    answer = rita.client.post(
        f"/connectors/{connector.id}/writing",
        data={"on": "yes"},
        headers={"Sec-Fetch-Site": "cross-site"},
    )

    assert answer.status_code == 403
    entry = world.all(AuditEntry)[-1]
    assert (entry.actor_id, entry.action) == (world.rita.id, "page.refused")


def test_the_way_back_never_leaves_us(lite_browser: Browser, lite_world: World) -> None:
    ada = lite_browser.as_(lite_world.ada)
    for referrer, href in (
        ("http://localhost/access", "/access"),
        ("http://localhost//evil.example/", ""),
        ("http://localhost/\\evil.example/", ""),
        ("http://evil.example/", ""),
    ):
        answer = ada.client.post(
            "/grants/1/extension",
            data={"minutes": "many"},
            headers=SAME_ORIGIN | {"Referer": referrer},
        )

        assert answer.status_code == 422
        assert "evil.example" not in answer.text
        assert (f'href="{href}"' in answer.text) == bool(href) or href == "/access"


def test_whoever_becomes_somebody_else_is_no_longer_whom_she_was(lite_world: World) -> None:
    browser = Browser(site_of(lite_world, demo=True))
    browser.send("/sign-in", identity_id=lite_world.ada.id)
    cookie = browser.client.get_cookie(COOKIE)
    assert cookie is not None

    browser.send("/sign-in", identity_id=lite_world.max.id)

    with lite_world.reading() as session:
        first, second = lite_world.all(SignIn)
        assert sessions.find(session, cookie.value, second.began_at) is None
    assert (first.ended_at is None, second.ended_at is None) == (False, True)
