"""Workato's vendor server: its page for people, without a script."""

from __future__ import annotations

import httpx
import pytest

from tests.vendor_process import NO_TLS, vendor
from tests.vendors.test_jumpcloud_page import rows

ADA, SAM = 3001, 3005


@pytest.fixture
def browser(legacy):
    with httpx.Client(base_url=legacy.url, verify=NO_TLS, follow_redirects=True) as ready:
        yield ready


def test_the_page_shows_who_has_which_role_in_which_environment(browser):
    page = browser.get("/")

    assert "<title>Workato (demo vendor server)</title>" in page.text
    assert rows(page, "collaborators")[0] == [
        "Ada Byrne ada@example.test", "Admin", "Analyst", "Operator",
    ]  # fmt: skip
    assert "workspace moderator" in page.text


def test_people_are_found_by_name_address_and_role(browser):
    assert [row[0][:3] for row in rows(browser.get("/?q=parent+aud"), "collaborators")] == ["Noo"]
    assert len(rows(browser.get("/?q=sam@"), "collaborators")) == 1
    assert "Nobody." in browser.get("/?q=zzz").text


def test_a_role_is_changed_by_hand(legacy, browser):
    form = {"person": SAM, "environment": "prod", "role": "privilege_group/Analyst"}

    page = browser.post("/role", data=form)

    assert '<option value="privilege_group/Analyst" selected>' in page.text
    assert legacy.history()[-1]["by"] == "by hand"
    assert rows(page, "newest first")[0][1:] == ["Sam Byrne: Analyst in prod", "by hand"]
    browser.post("/role", data={**form, "role": "privilege_group/No access"})


def test_no_access_can_always_be_set_by_hand(legacy, browser):
    legacy.switch(no_access_put=False)
    form = {"person": SAM, "environment": "dev", "role": "privilege_group/No access"}

    assert 'role="status"' not in browser.post("/role", data=form).text


def test_a_change_that_the_vendor_refuses_says_why(browser):
    form = {"person": SAM, "environment": "prod", "role": "privilege_group/Nonesuch"}

    assert '<p class="note" role="status">Role Nonesuch not found</p>' in (
        browser.post("/role", data=form).text
    )


def test_an_invitation_waits_until_it_is_accepted_there(legacy, browser):
    wanted = [{"environment_type": "dev", "name": "Operator"}]
    legacy.http.post(
        f"{legacy.url}/api/member_invitations",
        headers={"authorization": "Bearer demo-token"},
        json={"name": "New Byrne", "email": "new@example.test", "env_roles": wanted},
    )
    waiting = browser.get("/")

    accepted = browser.post("/accept", data={"email": "new@example.test"})

    assert rows(waiting, "Invited")[0][:2] == ["New Byrne", "new@example.test"]
    assert "New Byrne new@example.test" in [row[0] for row in rows(accepted, "collaborators")]
    assert "<caption>Invited" not in accepted.text
    assert browser.post("/accept", data={"email": "new@example.test"}).status_code == 404


def test_somebody_is_removed_by_hand(browser):
    page = browser.post("/remove", data={"person": 3007})

    assert "Wei Byrne" not in " ".join(row[0] for row in rows(page, "collaborators"))
    assert "gone already" in browser.post("/remove", data={"person": 3007}).text


def test_the_page_reloads_itself_except_while_somebody_searches_or_edits(browser):
    refresh = 'http-equiv="refresh" content="2"'

    assert refresh in browser.get("/").text
    for path in ("/?q=ada", f"/?person={ADA}", "/?live=off"):
        assert refresh not in browser.get(path).text


def test_a_form_of_another_site_changes_nothing(legacy, browser):
    before = legacy.history()
    form = {"person": SAM, "environment": "prod", "role": "privilege_group/Admin"}

    other = browser.post("/role", data=form, headers={"origin": "http://elsewhere.example"})
    rebound = browser.post("/role", data=form, headers={"host": "rebound.example"})

    assert (other.status_code, rebound.status_code) == (403, 403)
    assert legacy.history() == before


def test_what_people_type_is_shown_as_text(browser):
    page = browser.get("/", params={"q": "<b>bold"})

    assert "<b>" not in page.text
    assert "&lt;b&gt;bold" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "<script" not in page.text
    assert browser.get("/nothing").status_code == 404


def test_fifty_people_are_shown_at_a_time():
    with (
        vendor("--people", 120, name="workato") as server,
        httpx.Client(base_url=server.url, verify=NO_TLS) as browser,
    ):
        first, last = browser.get("/"), browser.get("/?skip=100")

    assert len(rows(first, "120 collaborators")) == 50
    assert len(rows(last, "120 collaborators")) == 20
    assert "Next" in first.text
    assert "Previous" in last.text
    assert len(first.content) < 60_000
