"""When reviewers are reminded."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from tests.conftest import NOON
from tests.world import World
from tests.world_reviews import Reviews
from uar import clock
from uar.campaigns import remind_due
from uar.models import Account
from uar.models.kinds import ReviewerRule, Verdict
from uar.reassignment import pass_on
from uar.settings import Settings
from uar.site import Site
from uar.vault import Vault


@pytest.fixture
def review_world(world: World) -> Reviews:
    return Reviews(world)


@pytest.fixture
def lite(lite_world: World) -> Reviews:
    return Reviews(lite_world)


@pytest.mark.parametrize(
    ("day", "reminded"),
    [(12, False), (13, True), (14, False), (16, False), (17, True), (18, False), (19, True),
     (20, True), (21, True), (22, True)],
)  # fmt: skip
def test_reminders_go_out_7_3_and_1_days_before_on_the_day_and_then_daily(
    lite: Reviews, day: int, reminded: bool
) -> None:
    lite.world.grant()
    lite.opened()  # due on the 20th

    with clock.frozen(NOON.replace(day=day)):
        remind_due(lite.site)

    assert bool(lite.told(lite.world.max, "reminder")) is reminded


def test_a_reviewer_is_reminded_once_a_day_whoever_runs_the_job(review_world: Reviews) -> None:
    world = review_world.world
    world.grant()
    review_world.opened()

    counts = []
    for hour in (9, 12, 18):
        with clock.frozen(NOON.replace(day=19, hour=hour)):
            counts.append(remind_due(review_world.site))
    with clock.frozen(NOON.replace(day=20, hour=9)):
        counts.append(remind_due(review_world.site))

    assert counts == [1, 0, 0, 1]
    assert len(review_world.told(world.max, "reminder")) == 2


def test_nobody_is_reminded_in_the_night(lite: Reviews) -> None:
    lite.world.grant()
    lite.opened()

    with clock.frozen(NOON.replace(day=19, hour=3)):
        assert remind_due(lite.site) == 0


def test_the_days_are_those_of_the_organisation(lite: Reviews) -> None:
    lite.world.grant()
    lite.opened()
    tokyo = Site(lite.world.engine, Settings(time_zone="Asia/Tokyo"), Vault(["k"]))

    # The 18th, 23:00 UTC is the 19th, 8:00 in Tokyo; due there on the 21st, 8:59.
    with clock.frozen(datetime(2026, 3, 18, 23, tzinfo=UTC)):
        assert remind_due(tokyo) == 0
    with clock.frozen(datetime(2026, 3, 19, 23, tzinfo=UTC)):
        assert remind_due(tokyo) == 1


def test_whoever_has_decided_is_asked_to_sign_and_whoever_signed_is_left_alone(
    lite: Reviews,
) -> None:
    world = lite.world
    world.grant()
    campaign = lite.opened()
    lite.decide(lite.item(campaign), Verdict.CERTIFY, "")

    with clock.frozen(NOON.replace(day=19)):
        remind_due(lite.site)
        assert lite.told(world.max, "reminder") == ["Please sign: Finance apps, Q1"]
        lite.sign(campaign, world.max)
    with clock.frozen(NOON.replace(day=20)):
        assert remind_due(lite.site) == 0


def test_the_items_of_a_reviewer_who_leaves_go_to_the_fallback(review_world: Reviews) -> None:
    world = review_world.world
    world.grant()
    campaign = review_world.opened()
    review_world.leave(world.max)

    remind_due(review_world.site)

    assert review_world.item(campaign).reviewer_id == world.rita.id
    assert review_world.told(world.rita, "handed") == ["One row of Finance apps, Q1 falls to you"]
    assert remind_due(review_world.site) == 0


def test_two_processes_at_once_remind_once(review_world: Reviews) -> None:
    review_world.world.grant()
    review_world.opened()
    barrier = threading.Barrier(2)

    def run(_n: int) -> int:
        barrier.wait()
        return remind_due(review_world.site)

    with clock.frozen(NOON.replace(day=19)), ThreadPoolExecutor(2) as pool:
        counts = sorted(pool.map(run, range(2)))

    assert counts == [0, 1]
    assert len(review_world.told(review_world.world.max, "reminder")) == 1


def test_l20_what_became_a_reviewers_own_access_goes_to_somebody_else_by_itself(
    review_world: Reviews,
) -> None:
    world = review_world.world
    orphan = world.grant(account=world.account(None))
    campaign = review_world.opened(reviewer_rule=ReviewerRule.APP_OWNER, fallback_id=world.sam.id)
    review_world.set(Account, orphan.account_id, identity_id=world.rita.id)

    handled = [remind_due(review_world.site), remind_due(review_world.site)]

    assert handled == [1, 0]
    assert review_world.item(campaign).reviewer_id == world.sam.id
    assert review_world.told(world.sam, "handed_over") == [
        "One row of Finance apps, Q1 falls to you"
    ]


def test_l20_what_the_holder_passed_on_goes_to_who_stands_in(review_world: Reviews) -> None:
    world = review_world.world
    grant = world.grant()
    campaign = review_world.opened()
    item = review_world.item(campaign)
    with world.as_(world.max) as work:
        pass_on(work, campaign.id, [item.id], world.sam.id, "she knows her")
    review_world.set(Account, grant.account_id, identity_id=world.max.id)

    remind_due(review_world.site)

    assert review_world.item(campaign).reviewer_id == world.rita.id
