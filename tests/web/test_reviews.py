"""Reviewing as one sees it: my campaigns, the queue, decisions with and without script, signing."""

from __future__ import annotations

import pytest

from tests.queries import asserts_queries
from tests.web.client import Browser
from tests.world import World
from tests.world_reviews import WHY, Reviews, crowd, inherited
from uar.models import AuditEntry, Decision, ReviewItem
from uar.models.kinds import RemovalAt, Risk, Verdict
from uar.models.states import ItemState

QUERIES = 10
"""Who asks (3), the menu (1), the queue (6)."""

NAME = "Finance apps, Q1"


@pytest.fixture
def review_world(world: World) -> Reviews:
    return Reviews(world)


@pytest.fixture
def lite(lite_world: World) -> Reviews:
    return Reviews(lite_world)


def test_my_reviews_say_what_waits_for_me(lite: Reviews, lite_browser: Browser) -> None:
    campaign_id = crowd(lite, 2)

    page = lite_browser.as_(lite.world.max).get("/reviews")

    [row] = page.rows("To decide")
    assert row[0] == NAME
    assert row[2].startswith("0 of 2 decided")
    assert row[3] == "Cam Lee"
    assert page.links()[NAME] == f"/reviews/{campaign_id}"


def test_whoever_is_asked_nothing_is_told_so(lite: Reviews, lite_browser: Browser) -> None:
    lite.world.grant()
    lite.staged()

    assert "Nothing to review." in lite_browser.as_(lite.world.sam).get("/reviews").text
    waiting = lite_browser.as_(lite.world.max).get("/reviews").text
    assert f"Your next campaign, {NAME}, is being prepared." in waiting


@pytest.mark.parametrize("who", ["sam", "ada", "cam"])
def test_a_stranger_finds_nothing_anywhere(lite: Reviews, lite_browser: Browser, who: str) -> None:
    lite.world.grant()
    campaign = lite.opened()
    item = lite.item(campaign)
    browser = lite_browser.as_(getattr(lite.world, who))

    for path in ("", "/unchanged", "/signature"):
        browser.get(f"/reviews/{campaign.id}{path}", status=404)
    browser.get(f"/reviews/items/{item.id}", status=404)
    for path, data in (
        (f"/reviews/items/{item.id}/decision", {"verdict": "certify"}),
        (f"/reviews/items/{item.id}/decision/undo", {}),
        (f"/reviews/{campaign.id}/decisions", {"verdict": "certify", "reason": "x", "items": "1"}),
        (f"/reviews/{campaign.id}/signature", {"agree": "true"}),
    ):
        browser.post(path, 404, **data)

    assert lite.decisions() == []


def test_the_queue_shows_each_row_with_its_facts(lite: Reviews, lite_browser: Browser) -> None:
    world = lite.world
    entitlement = world.entitlement(risk=Risk.HIGH, description="May delete all")
    world.grant(entitlement=entitlement)
    lite.holder("Ben Cole", entitlement)
    campaign = lite.opened(instructions="Ask if unsure")

    page = lite_browser.as_(world.max).get(f"/reviews/{campaign.id}")

    assert page.h1 == NAME
    assert "Ask if unsure" in page.text
    rows = page.rows("Access to review")
    assert "CRM · Admins member — May delete all 2 people" in rows[0][0]
    assert rows[1][1] == "Ada Byrne"
    assert rows[1][2] == "Sales Seller"
    assert rows[1][3] == "not known"
    assert rows[1][5] == "new"
    assert rows[1][6] == "2 of 2 in Max Roth’s team"


def test_a_decision_without_script_goes_back_to_the_queue(
    review_world: Reviews, browser: Browser
) -> None:
    world = review_world.world
    world.grant()
    campaign = review_world.opened()
    item = review_world.item(campaign)
    mine = browser.as_(world.max)
    form = mine.get(f"/reviews/{campaign.id}").form(f"/reviews/items/{item.id}/decision")

    page = mine.submit(form, verdict="revoke", reason=WHY)

    assert page.said()[0].startswith("Removed: Ada Byrne, CRM · Admins member.")
    assert world.get(ReviewItem, item.id).state is ItemState.REVOKED
    assert world.all(Decision)[0].reason == WHY
    undo = mine.get(f"/reviews/{campaign.id}?show=removed")
    mine.submit(undo.form(f"/reviews/items/{item.id}/decision/undo"))
    assert world.get(ReviewItem, item.id).state is ItemState.PENDING


def test_a_decision_with_script_answers_with_the_row_and_what_changed(
    lite: Reviews, lite_browser: Browser
) -> None:
    crowd(lite, 2)
    first, _ = lite.world.all(ReviewItem)
    mine = lite_browser.as_(lite.world.max)

    part = mine.post_fragment(f"/reviews/items/{first.id}/decision", verdict="certify")

    assert part.root.all("tr", id=f"item-{first.id}")
    assert "kept" in part.text
    assert "1 of 2 decided" in part.text
    assert "Sign off" not in part.text


