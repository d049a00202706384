"""Percipio's vendor server: its page for people, without a script."""

from __future__ import annotations

import re

import pytest

from tests.vendors.pages import browsing, rows
from tests.vendors.percipio_site import ADA, MAX, PRIVACY, USERS


@pytest.fixture
def browser(percipio):
    with browsing(percipio) as ready:
        yield ready


def test_the_page_shows_courses_with_how_many_learn_them(browser):
    page = browser.get("/")

    assert page.status_code == 200
    assert "<title>Percipio (demo vendor server)</title>" in page.text
    assert rows(page, "courses")[0] == ["Data protection Compliance", "1", "1"]
    assert len(rows(page, "courses")) == len(rows(page, "people")) == 50


def test_people_come_in_pages(browser):
    last = browser.get("/", params={"people": 1200})

    assert len(rows(last, "people")) == 3
    assert "Previous people" in last.text
    assert "Next people" not in last.text


def test_the_learners_of_a_course_are_shown_with_their_state(browser):
    page = browser.get("/", params={"course": PRIVACY})

    assert "Learners of Data protection" in page.text
    assert [row[0] for row in rows(page, "people")] == [
        "Ada Byrne Completedada@example.test",
        "Max Byrne Startedmax@example.test",
    ]


def test_a_person_is_found_by_name_or_role(browser):
    page = browser.get("/", params={"q": "admin"})

    assert [row[0] for row in rows(page, "people")] == ["Rita Byrnerita@example.test"]
    assert 'http-equiv="refresh"' not in page.text
    assert "Find a person" in browser.get("/").text
    assert 'http-equiv="refresh" content="2"' in browser.get("/").text
    assert 'http-equiv="refresh"' not in browser.get("/", params={"live": "off"}).text


def test_buttons_change_role_and_state_as_an_administrator_would(percipio, site, browser):
    browser.post("/change", data={"user": MAX, "role": "CONTENT_CURATOR"})
    page = browser.post("/change", data={"user": MAX, "active": "no", "q": "max@"})

    max_ = site.get(f"{USERS}/{MAX}").json()
    assert (max_["role"], max_["isActive"]) == ("CONTENT_CURATOR", False)
    assert rows(page, "people")[0][1] == "Inactive"
    assert rows(page, "newest first")[0][1:] == ["Max Byrne: isActive False", "by hand"]
    assert [line["by"] for line in percipio.history()[-2:]] == ["by hand", "by hand"]


def test_roles_are_chosen_while_nothing_reloads(browser):
    assert "<select" not in browser.get("/").text
    assert '<select name="role" aria-label="Role of Ada Byrne">' in browser.get("/?live=off").text
    assert "<select" in browser.get("/", params={"q": "ada@"}).text


def test_a_change_by_api_is_shown_too(site, browser):
    site.patch(f"{USERS}/{ADA}", json={"role": "MANAGER"})

    assert rows(browser.get("/"), "newest first")[0][1:] == ["Ada Byrne: role MANAGER", "api"]


def test_a_change_that_the_vendor_refuses_says_why(browser):
    page = browser.post("/change", data={"user": MAX, "role": "KING"})

    assert 'role="status">role must be one of' in page.text


def test_a_form_of_another_site_changes_nothing(percipio, browser):
    before = len(percipio.history())
    form = {"user": ADA, "role": "ADMIN"}

    other = browser.post("/change", data=form, headers={"origin": "http://elsewhere.example"})
    rebound = browser.post("/change", data=form, headers={"host": "rebound.example"})

    assert (other.status_code, rebound.status_code) == (403, 403)
    assert len(percipio.history()) == before


def test_what_people_type_is_shown_as_text(site, browser):
    site.post(USERS, json={"externalUserId": "bold", "firstName": "<b>Bold</b>"})

    page = browser.get("/", params={"q": "<b>bold"})

    assert "<b>" not in page.text
    assert "&lt;b&gt;Bold&lt;/b&gt;" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_a_page_is_small_and_needs_no_other_file_than_its_style(browser):
    page = browser.get("/")

    assert len(page.content) < 120_000
    assert "<script" not in page.text
    assert re.findall(r'href="([^"]+\.css)"', page.text) == ["/page.css"]
    assert browser.get("/nothing").status_code == 404
