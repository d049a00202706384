"""Staging, opening and cancelling a campaign, and who may."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import NOON
from tests.world import Person, World
from tests.world_reviews import Reviews
from uar import campaigns, clock, dashboard
from uar.errors import Conflict, Forbidden, NotFound, Refused
from uar.models.kinds import (
    Completeness,
    Role,
)
from uar.models.states import CampaignState, RunState


@pytest.fixture
def review_world(world: World) -> Reviews:
    return Reviews(world)


@pytest.fixture
def lite(lite_world: World) -> Reviews:
    return Reviews(lite_world)


Verb = Callable[[Any, int], Any]
VERBS: dict[str, Verb] = {
    "stage": campaigns.stage,
    "open": campaigns.open_,
    "close": campaigns.close,
    "cancel": campaigns.cancel,
}


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_a_stranger_finds_no_campaign_to_run(lite: Reviews, verb: str) -> None:
    world = lite.world
    campaign = lite.planned()

    for stranger in (world.sam, world.ada, world.rita):
        with pytest.raises(NotFound), world.as_(stranger) as work:
            VERBS[verb](work, campaign.id)


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_an_auditor_sees_a_campaign_and_does_not_run_it(lite: Reviews, verb: str) -> None:
    world = lite.world
    lite.role(world.sam, Role.AUDITOR)
    campaign = lite.planned()

    with pytest.raises(Forbidden), world.as_(world.sam) as work:
        VERBS[verb](work, campaign.id)


def test_another_campaign_administrator_does_not_see_it(lite: Reviews) -> None:
    world = lite.world
    lite.role(world.sam, Role.CAMPAIGN_ADMIN)
    campaign = lite.planned()

    with pytest.raises(NotFound), world.as_(world.sam) as work:
        campaigns.cancel(work, campaign.id)
    with world.reading() as session, pytest.raises(NotFound):
        campaigns.visible(session, campaign.id, world.sam.id)


def test_a_super_administrator_runs_every_campaign(lite: Reviews) -> None:
    world = lite.world
    lite.role(world.sam, Role.SUPER_ADMIN)
    campaign = lite.planned()

    with world.as_(world.sam) as work:
        campaigns.cancel(work, campaign.id)

    assert lite.fresh(campaign).state is CampaignState.CANCELLED


def test_l27_authority_is_checked_when_it_is_used(review_world: Reviews) -> None:
    world = review_world.world
    campaign = review_world.planned()
    review_world.leave(world.cam)

    with pytest.raises(NotFound), world.as_(world.cam) as work:
        campaigns.cancel(work, campaign.id)


@pytest.mark.parametrize("who", ["cam", "auditor", "super"])
def test_owner_auditor_and_super_administrator_see_a_campaign(lite: Reviews, who: str) -> None:
    world = lite.world
    person = world.cam
    if who != "cam":
        person = world.sam
        lite.role(person, Role.AUDITOR if who == "auditor" else Role.SUPER_ADMIN)
    campaign = lite.planned()

    with world.reading() as session:
        assert campaigns.visible(session, campaign.id, person.id).id == campaign.id
        assert [row.id for row in _listed(lite, person)] == [campaign.id]


def test_the_list_holds_only_what_one_may_see(lite: Reviews) -> None:
    lite.planned()

    assert _listed(lite, lite.world.sam) == []


def test_a_campaign_is_staged_once(review_world: Reviews) -> None:
    review_world.world.grant()
    campaign = review_world.staged()

    with pytest.raises(Conflict), review_world.world.as_(review_world.world.cam) as work:
        campaigns.stage(work, campaign.id)

    assert len(review_world.items(campaign)) == 1


def test_opening_tells_each_reviewer_once(review_world: Reviews) -> None:
    world = review_world.world
    entitlement = world.entitlement()
    world.grant(entitlement=entitlement)
    review_world.holder("Ben Cole", entitlement)
    world.grant(world.sam, entitlement)

    campaign = review_world.opened()

    assert (campaign.state, campaign.opened_at) == (CampaignState.OPEN, NOON)
    assert review_world.told(world.max) == ["Please review access: Finance apps, Q1"]
    assert review_world.told(world.rita) == ["Please review access: Finance apps, Q1"]
    assert review_world.told(world.ada) == []


def test_a_draft_is_not_opened(lite: Reviews) -> None:
    campaign = lite.planned()

    with pytest.raises(Conflict), lite.world.as_(lite.world.cam) as work:
        campaigns.open_(work, campaign.id)


@pytest.mark.parametrize(
    ("state", "completeness", "hours"),
    [
        (RunState.PARTIAL, Completeness.PARTIAL, 1),
        (RunState.FAILED, Completeness.UNKNOWN, 1),
        (RunState.HELD, Completeness.FULL, 1),
        (RunState.COMPLETE, Completeness.FULL, 49),
    ],
)
def test_l30_a_population_that_is_not_complete_or_too_old_does_not_open(
    review_world: Reviews, state: RunState, completeness: Completeness, hours: int
) -> None:
    review_world.world.grant()
    review_world.read(state=state, completeness=completeness, ago=timedelta(hours=hours))
    campaign = review_world.staged()

    with (
        pytest.raises(Refused, match="waiver"),
        review_world.world.as_(review_world.world.cam) as work,
    ):
        campaigns.open_(work, campaign.id)

    assert review_world.fresh(campaign).state is CampaignState.STAGED


def test_l30_a_population_that_got_too_old_while_staged_does_not_open(
    review_world: Reviews,
) -> None:
    review_world.world.grant()
    campaign = review_world.staged()

    with (
        clock.frozen(NOON + timedelta(hours=48)),
        pytest.raises(Refused, match="older than 48 hours"),
        review_world.world.as_(review_world.world.cam) as work,
    ):
        campaigns.open_(work, campaign.id)


def test_l30_a_signed_waiver_opens_it_and_is_kept(review_world: Reviews) -> None:
    world = review_world.world
    world.grant()
    review_world.read(state=RunState.PARTIAL, completeness=Completeness.PARTIAL)
    campaign = review_world.staged()

    with world.as_(world.cam) as work:
        campaigns.open_(work, campaign.id, waiver="Group ops answers 503; vendor ticket 12")

    opened = review_world.fresh(campaign)
    assert opened.state is CampaignState.OPEN
    assert (opened.waived_by, opened.waived_at) == (world.cam.id, NOON)
    assert opened.waived_why == "Group ops answers 503; vendor ticket 12"


def test_a_waiver_that_is_not_needed_is_not_kept(lite: Reviews) -> None:
    lite.world.grant()
    campaign = lite.staged()

    with lite.world.as_(lite.world.cam) as work:
        campaigns.open_(work, campaign.id, waiver="just in case")

    assert lite.fresh(campaign).waived_by is None


def test_l22_a_campaign_does_not_open_while_nobody_may_decide_an_item(
    review_world: Reviews,
) -> None:
    world = review_world.world
    world.grant(world.cam)
    campaign = review_world.planned()
    review_world.leave(world.rita)
    with world.as_(world.cam) as work:
        campaigns.stage(work, campaign.id)

    with pytest.raises(Refused, match="nobody who may decide"), world.as_(world.cam) as work:
        campaigns.open_(work, campaign.id)


def test_a_reviewer_who_left_before_it_opens_is_replaced(review_world: Reviews) -> None:
    world = review_world.world
    world.grant()
    campaign = review_world.staged()
    review_world.leave(world.max)

    with world.as_(world.cam) as work:
        campaigns.open_(work, campaign.id)

    assert review_world.item(campaign).reviewer_id == world.rita.id
    assert review_world.told(world.rita) == ["Please review access: Finance apps, Q1"]
    assert review_world.told(world.max) == []


def test_a_staged_campaign_can_be_cancelled_and_an_open_one_cannot(lite: Reviews) -> None:
    lite.world.grant()
    staged, opened = lite.staged(name="A"), lite.opened(name="B")

    with lite.world.as_(lite.world.cam) as work:
        campaigns.cancel(work, staged.id, reason="wrong scope")
    with pytest.raises(Conflict), lite.world.as_(lite.world.cam) as work:
        campaigns.cancel(work, opened.id)

    assert lite.fresh(staged).state is CampaignState.CANCELLED


def _listed(reviews: Reviews, person: Person) -> list[dashboard.CampaignRow]:
    with reviews.world.reading() as session:
        return dashboard.campaigns_for(session, person.id, now=NOON)
