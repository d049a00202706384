"""What holds for every page: who may open it, the headers, the menu, the errors."""

from __future__ import annotations

import logging

import pytest
from flask import Flask, render_template

from app import create_app
from tests.queries import asserts_queries
from tests.web.client import SAME_ORIGIN, Browser, site_of
from tests.web.parsed import tree
from tests.world import World
from uar import web
from uar.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from uar.models import AuditEntry
from uar.models.kinds import Role
from uar.permissions import give
from uar.web import ANYBODY, OWNERS, PUBLIC, open_to


def app_with(world: World, **views: object) -> Flask:
    """Return the app with views of the test's own at /test/NAME."""
    app = create_app(site_of(world))
    for name, view in views.items():
        app.add_url_rule(
            f"/test/{name}", endpoint=f"test.{name}", view_func=view, methods=["GET", "POST"]
        )
    return app


def says(words: str):
    def view() -> str:
        return render_template(
            "error.html", status=200, title=words, sentence=words, action_href="", action_label="",
            request_id="",
        )  # fmt: skip

    return view


def failing(error: Exception):
    @open_to(ANYBODY)
    def view() -> str:
        with web.working() as work:
            work.record("app.created", "app:77")
            raise error

    return view


def test_a_view_without_a_mark_is_open_to_nobody(lite_world: World) -> None:
    with lite_world.as_(lite_world.cam) as work:
        give(work, lite_world.cam.id, Role.SUPER_ADMIN)
    app = app_with(lite_world, bare=says("secret"))

    page = Browser(site_of(lite_world), app).as_(lite_world.cam).get("/test/bare", status=403)

    assert "secret" not in page.text


def test_whoever_lacks_the_role_finds_nothing(lite_world: World) -> None:
    app = app_with(lite_world, page=open_to(Role.AUDITOR)(says("secret")))

    page = Browser(site_of(lite_world), app).as_(lite_world.sam).get("/test/page", status=404)

    assert "secret" not in page.text


def test_whoever_has_the_role_is_let_in(lite_world: World) -> None:
    with lite_world.as_(lite_world.max) as work:
        give(work, lite_world.max.id, Role.AUDITOR)
    app = app_with(lite_world, page=open_to(Role.AUDITOR)(says("secret")))

    page = Browser(site_of(lite_world), app).as_(lite_world.max).get("/test/page")

    assert page.h1 == "secret"


def test_a_super_administrator_is_let_in_wherever_somebody_is(lite_world: World) -> None:
    with lite_world.as_(lite_world.max) as work:
        give(work, lite_world.max.id, Role.SUPER_ADMIN)
    app = app_with(lite_world, page=open_to(Role.AUDITOR)(says("secret")))

    page = Browser(site_of(lite_world), app).as_(lite_world.max).get("/test/page")

    assert page.h1 == "secret"


def test_an_owner_of_an_app_is_let_in_where_owners_are(lite_world: World) -> None:
    app = app_with(lite_world, page=open_to(OWNERS)(says("mine")))
    browser = Browser(site_of(lite_world), app)

    assert browser.as_(lite_world.rita).get("/test/page").h1 == "mine"
    browser.as_(lite_world.sam).get("/test/page", status=404)


