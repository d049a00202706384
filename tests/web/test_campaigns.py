"""Running campaigns as one sees it: plan, preview, stage, open, follow, close."""

from __future__ import annotations

from typing import Any

import pytest

from tests.queries import asserts_queries
from tests.web.client import Browser
from tests.world import World
from tests.world_reviews import WHY, Reviews
from uar.incidents import open_incident
from uar.models import Campaign, Grant, ReviewItem
from uar.models.kinds import Completeness, IncidentKind, Role, Verdict
from uar.models.states import CampaignState, ItemState, RunState

QUERIES = 20

NAME = "Finance apps, Q1"


@pytest.fixture
def review_world(world: World) -> Reviews:
    return Reviews(world)


@pytest.fixture
def lite(lite_world: World) -> Reviews:
    return Reviews(lite_world)


def plan(reviews: Reviews, **values: Any) -> dict[str, Any]:
    return {
        "name": NAME,
        "due_on": "2026-03-20",
        "apps": str(reviews.world.crm.id),
        "reviewer_rule": "manager",
        "fallback_id": str(reviews.world.rita.id),
        "removal_at": "sign_off",
    } | values


def test_a_campaign_is_planned_staged_and_opened_on_its_pages(
    review_world: Reviews, browser: Browser
) -> None:
    world = review_world.world
    world.grant()
    hers = browser.as_(world.cam)
    form = hers.get("/campaigns/new").form("/campaigns")

    draft = hers.submit(form, **plan(review_world, instructions="Ask if unsure"))
    (campaign,) = world.all(Campaign)
    staged = hers.submit(draft.form(f"/campaigns/{campaign.id}/staging"))
    opened = hers.submit(staged.form(f"/campaigns/{campaign.id}/opening"))

    assert draft.said()[0] == "Saved. Nothing is frozen yet."
    assert staged.said()[0] == "Frozen: 1 row. Nobody is told yet."
    assert opened.said()[0] == "Open. The reviewers have been told."
    assert review_world.fresh(campaign).state is CampaignState.OPEN
    assert [row[:2] for row in opened.rows("Reviewers")] == [["Max Roth", "0 of 1"]]
    assert review_world.fresh(campaign).population_hash in opened.text


def test_a_population_that_cannot_be_trusted_opens_with_a_signed_waiver(
    review_world: Reviews, browser: Browser
) -> None:
    world = review_world.world
    world.grant()
    review_world.read(state=RunState.PARTIAL, completeness=Completeness.PARTIAL)
    campaign = review_world.staged()
    hers = browser.as_(world.cam)
    path = f"/campaigns/{campaign.id}/opening"

    page = hers.get(f"/campaigns/{campaign.id}")
    assert "The population of CRM is not complete." in page.text
    refused = hers.submit(page.form(path), 400)
    opened = hers.submit(refused.form(path), waiver="Vendor ticket 12")

    assert any("Sign a waiver" in words for words in refused.problems())
    assert "Cam Lee, 12:00: Vendor ticket 12" in opened.text


@pytest.mark.parametrize("who", ["sam", "ada", "max", "rita"])
def test_a_stranger_finds_no_campaigns(lite: Reviews, lite_browser: Browser, who: str) -> None:
    lite.world.grant()
    campaign = lite.opened()
    stranger = lite_browser.as_(getattr(lite.world, who))

    for path in ("", "/new", "/preview", f"/{campaign.id}", f"/{campaign.id}/closing",
                 f"/{campaign.id}/preview", f"/{campaign.id}/change"):  # fmt: skip
        stranger.get(f"/campaigns{path}", status=404)
    for path in ("", f"/{campaign.id}", f"/{campaign.id}/staging", f"/{campaign.id}/opening",
                 f"/{campaign.id}/closing", f"/{campaign.id}/cancellation"):  # fmt: skip
        stranger.post(f"/campaigns{path}", 404, **plan(lite))

    assert lite.fresh(campaign).state is CampaignState.OPEN


def test_another_administrator_finds_only_her_own(lite: Reviews, lite_browser: Browser) -> None:
    lite.role(lite.world.sam, Role.CAMPAIGN_ADMIN)
    campaign = lite.planned()
    other = lite_browser.as_(lite.world.sam)

    assert "No campaign here." in other.get("/campaigns").text
    for path in ("", "/preview", "/change", "/closing"):
        other.get(f"/campaigns/{campaign.id}{path}", status=404)
    other.get(f"/campaigns/new?like={campaign.id}", status=404)


def test_an_auditor_sees_everything_and_no_button(lite: Reviews, lite_browser: Browser) -> None:
    lite.world.grant()
    lite.role(lite.world.sam, Role.AUDITOR)
    campaign = lite.opened()
    auditor = lite_browser.as_(lite.world.sam)

    [row] = auditor.get("/campaigns").rows("Campaigns")
    page = auditor.get(f"/campaigns/{campaign.id}")

    assert row[:3] == [NAME, "open", "Cam Lee"]
    assert [path for path in page.forms() if path.startswith("/campaigns")] == []
    auditor.post(f"/campaigns/{campaign.id}/closing", 404, reason="x")


