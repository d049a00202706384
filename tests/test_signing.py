"""The signature under a review: what it orders, what it makes final."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.conftest import NOON
from tests.world import World
from tests.world_reviews import (
    Reviews,
    one_row,
)
from uar import provisioning, reviews
from uar.decisions import decisions_hash
from uar.errors import Conflict, Invalid, NotFound
from uar.models import (
    Account,
    Decision,
    Grant,
    ReviewItem,
    SignOff,
)
from uar.models.kinds import (
    ReviewerRule,
    Verdict,
)
from uar.models.states import GrantState, ItemState, OrderState

KEEP, REMOVE = Verdict.CERTIFY, Verdict.REVOKE


@pytest.fixture
def review_world(world: World) -> Reviews:
    return Reviews(world)


@pytest.fixture
def lite(lite_world: World) -> Reviews:
    return Reviews(lite_world)


def test_signing_orders_what_is_to_be_removed(review_world: Reviews) -> None:
    world = review_world.world
    entitlement = world.entitlement()
    gone = world.grant(entitlement=entitlement)
    review_world.holder("Ben Cole", entitlement)
    campaign = review_world.opened()
    for item in review_world.items(campaign):
        review_world.decide(item, REMOVE if item.grant_id == gone.id else KEEP)

    review_world.sign(campaign, world.max)

    (order,) = review_world.orders()
    assert (order.grant_id, order.not_before) == (gone.id, NOON + timedelta(seconds=600))
    (signed,) = world.all(SignOff)
    assert (signed.by, signed.certified, signed.revoked) == (world.max.id, 1, 1)
    assert signed.statement == "I decided each row myself."
    with world.reading() as session:
        assert signed.decisions_hash == decisions_hash(session, campaign.id, world.max.id)


def test_the_signature_is_about_these_decisions_and_no_others(review_world: Reviews) -> None:
    world = review_world.world
    world.grant()
    campaign = review_world.opened()
    review_world.decide(review_world.item(campaign), KEEP, "")
    review_world.sign(campaign, world.max)
    (signed,) = world.all(SignOff)

    (decision,) = review_world.decisions()
    review_world.set(Decision, decision.id, reason="another reason")

    with world.reading() as session:
        assert signed.decisions_hash != decisions_hash(session, campaign.id, world.max.id)


def test_a_reviewer_signs_only_when_all_is_decided(lite: Reviews) -> None:
    lite.world.grant()
    campaign = lite.opened()

    with pytest.raises(Invalid, match="1 still to decide"):
        lite.sign(campaign, lite.world.max)


def test_after_signing_decisions_are_final(review_world: Reviews) -> None:
    world = review_world.world
    world.grant()
    campaign = review_world.opened()
    item = review_world.item(campaign)
    review_world.decide(item, REMOVE)
    review_world.sign(campaign, world.max)

    acts: list[Callable[[], None]] = [
        lambda: review_world.undo(item),
        lambda: review_world.decide(item, KEEP),
        lambda: review_world.sign(campaign, world.max),
    ]
    for act in acts:
        with pytest.raises(Conflict, match="signed"):
            act()
    row = one_row(review_world, item)
    assert (row.can_decide, row.can_undo) == (False, True)  # undo: call the removal off
    assert row.sends_at == NOON + timedelta(seconds=600)


def test_l17_a_signed_removal_can_be_called_off_until_it_begins(review_world: Reviews) -> None:
    world = review_world.world
    grant = world.grant()
    campaign = review_world.opened()
    item = review_world.item(campaign)
    review_world.decide(item, REMOVE)
    review_world.sign(campaign, world.max)
    review_world.close(campaign)

    with world.as_(world.max) as work:
        reviews.stop_removal(work, item.id)

    assert [order.state for order in review_world.orders()] == [OrderState.CANCELLED]
    assert world.get(Grant, grant.id).state is GrantState.ACTIVE
    row = one_row(review_world, item)
    assert (row.state, row.note, row.can_undo) == (
        ItemState.REVOKED,
        "the removal was called off",
        False,
    )
    with pytest.raises(Conflict, match="no removal"), world.as_(world.max) as work:
        reviews.stop_removal(work, item.id)


@pytest.mark.parametrize("who", ["sam", "ada", "cam"])
def test_only_the_reviewer_calls_a_signed_removal_off(lite: Reviews, who: str) -> None:
    lite.world.grant()
    campaign = lite.opened()
    item = lite.item(campaign)
    lite.decide(item, REMOVE)
    lite.sign(campaign, lite.world.max)

    with pytest.raises(NotFound), lite.world.as_(getattr(lite.world, who)) as work:
        reviews.stop_removal(work, item.id)


def test_l17_a_signed_removal_that_has_begun_is_final(review_world: Reviews) -> None:
    world = review_world.world
    grant = world.grant()
    campaign = review_world.opened()
    item = review_world.item(campaign)
    review_world.decide(item, REMOVE)
    review_world.sign(campaign, world.max)
    review_world.send(grant)

    with pytest.raises(Conflict, match="final"), world.as_(world.max) as work:
        reviews.stop_removal(work, item.id)

    assert not one_row(review_world, item).can_undo


def test_a_signed_removal_that_is_called_off_shows_as_such(lite: Reviews) -> None:
    world = lite.world
    world.grant()
    campaign = lite.opened()
    item = lite.item(campaign)
    lite.decide(item, REMOVE)
    lite.sign(campaign, world.max)

    with world.as_(world.rita) as work:
        provisioning.cancel(work, lite.orders()[0].id, reason="a mistake")

    row = one_row(lite, item)
    assert (row.note, row.sends_at, row.state) == (
        "the removal was called off",
        None,
        ItemState.REVOKED,
    )


def test_whoever_was_asked_nothing_signs_nothing(lite: Reviews) -> None:
    lite.world.grant()
    campaign = lite.opened()

    for stranger in (lite.world.sam, lite.world.ada, lite.world.cam):
        with pytest.raises(NotFound):
            lite.sign(campaign, stranger)


def test_a_reviewer_cannot_sign_twice_even_at_once(lite: Reviews) -> None:
    lite.world.grant()
    campaign = lite.opened()
    lite.decide(lite.item(campaign), KEEP, "")
    lite.sign(campaign, lite.world.max)

    with pytest.raises(sa.exc.IntegrityError):
        lite.world.add(
            SignOff(
                campaign_id=campaign.id, by=lite.world.max.id, at=NOON, statement="again",
                certified=0, revoked=0, decisions_hash="",
            )
        )  # fmt: skip


def test_l20_signing_goes_through_once_what_became_her_own_has_gone_to_another(
    review_world: Reviews,
) -> None:
    world = review_world.world
    entitlement = world.entitlement()
    review_world.holder("Ben Cole", entitlement)
    orphan = world.grant(account=world.account(None), entitlement=entitlement)
    campaign = review_world.opened(reviewer_rule=ReviewerRule.APP_OWNER, fallback_id=world.sam.id)
    review_world.set(Account, orphan.account_id, identity_id=world.rita.id)
    mine, own = sorted(review_world.items(campaign), key=lambda item: item.grant_id == orphan.id)
    review_world.decide(mine, KEEP, "")

    review_world.sign(campaign, world.rita)

    assert world.get(ReviewItem, own.id).reviewer_id == world.sam.id
    assert review_world.told(world.sam, "handed_over") == [
        "One row of Finance apps, Q1 falls to you"
    ]
