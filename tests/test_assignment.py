"""Who is asked about what."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.world import World
from tests.world_reviews import Reviews
from uar import clock
from uar.campaigns import stage
from uar.models import (
    AppOwner,
)
from uar.models.kinds import (
    ReviewerRule,
)


@pytest.fixture
def campaign_world(world: World) -> Reviews:
    return Reviews(world)


@pytest.fixture
def lite(lite_world: World) -> Reviews:
    return Reviews(lite_world)


def _now() -> datetime:
    return clock.now()


def test_the_holders_manager_is_asked(campaign_world: Reviews) -> None:
    campaign_world.world.grant()

    item = campaign_world.item(campaign_world.staged())

    assert item.reviewer_id == campaign_world.world.max.id


def test_the_owner_of_the_app_is_asked_where_the_campaign_says_so(campaign_world: Reviews) -> None:
    campaign_world.world.grant()

    item = campaign_world.item(campaign_world.staged(reviewer_rule=ReviewerRule.APP_OWNER))

    assert item.reviewer_id == campaign_world.world.rita.id


def test_several_owners_share_the_items(campaign_world: Reviews) -> None:
    world = campaign_world.world
    world.add(AppOwner(app_id=world.crm.id, identity_id=world.cam.id))
    entitlement = world.entitlement()
    for n in range(6):
        campaign_world.holder(f"P{n} Doe", entitlement)

    items = campaign_world.items(campaign_world.staged(reviewer_rule=ReviewerRule.APP_OWNER))

    asked = [item.reviewer_id for item in items]
    assert (asked.count(world.rita.id), asked.count(world.cam.id)) == (3, 3)


def test_l20_nobody_is_asked_about_her_own_access(campaign_world: Reviews) -> None:
    world = campaign_world.world
    grant = world.grant(world.rita)

    item = campaign_world.item(campaign_world.staged(reviewer_rule=ReviewerRule.APP_OWNER), grant)

    assert item.reviewer_id == world.cam.id  # not Rita: the owner and the fallback hold it


def test_the_other_owner_is_asked_about_an_owners_access(campaign_world: Reviews) -> None:
    world = campaign_world.world
    world.add(AppOwner(app_id=world.crm.id, identity_id=world.sam.id))
    entitlement = world.entitlement()
    for n in range(4):
        world.grant(entitlement=entitlement, account=world.account(world.rita, name=f"r{n}"))

    items = campaign_world.items(campaign_world.staged(reviewer_rule=ReviewerRule.APP_OWNER))

    assert {item.reviewer_id for item in items} == {world.sam.id}


def test_l22_the_fallback_is_asked_where_there_is_no_manager(campaign_world: Reviews) -> None:
    world = campaign_world.world
    world.grant(world.sam)

    item = campaign_world.item(campaign_world.staged())

    assert item.reviewer_id == world.rita.id


def test_l22_the_fallback_is_asked_where_the_manager_has_left(campaign_world: Reviews) -> None:
    world = campaign_world.world
    world.grant()
    campaign_world.leave(world.max)

    item = campaign_world.item(campaign_world.staged())

    assert item.reviewer_id == world.rita.id


def test_the_apps_owner_is_asked_about_an_account_of_nobody(campaign_world: Reviews) -> None:
    world = campaign_world.world
    world.grant(account=world.account(None))

    item = campaign_world.item(campaign_world.staged(fallback_id=world.sam.id))

    assert (item.reviewer_id, item.identity_id, item.person) == (world.rita.id, None, "nobody")


def test_l22_nobody_is_left_when_the_stand_ins_hold_it_or_have_left(
    campaign_world: Reviews,
) -> None:
    world = campaign_world.world
    world.grant(world.cam)  # no manager; Cam runs the campaign herself
    campaign = campaign_world.planned()
    campaign_world.leave(world.rita)

    with world.as_(world.cam) as work:
        stage(work, campaign.id)

    assert campaign_world.item(campaign).reviewer_id is None
