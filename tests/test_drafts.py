"""Planning a campaign: who may, and what makes no sense."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.world import World
from tests.world_reviews import Reviews
from uar import campaigns, drafts
from uar.errors import Conflict, Forbidden, Invalid
from uar.models import (
    CampaignScope,
)
from uar.models.kinds import (
    RemovalAt,
    Role,
)
from uar.models.states import CampaignState
from uar.population import Scope


@pytest.fixture
def review_world(world: World) -> Reviews:
    return Reviews(world)


@pytest.fixture
def lite(lite_world: World) -> Reviews:
    return Reviews(lite_world)


def test_a_campaign_administrator_plans_one_and_owns_it(lite: Reviews) -> None:
    world = lite.world

    campaign = lite.planned(instructions="Ask if unsure", removal_at=RemovalAt.CLOSE)

    assert (campaign.owner_id, campaign.state) == (world.cam.id, CampaignState.DRAFT)
    assert campaign.due_at == datetime(2026, 3, 20, 23, 59, 59, tzinfo=UTC)
    assert (campaign.instructions, campaign.removal_at) == ("Ask if unsure", RemovalAt.CLOSE)
    assert [row.resource_type for row in world.all(CampaignScope)] == [""]


@pytest.mark.parametrize("role", [None, Role.AUDITOR, Role.CONNECTOR_ADMIN, Role.APP_ADMIN])
def test_nobody_else_plans_one(lite: Reviews, role: Role | None) -> None:
    world = lite.world
    if role:
        lite.role(world.sam, role)

    with pytest.raises(Forbidden), world.as_(world.sam) as work:
        drafts.create(work, lite.draft())


def test_the_due_date_counts_to_the_end_of_the_day_where_the_organisation_is() -> None:
    berlin = ZoneInfo("Europe/Berlin")

    assert drafts.end_of_day(date(2026, 7, 1), berlin) == datetime(
        2026, 7, 1, 21, 59, 59, tzinfo=UTC
    )
    assert drafts.end_of_day(date(2026, 12, 1), berlin).hour == 22


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("name", {"name": "  "}),
        ("name", {"name": "x" * 121}),
        ("due_on", {"due_on": date(2026, 3, 11)}),
        ("due_on", {"due_on": date(9999, 12, 31)}),
        ("apps", {"scope": ()}),
        ("apps", {"scope": (Scope(4711),)}),
        ("fallback_id", {"fallback_id": 4711}),
    ],
)
def test_a_plan_that_makes_no_sense_is_told_by_field(
    lite: Reviews, field: str, values: dict[str, Any]
) -> None:
    with pytest.raises(Invalid) as told:
        lite.planned(**values)

    assert list(told.value.problems) == [field]


def test_somebody_who_left_cannot_stand_in(lite: Reviews) -> None:
    lite.leave(lite.world.rita)

    with pytest.raises(Invalid, match="plan"):
        lite.planned()


def test_a_draft_can_be_changed_and_a_staged_one_cannot(lite: Reviews) -> None:
    world = lite.world
    world.grant()
    campaign = lite.planned()

    with world.as_(world.cam) as work:
        campaigns.change(
            work, campaign.id, lite.draft(name="Q2", scope=(Scope(world.crm.id, "group"),))
        )

    assert lite.fresh(campaign).name == "Q2"
    assert [row.resource_type for row in world.all(CampaignScope)] == ["group"]
    with world.as_(world.cam) as work:
        campaigns.stage(work, campaign.id)
    with pytest.raises(Conflict, match="frozen"), world.as_(world.cam) as work:
        campaigns.change(work, campaign.id, lite.draft(name="Q3"))
