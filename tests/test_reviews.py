"""Deciding: who may, with which reasons, alone and in bulk."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.conftest import NOON
from tests.world import World
from tests.world_reviews import (
    WHY,
    Reviews,
    one_row,
)
from uar import (
    campaigns,
    clock,
    grants,
    review_rows,
    reviews,
)
from uar.decisions import shown
from uar.errors import Conflict, Invalid, NotFound, Refused
from uar.models import (
    Account,
    AuditEntry,
    Grant,
    ReviewItem,
)
from uar.models.kinds import (
    Risk,
    Verdict,
)
from uar.models.states import ItemState

KEEP, REMOVE = Verdict.CERTIFY, Verdict.REVOKE


@pytest.fixture
def review_world(world: World) -> Reviews:
    return Reviews(world)


@pytest.fixture
def lite(lite_world: World) -> Reviews:
    return Reviews(lite_world)


def test_l29_a_decision_changes_the_item_and_is_kept_with_what_was_shown(
    review_world: Reviews,
) -> None:
    review_world.world.grant()
    item = review_world.item(review_world.opened())

    review_world.decide(item, REMOVE)

    (decision,) = review_world.decisions()
    assert (decision.verdict, decision.reason, decision.by, decision.at) == (
        REMOVE,
        WHY,
        review_world.world.max.id,
        NOON,
    )
    assert decision.seen["person"] == "Ada Byrne"
    assert decision.seen["previous_verdict"] == ""
    assert decision.seen == shown(review_world.world.get(ReviewItem, item.id))
    assert len(decision.seen_hash) == 64
    assert review_world.world.get(ReviewItem, item.id).state is ItemState.REVOKED


def test_l29_every_fact_on_the_row_is_among_what_is_kept(lite: Reviews) -> None:
    lite.world.grant()
    item = lite.item(lite.opened())

    kept = shown(item)

    facts = {field.name for field in dataclasses.fields(review_rows.Facts)}
    not_facts = {
        "id", "campaign_id", "reviewer_id", "grant_id", "account_id", "entitlement_id", "app_id",
        "identity_id", "state", "holder_id", "ended_at", "reason",
    }  # fmt: skip
    assert set(kept) == facts - not_facts


def test_the_latest_decision_counts(review_world: Reviews) -> None:
    review_world.world.grant()
    item = review_world.item(review_world.opened())

    review_world.decide(item, REMOVE)
    review_world.decide(item, KEEP, "still needs it")

    assert review_world.world.get(ReviewItem, item.id).state is ItemState.CERTIFIED
    assert [d.verdict for d in review_world.decisions()] == [REMOVE, KEEP]


def test_a_double_click_decides_once(lite: Reviews) -> None:
    lite.world.grant()
    item = lite.item(lite.opened())

    lite.decide(item, KEEP, "")
    lite.decide(item, KEEP, "")

    assert len(lite.decisions()) == 1


def test_l28_every_decision_is_recorded_with_its_actor_and_reason(lite: Reviews) -> None:
    lite.world.grant()
    item = lite.item(lite.opened())

    lite.decide(item, REMOVE)

    (row,) = [row for row in lite.world.all(AuditEntry) if row.subject == f"review_item:{item.id}"]
    assert (row.action, row.actor_id, row.reason, row.at) == (
        "review_item.revoked",
        lite.world.max.id,
        WHY,
        NOON,
    )


@pytest.mark.parametrize(
    ("verdict", "risk", "ok"),
    [
        (REMOVE, Risk.LOW, False),
        (REMOVE, Risk.HIGH, False),
        (KEEP, Risk.HIGH, False),
        (KEEP, Risk.LOW, True),
        (KEEP, Risk.MEDIUM, True),
    ],
)
def test_a_removal_and_keeping_high_risk_need_a_reason(
    lite: Reviews, verdict: Verdict, risk: Risk, ok: bool
) -> None:
    grant = lite.world.grant(entitlement=lite.world.entitlement(risk=risk))
    item = lite.item(lite.opened(), grant)

    if ok:
        lite.decide(item, verdict, "")
    else:
        with pytest.raises(Invalid) as told:
            lite.decide(item, verdict, "  ")
        assert list(told.value.problems) == ["reason"]

    assert bool(lite.decisions()) is ok


@pytest.mark.parametrize("who", ["sam", "ada", "rita", "cam"])
def test_only_the_items_reviewer_decides(review_world: Reviews, who: str) -> None:
    review_world.world.grant()
    item = review_world.item(review_world.opened())

    with pytest.raises(NotFound):
        review_world.decide(item, KEEP, by=getattr(review_world.world, who))

    assert review_world.decisions() == []


def test_l20_a_reviewer_cannot_decide_about_an_account_that_became_her_own(
    review_world: Reviews,
) -> None:
    world = review_world.world
    grant = world.grant(account=world.account(None))
    item = review_world.item(review_world.opened())  # Rita's, as the owner of the app
    review_world.set(Account, grant.account_id, identity_id=world.rita.id)

    for verdict in (KEEP, REMOVE):
        with pytest.raises(Refused, match="your own access"):
            review_world.decide(item, verdict, by=world.rita)
    with pytest.raises(Refused, match="your own access"), world.as_(world.rita) as work:
        reviews.decide_many(work, item.campaign_id, [item.id], KEEP, WHY)

    assert review_world.decisions() == []


def test_the_row_says_that_it_became_her_own_access(review_world: Reviews) -> None:
    world = review_world.world
    grant = world.grant(account=world.account(None))
    item = review_world.item(review_world.opened())
    review_world.set(Account, grant.account_id, identity_id=world.rita.id)

    row = one_row(review_world, item)

    assert row.note == "Your own access: it goes to somebody else by itself."
    assert not row.can_decide


def test_l20_the_database_itself_refuses_a_reviewer_of_her_own_access(
    review_world: Reviews,
) -> None:
    world = review_world.world
    world.grant()
    item = review_world.item(review_world.staged())

    with pytest.raises(sa.exc.IntegrityError):
        review_world.set(ReviewItem, item.id, reviewer_id=world.ada.id)


@pytest.mark.parametrize("state", ["staged", "cancelled"])
def test_nothing_is_decided_before_a_campaign_opens(lite: Reviews, state: str) -> None:
    lite.world.grant()
    campaign = lite.staged()
    if state == "cancelled":
        with lite.world.as_(lite.world.cam) as work:
            campaigns.cancel(work, campaign.id)

    with pytest.raises(NotFound):
        lite.decide(lite.item(campaign), KEEP, "")


def test_nothing_is_decided_after_a_campaign_closed(lite: Reviews) -> None:
    lite.world.grant()
    campaign = lite.opened()
    item = lite.item(campaign)
    lite.close(campaign, reason="over")

    for act in (lambda: lite.decide(item, KEEP, ""), lambda: lite.undo(item)):
        with pytest.raises(Conflict, match="closed"):
            act()


def test_late_decisions_count_until_the_campaign_is_closed(lite: Reviews) -> None:
    lite.world.grant()
    item = lite.item(lite.opened())

    with clock.frozen(NOON + timedelta(days=30)):
        lite.decide(item, KEEP, "")

    assert lite.world.get(ReviewItem, item.id).state is ItemState.CERTIFIED


def test_an_item_whose_access_ended_meanwhile_is_void(review_world: Reviews) -> None:
    world = review_world.world
    grant = world.grant()
    item = review_world.item(review_world.opened())
    with world.as_(world.sam) as work:
        grants.ended(work, work.session.get_one(Grant, grant.id))

    with pytest.raises(Conflict, match="void"):
        review_world.decide(item, KEEP, "")
