"""JumpCloud's vendor server: its page for people, without a script."""

from __future__ import annotations

import re

import pytest

from tests.vendors.conftest import ADA, CAM, RULED, SALES, STAFF, change, ends, new_group
from tests.vendors.pages import browsing, rows


@pytest.fixture
def browser(server):
    with browsing(server) as ready:
        yield ready


def test_the_page_shows_groups_with_their_counts(browser):
    page = browser.get("/")

    assert page.status_code == 200
    assert "<title>JumpCloud (demo vendor server)</title>" in page.text
    counts = dict(rows(page, "groups, by name"))
    assert counts["Sales"] == "2"
    assert counts["Staff"] == "128"
    assert counts["Ruled set by a rule"] == "1"


def test_one_group_is_shown_at_a_time_and_in_pages(browser):
    first = browser.get("/", params={"group": STAFF})
    last = browser.get("/", params={"group": STAFF, "members": 100})

    assert len(rows(first, "members")) == 50
    assert rows(first, "members")[0][:3] == ["Ada Byrne", "ada.byrne@example.test", "Activated"]
    assert len(rows(last, "members")) == 28
    assert "Next members" in first.text
    assert "Next members" not in last.text
    assert "Previous members" in last.text


def test_a_person_is_found_with_every_group(browser):
    page = browser.get("/", params={"q": "ada.byrne"})

    assert rows(page, "Found for")[0][0] == "Ada Byrne ada.byrne@example.test"
    assert {"Staff", "Sales"} <= set(rows(page, "Found for")[0][1].split(", "))


def test_the_page_reloads_itself_except_while_searching_or_stopped(browser):
    refresh = 'http-equiv="refresh" content="2"'

    assert refresh in browser.get("/").text
    assert refresh not in browser.get("/", params={"q": ""}).text
    assert refresh not in browser.get("/", params={"live": "off"}).text


def test_a_button_adds_and_removes_as_an_administrator_would(server, api, browser):
    group = new_group(api, "By hand")

    offered = browser.get("/", params={"group": group, "q": "cam.duarte"})
    assert "Add to By hand" in offered.text
    added = browser.post("/add", data={"group": group, "person": CAM})
    assert [row[0] for row in rows(added, "members")] == ["Cam Duarte"]
    assert ends(api.get(f"/api/v2/usergroups/{group}/members").json()) == [CAM]

    removed = browser.post("/remove", data={"group": group, "person": CAM})
    assert "Nobody." in removed.text
    lines = server.history()[-2:]
    assert [(line["by"], line["body"]["op"]) for line in lines] == [
        ("by hand", "add"),
        ("by hand", "remove"),
    ]


def test_the_page_shows_who_changed_what_by_api_and_by_hand(api, browser):
    group = new_group(api, "Watched")
    change(api, group, "add", ADA)
    page = browser.post("/remove", data={"group": group, "person": ADA})

    latest = rows(page, "newest first")[:2]
    assert [row[1:] for row in latest] == [
        ["Ada Byrne removed from Watched", "by hand"],
        ["Ada Byrne added to Watched", "api"],
    ]


def test_a_change_that_the_vendor_refuses_says_why(browser):
    again = browser.post("/add", data={"group": SALES, "person": ADA})
    ruled = browser.post("/add", data={"group": RULED, "person": ADA})

    assert '<p class="note" role="status">Already Exists</p>' in again.text
    assert "set by its rule" in ruled.text


def test_a_form_of_another_site_changes_nothing(api, browser):
    form = {"group": SALES, "person": ADA}

    other = browser.post("/remove", data=form, headers={"origin": "http://elsewhere.example"})
    rebound = browser.post("/remove", data=form, headers={"host": "rebound.example"})

    assert (other.status_code, rebound.status_code) == (403, 403)
    assert ADA in ends(api.get(f"/api/v2/usergroups/{SALES}/members").json())


def test_what_people_type_is_shown_as_text(api, browser):
    new_group(api, "<b>Bold</b>")

    page = browser.get("/", params={"q": "<b>bold"})

    assert "<b>" not in page.text
    assert "&lt;b&gt;Bold&lt;/b&gt;" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_a_page_is_small_and_needs_no_other_file_than_its_style(browser):
    page = browser.get("/", params={"group": STAFF})
    style = browser.get("/page.css")

    assert len(page.content) < 60_000
    assert "<script" not in page.text
    assert re.findall(r'href="([^"]+\.css)"', page.text) == ["/page.css"]
    assert style.headers["content-type"].startswith("text/css")
    assert "color-scheme: light dark" in style.text
    assert browser.get("/nothing").status_code == 404
