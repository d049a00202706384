"""Handing work to somebody else, in a browser: with keys from the queue and from the inbox."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Desk
from tests.browser.running import Running
from uar.demo.seed import membership
from uar.filing import file

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WHY = "she works with them every day"


def test_rows_are_passed_on_with_keys_and_are_the_other_reviewers(
    company: Running, desk: Desk
) -> None:
    campaign = company.campaign()
    page = desk.sit("Priya Nair")
    page.goto(f"/reviews/{campaign.id}")
    rows = page.locator("tr[data-row]")
    expect(rows).to_have_count(5)
    names = rows.get_by_role("rowheader").all_inner_texts()
    press = page.keyboard.press
    expect(rows.first.get_by_role("link", name="pass on")).to_be_visible()

    press("p")
    expect(page.get_by_role("heading", level=1)).to_have_text("Pass on 1 row")
    page.get_by_label("To whom").fill("Sue Grant")
    page.get_by_label("Reason").fill(WHY)
    page.get_by_role("button", name="Pass on").click()
    expect(page.get_by_text("1 row passed on to Sue Grant.")).to_be_visible()
    expect(rows).to_have_count(4)

    press("Space")
    press("j")
    press("Space")
    page.get_by_label("Reason for all of them").fill(WHY)
    page.get_by_role("button", name="Pass on the selected…").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Pass on 2 rows")
    expect(page.get_by_label("Reason")).to_have_value(WHY)
    page.get_by_label("To whom").fill("Sue Grant")
    page.get_by_role("button", name="Pass on").click()
    expect(page.get_by_text("2 rows passed on to Sue Grant.")).to_be_visible()

    sue = desk.sit("Sue Grant")
    sue.goto(f"/reviews/{campaign.id}")
    for name in names[:3]:
        expect(sue.get_by_role("rowheader", name=name).first).to_be_visible()
    sue.get_by_role("link", name=names[0]).first.click()
    expect(sue.get_by_label("Facts")).to_contain_text("Priya Nair until")
    expect(sue.get_by_label("Facts")).to_contain_text(WHY)
    cam = desk.sit("Cam Lee")
    cam.goto(f"/campaigns/{campaign.id}")
    expect(cam.get_by_role("table", name="Log")).to_contain_text(
        f"Priya Nair passed 2 rows on to Sue Grant ({WHY})"
    )


def test_a_step_is_passed_on_with_a_key_and_decided_by_the_other(
    company: Running, desk: Desk
) -> None:
    with company.site.reading() as session:
        right = membership(session, "production-on-call")
    with company.site.working(company.actor("Ben Cole")) as work:
        request = file(work, right, 10, "Look at the logs of arm 7")
    page = desk.sit("Max Roth")
    page.goto(f"/requests/{request.id}")

    page.locator("tr[data-row]").focus()
    page.keyboard.press("p")
    page.get_by_label("To whom").fill("Viktor Ilves")
    page.get_by_label("Reason").fill(WHY)
    page.get_by_role("button", name="Pass on").click()
    expect(page.get_by_text("Passed on to Viktor Ilves: Ben Cole")).to_be_visible()

    viktor = desk.sit("Viktor Ilves")
    viktor.goto("/requests")
    waiting = viktor.get_by_role("row").filter(has_text="arm 7")
    expect(waiting).to_contain_text(f"Max Roth passed it on to Viktor Ilves: “{WHY}”")
    waiting.get_by_role("button", name="Deny").click()
    expect(waiting.get_by_text("Say why you deny it.")).to_be_visible()
    viktor.keyboard.type("ask Viktor's team instead")
    viktor.keyboard.press("Enter")
    expect(waiting).to_contain_text("You denied it")
