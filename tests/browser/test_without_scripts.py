"""The same two journeys with scripts switched off: forms and links are enough."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Desk
from tests.browser.running import Running, eventually

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WHY = "the fair in Hanover is over"


def test_a_review_needs_no_scripts(company: Running, desk: Desk) -> None:
    page = desk.sit("Carla Mendes", scripts=False)
    page.goto(f"/reviews/{company.campaign().id}")
    edith = page.get_by_role("row").filter(has_text="Edith Olsen")
    edith.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Say why it is removed.")).to_be_visible()
    page.get_by_role("textbox", name="Reason").fill(WHY)
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Removed: Edith Olsen, JumpCloud · board-papers")).to_be_visible()

    derek = page.get_by_role("row").filter(has_text="Derek Shaw")
    derek.get_by_role("button", name="Keep").click()
    page.get_by_role("link", name="Sign off…").click()
    page.get_by_label("This is my own decision on every row").check()
    page.get_by_role("button", name="Sign off").click()
    expect(page.get_by_text("Signed:")).to_be_visible()

    eventually(lambda: company.is_gone("board-papers"))
    assert "Edith Olsen" not in company.members("board-papers")
    assert "Derek Shaw" in company.members("crm-users")


def test_a_request_needs_no_scripts(company: Running, desk: Desk) -> None:
    ben = desk.sit("Ben Cole", scripts=False)
    ben.goto("/access?q=release-managers")
    offer = ben.get_by_role("row", name="JumpCloud · release-managers · Member")
    offer.get_by_role("link", name="Ask for").click()
    ben.get_by_label("1 h", exact=True).check()
    ben.get_by_role("textbox", name="Why").fill("Ship 4.2 while Viktor is away")
    ben.get_by_role("button", name="Ask for access").click()
    expect(ben.get_by_text("You are told as soon as it is decided.")).to_be_visible()
    ben.goto("/access")
    expect(ben.get_by_role("table", name="Asked for", exact=True)).to_contain_text(
        "release-managers"
    )

    max_ = desk.sit("Max Roth", scripts=False)
    max_.goto("/requests")
    asked = max_.get_by_role("row").filter(has_text="Ship 4.2")
    asked.get_by_role("button", name="Approve 30 min").click()
    expect(max_.get_by_text("You approved 30 min: Ben Cole")).to_be_visible()

    eventually(lambda: company.holds("Ben Cole", "release-managers"))
    assert "Ben Cole" in company.members("release-managers")
