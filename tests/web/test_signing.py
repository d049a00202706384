"""Keeping what is unchanged, signing, and calling off what was signed, as one sees it."""

from __future__ import annotations

import pytest

from tests.web.client import Browser
from tests.world import World
from tests.world_reviews import WHY, Reviews, crowd
from uar.models import Grant, ReviewItem, SignOff
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import Verdict
from uar.models.states import OrderState

QUERIES = 10
"""Who asks (3), the menu (1), the queue (6)."""

NAME = "Finance apps, Q1"


@pytest.fixture
def review_world(world: World) -> Reviews:
    return Reviews(world)


@pytest.fixture
def lite(lite_world: World) -> Reviews:
    return Reviews(lite_world)


def test_the_last_decision_invites_to_sign(lite: Reviews, lite_browser: Browser) -> None:
    lite.world.grant()
    item = lite.item(lite.opened())

    part = lite_browser.as_(lite.world.max).post_fragment(
        f"/reviews/items/{item.id}/decision", verdict="certify"
    )

    assert part.links()["Sign off…"] == f"/reviews/{item.campaign_id}/signature"


def test_what_is_unchanged_is_kept_after_reading_the_names(
    lite: Reviews, lite_browser: Browser
) -> None:
    crowd(lite, 2)
    for item in lite.world.all(ReviewItem):
        lite.decide(item, Verdict.CERTIFY, "")
    campaign = lite.opened(name="Q2")
    mine = lite_browser.as_(lite.world.max)
    queue = mine.get(f"/reviews/{campaign.id}")
    assert "2 rows are as they were when last kept" in queue.text

    page = mine.get(queue.links()["Keep all 2…"])
    assert [row[0] for row in page.rows("What you keep")] == ["P000 Doe", "P001 Doe"]
    form = page.form(f"/reviews/{campaign.id}/decisions")
    ids = [item.id for item in lite.items(campaign)]
    again = mine.submit(form, 422, verdict="certify", items=ids, reason="")
    assert again.problems() == ["Say why."]
    done = mine.submit(form, verdict="certify", items=ids, reason="Read them all")

    assert done.said()[0] == "Kept: 2 rows."
    assert "Sign off…" in done.links()


def test_signing_says_what_will_be_removed_and_asks_for_agreement(
    review_world: Reviews, browser: Browser
) -> None:
    world = review_world.world
    world.grant()
    campaign = review_world.opened()
    mine = browser.as_(world.max)
    path = f"/reviews/{campaign.id}/signature"
    assert mine.post(path, 422, agree="true").problems() == [
        "1 still to decide before you can sign."
    ]
    review_world.decide(review_world.item(campaign), Verdict.REVOKE)

    page = mine.get(path)
    [row] = page.rows("What will be removed")
    assert row == ["Ada Byrne", "CRM · Admins member", WHY, "once you sign"]
    assert mine.submit(page.form(path), 422).problems() == ["Say that every decision is your own."]
    done = mine.submit(page.form(path), agree="true")

    assert done.said()[0] == f"Signed: {NAME}. Thank you."
    (signed,) = world.all(SignOff)
    assert signed.statement == (
        f"I have reviewed 1 row of access in “{NAME}” and decided each by what the person needs "
        "for their work: 0 kept, 1 removed."
    )
    [finished] = done.rows("Finished")
    assert finished[0] == NAME
    assert mine.client.get(path).status_code == 303  # there is nothing more to sign


def test_a_signed_removal_can_be_called_off_in_the_queue(
    review_world: Reviews, browser: Browser
) -> None:
    world = review_world.world
    grant = world.grant()
    campaign = review_world.opened()
    item = review_world.item(campaign)
    review_world.decide(item, Verdict.REVOKE)
    review_world.sign(campaign, world.max)
    mine = browser.as_(world.max)

    page = mine.get(f"/reviews/{campaign.id}?show=removed")
    after = mine.submit(page.form(f"/reviews/items/{item.id}/decision/undo"))

    assert after.said()[0].startswith("The removal is called off")
    assert [order.state for order in world.all(Order)] == [OrderState.CANCELLED]
    assert world.get(Grant, grant.id).state == "active"
    assert "the removal was called off" in mine.get(f"/reviews/{campaign.id}?show=all").text
