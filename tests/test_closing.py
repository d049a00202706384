"""Closing a campaign: what is skipped, what is ordered."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.conftest import NOON
from tests.world import World
from tests.world_reviews import Reviews
from uar import provisioning
from uar.campaigns import Leftovers
from uar.errors import Conflict, Invalid
from uar.models import (
    AuditEntry,
    Grant,
)
from uar.models.kinds import (
    RemovalAt,
    Verdict,
)
from uar.models.states import CampaignState, GrantState, ItemState, OrderState


@pytest.fixture
def review_world(world: World) -> Reviews:
    return Reviews(world)


@pytest.fixture
def lite(lite_world: World) -> Reviews:
    return Reviews(lite_world)


def test_a_campaign_in_which_all_is_decided_and_signed_closes(review_world: Reviews) -> None:
    world = review_world.world
    world.grant()
    campaign = review_world.opened()
    review_world.decide(review_world.item(campaign), Verdict.CERTIFY, "")
    review_world.sign(campaign, world.max)

    review_world.close(campaign)

    assert review_world.fresh(campaign).state is CampaignState.CLOSED
    assert review_world.item(campaign).state is ItemState.CERTIFIED


def test_what_nobody_decided_is_skipped_visibly_and_never_removed(review_world: Reviews) -> None:
    world = review_world.world
    grant = world.grant()
    campaign = review_world.opened()

    review_world.close(campaign, reason="Quarter is over")

    assert review_world.item(campaign).state is ItemState.SKIPPED
    assert review_world.orders() == []
    assert world.get(Grant, grant.id).state is GrantState.ACTIVE
    assert any(
        row.action == "review_item.skipped" and row.reason == "Quarter is over"
        for row in world.all(AuditEntry)
    )


def test_closing_with_something_undecided_needs_a_reason(lite: Reviews) -> None:
    lite.world.grant()
    campaign = lite.opened()

    with pytest.raises(Invalid, match="why"):
        lite.close(campaign)

    assert lite.fresh(campaign).state is CampaignState.OPEN


def test_l20_leftovers_can_be_removed_instead_but_not_the_closers_own(
    review_world: Reviews,
) -> None:
    world = review_world.world
    entitlement = world.entitlement()
    grant, own = world.grant(entitlement=entitlement), world.grant(world.cam, entitlement)
    campaign = review_world.opened()

    review_world.close(campaign, reason="Policy", leftovers=Leftovers.REVOKE)

    assert review_world.item(campaign, grant).state is ItemState.REVOKED
    assert review_world.item(campaign, own).state is ItemState.SKIPPED
    assert [order.grant_id for order in review_world.orders()] == [grant.id]
    (decision,) = review_world.decisions()
    assert (decision.by, decision.reason) == (world.cam.id, "Policy")


@pytest.mark.parametrize("removal_at", list(RemovalAt))
def test_what_was_decided_as_removed_is_ordered_at_the_latest_when_it_closes(
    review_world: Reviews, removal_at: RemovalAt
) -> None:
    world = review_world.world
    world.grant()
    campaign = review_world.opened(removal_at=removal_at)
    review_world.decide(review_world.item(campaign), Verdict.REVOKE)

    review_world.close(campaign)  # not signed

    (order,) = review_world.orders()
    assert (order.state, order.campaign_id) == (OrderState.QUEUED, campaign.id)
    assert order.not_before == NOON + timedelta(seconds=600)


def test_removals_wait_for_the_close_where_the_campaign_says_so(review_world: Reviews) -> None:
    world = review_world.world
    world.grant()
    campaign = review_world.opened(removal_at=RemovalAt.CLOSE)
    review_world.decide(review_world.item(campaign), Verdict.REVOKE)
    review_world.sign(campaign, world.max)
    assert review_world.orders() == []

    review_world.close(campaign)

    assert len(review_world.orders()) == 1


def test_a_removal_that_was_called_off_is_not_ordered_again_by_closing(
    review_world: Reviews,
) -> None:
    world = review_world.world
    world.grant()
    campaign = review_world.opened()
    review_world.decide(review_world.item(campaign), Verdict.REVOKE)
    review_world.sign(campaign, world.max)
    with world.as_(world.rita) as work:
        provisioning.cancel(work, review_world.orders()[0].id, reason="a mistake")

    review_world.close(campaign)

    assert [order.state for order in review_world.orders()] == [OrderState.CANCELLED]


def test_a_closed_campaign_stays_closed(lite: Reviews) -> None:
    lite.world.grant()
    campaign = lite.opened()
    lite.close(campaign, reason="over")

    with pytest.raises(Conflict):
        lite.close(campaign, reason="again")


def test_a_decision_and_the_close_at_once_leave_the_item_decided_or_skipped(
    review_world: Reviews,
) -> None:
    world = review_world.world
    world.grant()
    campaign = review_world.opened()
    item = review_world.item(campaign)
    barrier = threading.Barrier(2)

    def close() -> None:
        barrier.wait()
        review_world.close(campaign, reason="over")

    def decide() -> bool:
        barrier.wait()
        try:
            review_world.decide(item, Verdict.CERTIFY, "", by=world.max)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        closing, deciding = pool.submit(close), pool.submit(decide)
        closing.result()
        decided = deciding.result()

    expected = ItemState.CERTIFIED if decided else ItemState.SKIPPED
    assert review_world.item(campaign).state is expected
    assert len(review_world.decisions()) == int(decided)