@pytest.mark.parametrize("script", [True, False])
def test_a_removal_without_a_reason_is_asked_for_one_and_keeps_what_was_typed(
    lite: Reviews, lite_browser: Browser, script: bool
) -> None:
    lite.world.grant()
    item = lite.item(lite.opened())
    mine = lite_browser.as_(lite.world.max)
    path = f"/reviews/items/{item.id}/decision"

    if script:
        part = mine.post_fragment(path, 422, verdict="revoke", reason=" ")
        assert part.root.all("tr", id=f"item-{item.id}")
    else:
        part = mine.post(path, 422, verdict="revoke", reason=" ")

    assert "Say why it is removed." in part.text
    assert lite.decisions() == []


def test_nonsense_for_a_verdict_is_refused(lite: Reviews, lite_browser: Browser) -> None:
    lite.world.grant()
    item = lite.item(lite.opened())
    mine = lite_browser.as_(lite.world.max)

    for verdict in ("", "maybe", "undo"):
        mine.post_fragment(f"/reviews/items/{item.id}/decision", 422, verdict=verdict, reason="x")

    assert lite.decisions() == []


def test_a_removal_that_has_begun_says_that_it_is_final_and_is_recorded(
    lite: Reviews, lite_browser: Browser
) -> None:
    grant = lite.world.grant()
    item = lite.item(lite.opened(removal_at=RemovalAt.DECISION))
    lite.decide(item, Verdict.REVOKE)
    lite.send(grant)

    part = lite_browser.as_(lite.world.max).post_fragment(
        f"/reviews/items/{item.id}/decision/undo", 409
    )

    assert "the decision is final" in part.text
    assert "the removal was sent: this is final" in part.text
    assert any(row.action.endswith(".refused") for row in lite.world.all(AuditEntry))


def test_a_row_says_when_its_removal_leaves(lite: Reviews, lite_browser: Browser) -> None:
    lite.world.grant()
    campaign = lite.opened(removal_at=RemovalAt.DECISION)
    lite.decide(lite.item(campaign), Verdict.REVOKE)

    page = lite_browser.as_(lite.world.max).get(f"/reviews/{campaign.id}?show=removed")

    assert "removal is sent at 12:10 unless undone" in page.text


def test_rows_are_decided_together_from_the_queue(lite: Reviews, lite_browser: Browser) -> None:
    campaign_id = crowd(lite, 3)
    ids = [item.id for item in lite.world.all(ReviewItem)]
    mine = lite_browser.as_(lite.world.max)
    assert mine.get(f"/reviews/{campaign_id}").form(f"/reviews/{campaign_id}/decisions")

    page = mine.post(
        f"/reviews/{campaign_id}/decisions", verdict="revoke", reason=WHY, items=ids[:2]
    )

    assert page.said()[0] == "Removed: 2 rows."
    mine.post(f"/reviews/{campaign_id}/decisions", 422, verdict="certify", items=ids[2:])
    mine.post(f"/reviews/{campaign_id}/decisions", 422, verdict="certify", reason="x")


def test_the_facts_open_beside_the_queue_and_as_a_page(
    lite: Reviews, lite_browser: Browser
) -> None:
    _, mail, _ = inherited(lite)
    item = lite.item(lite.opened(), mail)
    mine = lite_browser.as_(lite.world.max)

    panel = mine.fragment(f"/reviews/items/{item.id}")
    page = mine.get(f"/reviews/items/{item.id}")

    for part in (panel, page):
        assert "through crm-admins, since 12 Mar 2025" in part.text
        assert "take Ada Byrne out of crm-admins, once an owner of it agrees." in part.text
        assert "Wiki member" in part.text
    assert page.h1 == "Ada Byrne, CRM · Mail member"


@pytest.mark.parametrize(
    "query",
    [
        "?show=all&group=person",
        "?show=nonsense&group=nonsense&after=x",
        "?q=%25&show=kept",
        "?after=99999999",
        "?q=" + "x" * 300,
    ],
)
def test_any_address_of_the_queue_shows_a_page(
    lite: Reviews, lite_browser: Browser, query: str
) -> None:
    campaign_id = crowd(lite, 2)

    lite_browser.as_(lite.world.max).get(f"/reviews/{campaign_id}{query}")


def test_a_long_queue_goes_on_without_a_gap(lite: Reviews, lite_browser: Browser) -> None:
    campaign_id = crowd(lite, 120)
    mine = lite_browser.as_(lite.world.max)

    first = mine.get(f"/reviews/{campaign_id}")
    second = mine.get(first.links()["Next 100"])

    names = [row[1] for page in (first, second) for row in page.rows("Access") if len(row) > 1]
    assert names == [f"P{n:03} Doe" for n in range(120)]


@pytest.mark.parametrize("n", [2, 90])
def test_the_queue_costs_the_same_queries_however_long_it_is(
    review_world: Reviews, browser: Browser, n: int
) -> None:
    world = review_world.world
    campaign_id = crowd(review_world, n)
    mine = browser.as_(world.max)

    with asserts_queries(QUERIES, world.engine):
        mine.get(f"/reviews/{campaign_id}")
