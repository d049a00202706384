"""The main job, in a browser: remove, prove it gone, and hear of it when it comes back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Desk
from tests.browser.running import Running, eventually

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WHY = "moved to planning in June"


def row_of(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name))


def test_a_reviewer_removes_with_the_keyboard_and_it_is_proven_gone(
    company: Running, desk: Desk
) -> None:
    campaign = company.campaign()
    page = desk.sit("Olga Petrenko")
    page.goto(f"/reviews/{campaign.id}")
    press = page.keyboard.press

    expect(row_of(page, "Paul Novotny")).to_be_focused()
    press("j")
    rafa = row_of(page, "Rafa Serrano")
    expect(rafa).to_be_focused()
    press("x")
    expect(rafa.get_by_text("Say why it is removed.")).to_be_visible()
    page.keyboard.type(WHY)
    press("Enter")
    expect(rafa).to_contain_text("removed")
    expect(rafa).to_contain_text(WHY)
    expect(row_of(page, "Sofia Ricci")).to_be_focused()

    press("u")  # the selection has moved on: the last decision is meant
    expect(rafa.get_by_role("button", name="Remove Rafa Serrano")).to_be_visible()
    expect(rafa).to_be_focused()
    press("r")
    page.keyboard.type(WHY)
    press("Enter")
    expect(rafa).to_be_focused()
    press("x")
    expect(row_of(page, "Sofia Ricci")).to_be_focused()
    press("y")
    expect(row_of(page, "Sofia Ricci")).to_contain_text("kept")
    press("k")
    press("k")
    expect(row_of(page, "Paul Novotny")).to_be_focused()
    press("y")
    assert company.changes("erp-users", "Rafa Serrano") == []

    page.get_by_role("link", name="Sign off…").click()
    expect(row_of(page, "Rafa Serrano")).to_contain_text(WHY)
    page.get_by_label("This is my own decision on every row").check()
    page.get_by_role("button", name="Sign off").click()
    expect(page.get_by_text("Signed:")).to_be_visible()

    eventually(lambda: company.is_gone("erp-users"))
    assert [verb for verb, _ in company.changes("erp-users", "Rafa Serrano")] == ["remove"]
    page.goto(f"{company.vendor.url}/?group={company.group('erp-users')}&live=off")
    expect(page.get_by_role("heading", name="Members of erp-users")).to_be_visible()
    expect(page.get_by_text("Rafa Serrano removed from erp-users")).to_be_visible()
    expect(page.get_by_role("button", name="Remove Rafa Serrano")).to_have_count(0)
    expect(page.get_by_role("button", name="Remove Paul Novotny")).to_be_visible()

    page.goto(f"/reviews/{campaign.id}?show=removed")
    expect(row_of(page, "Rafa Serrano")).to_contain_text("proven gone")
    cam = desk.sit("Cam Lee")
    cam.goto(f"/campaigns/{campaign.id}")
    proven = cam.get_by_role("table", name="Removals").get_by_role("row", name="Rafa Serrano")
    expect(proven).to_contain_text("JumpCloud · erp-users · Member")
    expect(proven).to_contain_text("verified")


def test_access_that_comes_back_raises_an_alarm_that_names_the_campaign(
    company: Running, desk: Desk
) -> None:
    campaign = company.campaign()
    company.remove_by_review("Frida Bauer", "payroll-editors", "left in August")
    eventually(lambda: company.is_gone("payroll-editors"))

    group = company.group("payroll-editors")
    vendor = desk.sit("Connie Park")
    vendor.goto(f"{company.vendor.url}/?group={group}&q=heidi")
    vendor.get_by_role("button", name="Add to payroll-editors").click()
    assert "Heidi Kraus" in company.members("payroll-editors")
    connie = desk.sit("Connie Park")
    connie.goto(f"/connectors/{company.connector_id()}")
    connie.get_by_role("button", name="Sync now").click()
    eventually(lambda: any("Heidi Kraus" in sentence for sentence in company.alarms()))

    said = re.compile(
        "Heidi Kraus has “JumpCloud · payroll-editors · Member” again. It had been removed on .* "
        f"as Frida Bauer had decided in the campaign “{re.escape(campaign.name)}”."
    )
    rita = desk.sit("Rita Ortiz")
    rita.goto("/incidents")
    expect(rita.get_by_role("table", name="Open alarms").get_by_text(said)).to_be_visible()
    cam = desk.sit("Cam Lee")
    cam.goto(f"/campaigns/{campaign.id}")
    alarm = cam.get_by_role("alert").filter(has_text="Heidi Kraus")
    expect(alarm.locator("p")).to_contain_text(said)
    ours_then_by_hand = [verb for verb, _ in company.changes("payroll-editors", "Heidi Kraus")]
    assert ours_then_by_hand == ["remove", "add"]
