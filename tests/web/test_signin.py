"""Signing in: anybody in the demo, nobody outside it; and signing out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.web.client import SAME_ORIGIN, Browser, site_of
from tests.world import World
from uar import clock
from uar.models import Identity, SignIn
from uar.models.kinds import PersonStatus, Role
from uar.notifications import tell
from uar.permissions import give
from uar.web import COOKIE


@pytest.fixture
def demo(lite_world: World) -> Browser:
    return Browser(site_of(lite_world, demo=True))


def test_outside_the_demo_there_is_no_page_that_lists_people(
    lite_browser: Browser, lite_world: World
) -> None:
    lite_browser.get("/sign-in", status=404)

    answer = lite_browser.send("/sign-in", identity_id=lite_world.ada.id)

    assert answer.status_code == 404
    assert "Set-Cookie" not in answer.headers
    assert lite_world.all(SignIn) == []


@pytest.mark.parametrize("path", ["/", "/access", "/connectors/1"])
def test_outside_the_demo_every_page_says_how_sign_in_is_configured(
    lite_browser: Browser, path: str
) -> None:
    page = lite_browser.get(path, status=401)

    assert page.h1 == "Sign-in is not configured"
    assert "UAR_DEMO=yes" in page.text
    assert "Ada" not in page.text


def test_the_demo_says_what_each_person_is_for(demo: Browser, lite_world: World) -> None:
    with lite_world.as_(lite_world.cam) as work:
        give(work, lite_world.cam.id, Role.CAMPAIGN_ADMIN)

    rows = demo.get("/sign-in").rows("People (5)")

    purposes = {row[0]: row[1] for row in rows}
    assert purposes["Cam Lee"] == "Campaign administrator"
    assert purposes["Rita Ortiz"] == "Owner of an app"
    assert purposes["Max Roth"] == "Manager of one person"
    assert purposes["Ada Byrne Seller, Sales"] == "Employee"


def test_the_list_of_people_is_searched_by_name(demo: Browser) -> None:
    assert [row[0] for row in demo.get("/sign-in?q=ort").rows("People")] == ["Rita Ortiz"]
    assert demo.get("/sign-in?q=zz").rows("People") == []


def test_one_becomes_a_person_and_comes_back_to_where_one_was(
    demo: Browser, lite_world: World
) -> None:
    asked = demo.client.get("/access?q=crm")
    page = demo.get(asked.headers["Location"])

    answer = demo.send(
        "/sign-in", identity_id=lite_world.ada.id, next=page.form("/sign-in").fields["next"]
    )

    assert asked.headers["Location"] == "/sign-in?next=/access%3Fq%3Dcrm"
    assert answer.headers["Location"] == "/access?q=crm"
    assert "Ada Byrne" in demo.get("/").text


@pytest.mark.parametrize("where", ["//evil.test", "https://evil.test", "/\\evil.test", "evil", ""])
def test_nobody_is_sent_elsewhere_after_signing_in(
    demo: Browser, lite_world: World, where: str
) -> None:
    answer = demo.send("/sign-in", identity_id=lite_world.ada.id, next=where)

    assert answer.headers["Location"] == "/"


def test_the_cookie_is_kept_from_scripts_and_other_sites(demo: Browser, lite_world: World) -> None:
    answer = demo.send("/sign-in", identity_id=lite_world.ada.id)

    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie  # plain http on loopback


@pytest.mark.parametrize(
    "base_url", ["https://127.0.0.1:8000", "https://uar.example.test", "http://uar.example.test"]
)
def test_away_from_loopback_the_cookie_goes_over_https_only(
    lite_world: World, base_url: str
) -> None:
    demo = Browser(site_of(lite_world, demo=True, base_url=base_url))

    answer = demo.send("/sign-in", identity_id=lite_world.ada.id)

    assert "Secure" in answer.headers["Set-Cookie"]


def test_the_token_itself_is_not_in_the_database(demo: Browser, lite_world: World) -> None:
    demo.send("/sign-in", identity_id=lite_world.ada.id)

    token = demo.client.get_cookie(COOKIE)
    assert token is not None
    assert lite_world.all(SignIn)[0].token_hash != token.value
    assert len(token.value) >= 43


def test_after_signing_out_the_token_is_worth_nothing(demo: Browser, lite_world: World) -> None:
    demo.send("/sign-in", identity_id=lite_world.ada.id)
    token = demo.client.get_cookie(COOKIE)
    assert token is not None

    demo.send("/sign-out")

    demo.client.set_cookie(COOKIE, token.value)
    assert demo.client.get("/").headers["Location"] == "/sign-in"


def test_a_sign_in_ends_by_itself(lite_browser: Browser, lite_world: World) -> None:
    ada = lite_browser.as_(lite_world.ada)
    ada.get("/")

    with clock.frozen(clock.now() + timedelta(hours=20, seconds=1)):
        ada.get("/", status=401)


def test_somebody_who_left_is_signed_out(lite_browser: Browser, lite_world: World) -> None:
    ada = lite_browser.as_(lite_world.ada)
    with lite_world.as_(lite_world.max) as work:
        person = work.session.get(Identity, lite_world.ada.id)
        assert person is not None
        person.status = PersonStatus.INACTIVE

    ada.get("/", status=401)


def test_nobody_becomes_somebody_who_left_or_never_was(demo: Browser) -> None:
    answer = demo.send("/sign-in", identity_id=4711)

    assert answer.status_code == 404
    assert "Set-Cookie" not in answer.headers


def test_a_script_without_a_person_is_sent_to_sign_in(demo: Browser) -> None:
    answer = demo.client.get("/access", headers={"HX-Request": "true"})

    assert answer.headers["HX-Redirect"] == "/sign-in"


def test_a_foreign_page_cannot_sign_anybody_in(demo: Browser, lite_world: World) -> None:
    answer = demo.client.post(
        "/sign-in",
        data={"identity_id": lite_world.ada.id},
        headers=SAME_ORIGIN | {"Sec-Fetch-Site": "cross-site"},
    )

    assert answer.status_code == 403


def test_mail_is_read_in_the_demo_only(
    demo: Browser, lite_browser: Browser, lite_world: World
) -> None:
    with lite_world.as_(lite_world.cam) as work:
        tell(work, lite_world.ada.id, "ending", "Your access ends soon", "At 13:00.", "/access")

    page = demo.get("/mailbox")

    assert "Your access ends soon" in page.text
    assert "Ada Byrne <ada@example.test>" in page.text
    assert "No mail yet" in demo.get(f"/mailbox?person={lite_world.max.id}").text
    lite_browser.as_(lite_world.ada).get("/mailbox", status=404)