def test_the_dashboard_shows_removals_until_they_are_proven(
    review_world: Reviews, browser: Browser
) -> None:
    world = review_world.world
    grant = world.grant()
    campaign = review_world.opened()
    review_world.decide(review_world.item(campaign), Verdict.REVOKE)
    review_world.sign(campaign, world.max)
    review_world.close(campaign)
    hers = browser.as_(world.cam)

    before = hers.get(f"/campaigns/{campaign.id}")
    review_world.prove_gone(grant)
    after = hers.get(f"/campaigns/{campaign.id}")

    [row] = before.rows("Removals")
    assert row[:3] == ["Ada Byrne", "CRM · Admins member", "queued"]
    assert "1 removal not yet proven" in before.text
    assert "verified gone 0" in before.text
    [row] = after.rows("Removals")
    assert row[2] == "verified"
    assert "not yet proven" not in after.text
    assert "Max Roth removed CRM · Admins member for Ada Byrne" in after.text


def test_an_alarm_about_a_removal_is_on_the_campaigns_page(
    lite: Reviews, lite_browser: Browser
) -> None:
    grant = lite.world.grant()
    campaign = lite.opened()
    with lite.world.as_(lite.world.cam) as work:
        open_incident(
            work, IncidentKind.REAPPEARED, app_id=grant.app_id, account_id=grant.account_id,
            entitlement_id=grant.entitlement_id, campaign_id=campaign.id,
            sentence="It is back although the campaign removed it.",
        )  # fmt: skip

    page = lite_browser.as_(lite.world.cam).get(f"/campaigns/{campaign.id}")

    assert "It is back although the campaign removed it." in page.text


def test_closing_names_what_is_left_and_wants_a_reason(
    review_world: Reviews, browser: Browser
) -> None:
    world = review_world.world
    world.grant()
    campaign = review_world.opened()
    hers = browser.as_(world.cam)
    path = f"/campaigns/{campaign.id}/closing"

    page = hers.get(hers.get(f"/campaigns/{campaign.id}").links()["Close…"])
    assert page.rows("Undecided: 1 row") == [["Ada Byrne", "CRM · Admins member", "Max Roth"]]
    refused = hers.submit(page.form(path), 422)
    assert refused.problems() == ["Not everything is decided: why?"]
    done = hers.submit(refused.form(path), reason="Quarter is over")

    assert done.said()[0] == "Closed."
    assert world.all(ReviewItem)[0].state is ItemState.SKIPPED
    assert world.all(Grant)[0].state == "active"


def test_leftovers_are_removed_where_one_says_so(lite: Reviews, lite_browser: Browser) -> None:
    lite.world.grant()
    campaign = lite.opened()
    hers = lite_browser.as_(lite.world.cam)
    path = f"/campaigns/{campaign.id}/closing"

    hers.submit(hers.get(path).form(path), reason=WHY, leftovers="revoke")

    assert lite.item(campaign).state is ItemState.REVOKED
    assert len(lite.orders()) == 1


def test_only_an_open_campaign_has_a_page_to_close_it(lite: Reviews, lite_browser: Browser) -> None:
    campaign = lite.planned()

    lite_browser.as_(lite.world.cam).get(f"/campaigns/{campaign.id}/closing", status=400)


def test_a_staged_campaign_can_be_cancelled(lite: Reviews, lite_browser: Browser) -> None:
    lite.world.grant()
    campaign = lite.staged()
    hers = lite_browser.as_(lite.world.cam)
    page = hers.get(f"/campaigns/{campaign.id}")

    after = hers.submit(page.form(f"/campaigns/{campaign.id}/cancellation"))

    assert lite.fresh(campaign).state is CampaignState.CANCELLED
    assert f"/campaigns/{campaign.id}/opening" not in after.forms()


def test_the_list_can_be_narrowed_and_says_how_far_each_is(
    lite: Reviews, lite_browser: Browser
) -> None:
    lite.world.grant()
    lite.opened(name="A")
    lite.planned(name="B")
    hers = lite_browser.as_(lite.world.cam)

    rows = hers.get("/campaigns").rows("Campaigns")
    drafts = hers.get("/campaigns?show=draft").rows("Campaigns")

    assert [(row[0], row[1]) for row in rows] == [("B", "draft"), ("A", "open")]
    assert rows[1][4].startswith("0 of 1 decided")
    assert [row[0] for row in drafts] == ["B"]
    assert len(hers.get("/campaigns?show=nonsense").rows("Campaigns")) == 2


@pytest.mark.parametrize("n", [1, 30])
def test_a_campaigns_page_costs_the_same_queries_however_large_it_is(
    review_world: Reviews, browser: Browser, n: int
) -> None:
    world = review_world.world
    entitlement = world.entitlement()
    for k in range(n):
        review_world.holder(f"P{k:03} Doe", entitlement)
    campaign = review_world.opened()
    for item in review_world.items(campaign):
        review_world.decide(item, Verdict.REVOKE)
    review_world.sign(campaign, world.max)
    hers = browser.as_(world.cam)

    with asserts_queries(QUERIES, world.engine):
        hers.get(f"/campaigns/{campaign.id}")
