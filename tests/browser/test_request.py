"""Access for ten minutes, in a browser: asked for, approved, and taken away on time."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Desk
from tests.browser.running import Running, eventually

pytestmark = [pytest.mark.browser, pytest.mark.slow]

GROUP = "production-on-call"
ACCESS = f"JumpCloud · {GROUP} · Member"
WHY = "Arm 12 stands still at a customer's"


def test_access_for_ten_minutes_ends_on_time_though_the_worker_is_killed(
    company: Running, desk: Desk
) -> None:
    ada = desk.sit("Ada Byrne")
    ada.get_by_role("link", name="Ask for access").click()
    ada.get_by_label("What do you need?").fill("production shell")
    ada.get_by_role("button", name="Search").click()
    offer = ada.get_by_role("row", name=ACCESS)
    expect(offer).to_contain_text("Max Roth")
    expect(offer).to_contain_text("8 h")

    offer.get_by_role("link", name="Ask for").last.click()
    expect(ada.get_by_role("heading", level=1)).to_have_text(f"Ask for {ACCESS}")
    expect(ada.get_by_text("The longest allowed is 8 h.")).to_be_visible()
    expect(ada.get_by_role("main").locator("dl.facts")).to_contain_text("Max Roth")
    ada.get_by_label("10 min").check()
    ada.get_by_role("textbox", name="Why").fill(WHY)
    ada.get_by_role("button", name="Ask for access").click()
    expect(ada.get_by_role("table", name="Who decides")).to_contain_text("Max Roth")

    max_ = desk.sit("Max Roth")
    max_.goto("/requests")
    waiting = max_.get_by_role("row").filter(has_text=WHY)
    expect(waiting).to_contain_text(ACCESS)
    waiting.get_by_role("button", name="Approve 10 min").click()
    expect(waiting.get_by_role("button")).to_have_count(0)
    eventually(lambda: "Ada Byrne" in company.members(GROUP))

    eventually(lambda: company.holds("Ada Byrne", GROUP))
    ada.goto("/access")
    held = ada.get_by_role("table", name="My access").get_by_role("row", name=ACCESS)
    expect(held).to_contain_text("ends in 9 min")
    company.worker.kill()
    company.end_now()
    company.worker.start()
    eventually(lambda: company.is_gone(GROUP))

    assert company.changes(GROUP, "Ada Byrne") == [("add", "api"), ("remove", "api")]
    assert "Ada Byrne" not in company.members(GROUP)
    ada.reload()
    over = ada.get_by_role("table", name="Ended in the last seven days")
    expect(over.get_by_role("row", name=ACCESS)).to_contain_text("its time was over")