def test_a_public_page_needs_nobody(lite_world: World) -> None:
    app = app_with(lite_world, page=open_to(PUBLIC)(says("hello")))

    assert Browser(site_of(lite_world), app).get("/test/page").h1 == "hello"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, 403),
        ({"Origin": "http://localhost"}, 200),
        ({"Origin": "http://localhost.evil.test"}, 403),
        ({"Origin": "http://localhost:8001"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
def test_a_change_is_done_only_when_a_page_of_ours_asks(
    lite_world: World, headers: dict[str, str], status: int
) -> None:
    app = app_with(lite_world, page=open_to(PUBLIC)(says("carried out")))

    answer = app.test_client().post("/test/page", headers=headers)

    assert answer.status_code == status
    assert ("carried out" in answer.text) == (status == 200)


def test_reading_needs_no_proof_of_origin(lite_world: World) -> None:
    app = app_with(lite_world, page=open_to(PUBLIC)(says("hello")))

    answer = app.test_client().get("/test/page", headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (NotFound("There is no such app."), 404, "There is no such app."),
        (Forbidden("Only its owner may."), 403, "Only its owner may."),
        (Conflict("Max Roth approved this."), 409, "Max Roth approved this."),
        (Refused("Not your own access.", subject="review_item:7"), 400, "Not your own access."),
        (Invalid("Not usable.", {"name": "Name is missing."}), 422, "Name is missing."),
    ],
)
def test_each_error_has_its_status_and_its_sentence(
    lite_world: World, error: Exception, status: int, words: str
) -> None:
    app = app_with(lite_world, page=failing(error))

    page = Browser(site_of(lite_world), app).as_(lite_world.ada).get("/test/page", status=status)

    assert words in page.text


def test_a_refusal_is_recorded_although_its_work_was_rolled_back(world: World) -> None:
    app = app_with(world, page=failing(Refused("Not your own access.", subject="review_item:7")))

    Browser(site_of(world), app).as_(world.ada).post("/test/page", status=400)

    entry = world.all(AuditEntry)[-1]
    assert (entry.action, entry.subject) == ("review_item.refused", "review_item:7")
    assert (entry.actor_id, entry.reason) == (world.ada.id, "Not your own access.")
    assert entry.request_ref
    assert not [other for other in world.all(AuditEntry) if other.subject == "app:77"]


def test_a_page_that_is_not_there_is_no_refusal_but_a_change_to_it_is(lite_world: World) -> None:
    browser = Browser(site_of(lite_world)).as_(lite_world.sam)
    before = len(lite_world.all(AuditEntry))

    browser.get("/nothing", status=404)

    assert len(lite_world.all(AuditEntry)) == before


def test_htmx_gets_an_error_as_a_note_for_the_top_of_the_page(lite_world: World) -> None:
    app = app_with(lite_world, page=failing(Conflict("Max Roth was faster.")))
    browser = Browser(site_of(lite_world), app).as_(lite_world.ada)

    part = browser.post_fragment("/test/page", status=409)

    assert part.text == "Max Roth was faster."
    assert part.response.headers["HX-Retarget"] == "#flash"


def test_our_own_fault_shows_an_id_and_no_trace(
    lite_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    app = app_with(lite_world, page=failing(RuntimeError("key 4711")))
    browser = Browser(site_of(lite_world), app).as_(lite_world.ada)

    page = browser.get("/test/page", status=500)

    assert "4711" not in page.html
    assert page.response.headers["X-Request-Id"] in page.text
    assert page.response.headers["X-Request-Id"] in caplog.text


def test_each_request_leaves_one_line_with_its_id(
    lite_browser: Browser, lite_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "uar.web")

    page = lite_browser.as_(lite_world.ada).get("/")

    ref = page.response.headers["X-Request-Id"]
    lines = [record.message for record in caplog.records if ref in record.message]
    assert len(lines) == 1
    assert f"person={lite_world.ada.id} GET / 200" in lines[0]


def test_static_files_are_kept_for_a_year_under_their_version(lite_browser: Browser) -> None:
    page = lite_browser.get("/nothing", status=404)
    sheet = page.root.first("link", rel="stylesheet")["href"]

    answer = lite_browser.client.get(sheet)
    other = lite_browser.client.get("/static/app.css")

    assert "immutable" in answer.headers["Cache-Control"]
    assert "immutable" not in other.headers["Cache-Control"]
    answer.close()
    other.close()


def test_the_menu_holds_only_what_one_may_open(lite_browser: Browser, lite_world: World) -> None:
    with lite_world.as_(lite_world.cam) as work:
        give(work, lite_world.cam.id, Role.AUDITOR)

    of_sam = lite_browser.as_(lite_world.sam).get("/").links().values()
    of_cam = lite_browser.as_(lite_world.cam).get("/audit").links().values()

    assert "/audit" not in of_sam
    assert "/audit" in of_cam


def test_every_page_of_the_menu_opens_and_is_named(
    lite_browser: Browser, lite_world: World
) -> None:
    with lite_world.as_(lite_world.cam) as work:
        give(work, lite_world.cam.id, Role.SUPER_ADMIN)
    browser = lite_browser.as_(lite_world.cam)

    for group in tree(browser.get("/").html).first("nav").all("a"):
        for link in browser.get(group["href"]).root.first("nav", data_level="2").all("a"):
            assert (
                browser.get(link["href"]).root.first("a", aria_current="page")["href"]
                == link["href"]
            )


def test_the_start_page_costs_six_queries(browser: Browser, world: World) -> None:
    ada = browser.as_(world.ada)

    with asserts_queries(6, world.engine):
        ada.get("/")


def test_health_says_that_the_database_answers(lite_browser: Browser) -> None:
    answer = lite_browser.client.get("/healthz")

    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_a_form_that_is_not_ours_to_send_names_no_page(lite_browser: Browser) -> None:
    answer = lite_browser.client.post("/sign-out", headers=SAME_ORIGIN)

    assert answer.status_code == 401
