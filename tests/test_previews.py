"""What a campaign would ask, before anything is frozen."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.queries import asserts_queries
from tests.world import World
from tests.world_reviews import Reviews
from uar import clock, previews
from uar.assignment import Ladder
from uar.campaigns import stage
from uar.models.kinds import (
    Completeness,
    ReviewerRule,
    Risk,
)
from uar.models.states import RunState
from uar.population import Scope
from uar.previews import Preview


@pytest.fixture
def campaign_world(world: World) -> Reviews:
    return Reviews(world)


@pytest.fixture
def lite(lite_world: World) -> Reviews:
    return Reviews(lite_world)


def preview(reviews: Reviews, rule: ReviewerRule = ReviewerRule.MANAGER) -> Preview:
    world = reviews.world
    with world.reading() as session:
        return previews.preview(
            session,
            (Scope(world.crm.id),),
            Ladder(rule, world.rita.id, world.cam.id),
            now=_now(),
            stale=timedelta(hours=48),
        )


def _now() -> datetime:
    return clock.now()


def test_a_preview_counts_what_would_be_asked(campaign_world: Reviews) -> None:
    world = campaign_world.world
    entitlement = world.entitlement(risk=Risk.HIGH)
    world.grant(entitlement=entitlement)
    campaign_world.holder("Ben Cole", entitlement)
    world.grant(account=world.account(None))

    found = preview(campaign_world)

    assert (found.n_items, found.n_people, found.n_accounts) == (4, 3, 4)  # with Cam's role
    assert (found.n_high_risk, found.n_unmatched, found.n_reviewers) == (3, 1, 2)
    assert [(one.name, one.n_items) for one in found.reviewers] == [
        ("Max Roth", 2),
        ("Rita Ortiz", 2),
    ]


def test_a_preview_agrees_with_what_is_then_frozen(campaign_world: Reviews) -> None:
    world = campaign_world.world
    for person in (world.ada, world.sam, world.rita, world.max):
        world.grant(person)
    world.grant(account=world.account(None))

    found = preview(campaign_world)
    items = campaign_world.items(campaign_world.staged())

    frozen = sorted(str(item.reviewer_id) for item in items)
    asked = [str(one.id) for one in found.reviewers for _ in range(one.n_items)]
    assert (found.n_items, sorted(asked)) == (len(items), frozen)


def test_a_preview_says_what_to_mend_first(campaign_world: Reviews) -> None:
    world = campaign_world.world
    world.grant(world.sam)
    world.grant(account=world.account(None))
    campaign_world.read(state=RunState.FAILED, completeness=Completeness.UNKNOWN)

    words = [problem.words for problem in preview(campaign_world).problems]

    assert words == [
        "The latest read of CRM failed.",
        "One row falls to Rita Ortiz: their people have no manager.",
        "One row falls to Rita Ortiz: their accounts belong to nobody.",
        "One account belongs to no person.",
    ]


@pytest.mark.parametrize(
    ("state", "completeness", "ago", "words"),
    [
        (RunState.HELD, Completeness.FULL, 0, "The latest read of CRM is held"),
        (RunState.PARTIAL, Completeness.PARTIAL, 0, "The latest read of CRM is not complete"),
        (RunState.DISCARDED, Completeness.FULL, 0, "The latest read of CRM was discarded"),
        (RunState.COMPLETE, Completeness.FULL, 49, "The read of CRM is older than 48 hours"),
    ],
)
def test_a_preview_names_a_read_that_cannot_be_trusted(
    lite: Reviews, state: RunState, completeness: Completeness, ago: int, words: str
) -> None:
    lite.world.grant()
    lite.read(state=state, completeness=completeness, ago=timedelta(hours=ago))

    found = preview(lite)

    assert found.needs_waiver
    assert found.problems[0].words.startswith(words)


def test_a_run_that_is_not_over_says_nothing(lite: Reviews) -> None:
    lite.world.grant()
    lite.read(state=RunState.RUNNING, completeness=Completeness.UNKNOWN)

    assert preview(lite).problems == ()


def test_an_app_that_was_never_read_needs_a_waiver(lite_world: World) -> None:
    reviews = Reviews.__new__(Reviews)
    reviews.world = lite_world
    lite_world.grant()

    assert preview(reviews).problems[0].words == "CRM has never been read."


def test_an_empty_scope_says_so(lite: Reviews) -> None:
    assert preview(lite).problems[0].words.startswith("Nothing is in scope")


def test_a_preview_costs_four_queries_however_large_it_is(campaign_world: Reviews) -> None:
    world = campaign_world.world
    entitlement = world.entitlement()
    for n in range(30):
        campaign_world.holder(f"P{n} Doe", entitlement)

    with asserts_queries(4, world.engine):
        found = preview(campaign_world)

    assert found.n_items == 30


@pytest.mark.parametrize("size", [1, 40])
def test_staging_costs_as_many_statements_whatever_the_size(
    campaign_world: Reviews, size: int
) -> None:
    world = campaign_world.world
    entitlement = world.entitlement()
    for n in range(size):
        campaign_world.holder(f"P{n} Doe", entitlement)
    campaign = campaign_world.planned()

    on_postgres = world.engine.dialect.name == "postgresql"
    with asserts_queries(11 + on_postgres, world.engine), world.as_(world.cam) as work:
        count = stage(work, campaign.id)

    assert count == size
