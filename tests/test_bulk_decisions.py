"""Deciding rows together, with one reason."""

from __future__ import annotations

import pytest

from tests.world import World
from tests.world_reviews import (
    WHY,
    Reviews,
    decide_many,
)
from uar import (
    reviews,
)
from uar.errors import Conflict, Invalid, NotFound, Refused
from uar.models import (
    ReviewItem,
)
from uar.models.kinds import (
    RemovalAt,
    Risk,
    Verdict,
)

KEEP, REMOVE = Verdict.CERTIFY, Verdict.REVOKE


@pytest.fixture
def review_world(world: World) -> Reviews:
    return Reviews(world)


@pytest.fixture
def lite(lite_world: World) -> Reviews:
    return Reviews(lite_world)


def bulk(reviews_: Reviews, risk: Risk = Risk.LOW) -> tuple[int, list[ReviewItem]]:
    entitlement = reviews_.world.entitlement(risk=risk)
    for name in ("Ben Cole", "Chi Okafor", "Dan Weiss"):
        reviews_.holder(name, entitlement)
    campaign = reviews_.opened()
    items = reviews_.items(campaign)  # at high risk uar's own roles are among them (L25)
    return campaign.id, [item for item in items if item.app != "uar"]


@pytest.mark.parametrize("verdict", [KEEP, REMOVE])
def test_rows_are_decided_together_with_one_reason(review_world: Reviews, verdict: Verdict) -> None:
    campaign_id, items = bulk(review_world)

    n = decide_many(review_world, campaign_id, [item.id for item in items], verdict)

    assert n == 3
    decided = review_world.decisions()
    assert [(d.verdict, d.reason, d.bulk) for d in decided] == [(verdict, WHY, True)] * 3
    assert decided[0].seen["person"] == "Ben Cole"
    states = {item.state for item in review_world.world.all(ReviewItem)}
    assert states == {reviews.OUTCOME[verdict]}


def test_a_bulk_decision_needs_a_reason_and_rows(lite: Reviews) -> None:
    campaign_id, items = bulk(lite)

    with pytest.raises(Invalid, match="Say why"):
        decide_many(lite, campaign_id, [items[0].id], reason=" ")
    with pytest.raises(Invalid, match="at least one"):
        decide_many(lite, campaign_id, [])


@pytest.mark.parametrize("verdict", [KEEP, REMOVE])
def test_high_risk_is_decided_one_by_one(lite: Reviews, verdict: Verdict) -> None:
    campaign_id, items = bulk(lite, Risk.HIGH)

    with pytest.raises(Refused, match="one by one"):
        decide_many(lite, campaign_id, [item.id for item in items], verdict)

    assert lite.decisions() == []


def test_a_bulk_decision_with_a_row_of_somebody_else_decides_nothing(lite: Reviews) -> None:
    world = lite.world
    other = world.grant(world.sam)  # falls to Rita
    campaign_id, items = bulk(lite)
    assert other.id

    with pytest.raises(NotFound):
        decide_many(lite, campaign_id, [item.id for item in items])

    assert lite.decisions() == []


def test_a_bulk_decision_does_not_overwrite_what_was_decided_otherwise(lite: Reviews) -> None:
    campaign_id, items = bulk(lite)
    lite.decide(items[0], REMOVE)

    with pytest.raises(Conflict, match="already"):
        decide_many(lite, campaign_id, [item.id for item in items])


def test_sending_a_bulk_decision_twice_decides_once(lite: Reviews) -> None:
    campaign_id, items = bulk(lite)
    ids = [item.id for item in items]

    decide_many(lite, campaign_id, ids)

    assert decide_many(lite, campaign_id, ids) == 0
    assert len(lite.decisions()) == 3


def test_removals_decided_together_are_ordered_each(lite: Reviews) -> None:
    entitlement = lite.world.entitlement()
    for name in ("Ben Cole", "Chi Okafor"):
        lite.holder(name, entitlement)
    campaign = lite.opened(removal_at=RemovalAt.DECISION)

    decide_many(lite, campaign.id, [item.id for item in lite.items(campaign)], REMOVE)

    assert len(lite.orders()) == 2
