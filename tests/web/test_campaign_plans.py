"""Planning campaigns as one sees it: the form, its preview, and planning another like it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.client import Browser
from tests.world import World
from tests.world_reviews import Reviews
from uar.models import CampaignScope
from uar.models.kinds import Risk

QUERIES = 19

NAME = "Finance apps, Q1"


@pytest.fixture
def review_world(world: World) -> Reviews:
    return Reviews(world)


@pytest.fixture
def lite(lite_world: World) -> Reviews:
    return Reviews(lite_world)


def plan(reviews: Reviews, **values: Any) -> dict[str, Any]:
    return {
        "name": NAME,
        "due_on": "2026-03-20",
        "apps": str(reviews.world.crm.id),
        "reviewer_rule": "manager",
        "fallback_id": str(reviews.world.rita.id),
        "removal_at": "sign_off",
    } | values


def test_a_plan_that_makes_no_sense_shows_the_form_with_what_was_typed(
    lite: Reviews, lite_browser: Browser
) -> None:
    lite.world.grant()
    hers = lite_browser.as_(lite.world.cam)

    page = hers.post("/campaigns", 422, **plan(lite, due_on="2026-03-01", apps=""))

    assert page.problems() == ["The due date has passed.", "Choose at least one app."]
    assert page.form("/campaigns").fields["name"] == NAME
    page = hers.post("/campaigns", 422, name="", due_on="soon", fallback_id="me")
    assert len(page.problems()) >= 4


def test_the_preview_follows_the_form(lite: Reviews, lite_browser: Browser) -> None:
    world = lite.world
    world.grant(entitlement=world.entitlement(risk=Risk.HIGH))
    world.grant(world.sam)
    hers = lite_browser.as_(world.cam)
    query = f"apps={world.crm.id}&reviewer_rule=manager&fallback_id={world.rita.id}"

    part = hers.fragment(f"/campaigns/preview?{query}")
    page = hers.get(f"/campaigns/preview?{query}&name=Q2")

    for shown in (part, page):
        assert "rows to decide 3" in shown.text  # with the role that lets Cam plan (L25)
        assert "2 rows fall to Rita Ortiz: their people have no manager." in shown.text
    assert page.form("/campaigns").fields["name"] == "Q2"
    assert "Choose apps" in hers.fragment("/campaigns/preview").text
    assert "rows to decide 0" in hers.fragment("/campaigns/preview?apps=4711").text


def test_an_app_can_be_narrowed_to_kinds_of_access(lite: Reviews, lite_browser: Browser) -> None:
    world = lite.world
    world.grant(entitlement=world.entitlement("Admins", type_="group"))
    world.grant(world.sam, world.entitlement("Owner", type_="role"))
    hers = lite_browser.as_(world.cam)

    page = hers.post("/campaigns", **plan(lite, types=f"{world.crm.id}:role"))

    assert [row.resource_type for row in world.all(CampaignScope)] == ["role"]
    assert "CRM: role" in page.text
    assert "rows to decide 1" in page.text


def test_every_row_of_a_draft_can_be_looked_at(lite: Reviews, lite_browser: Browser) -> None:
    world = lite.world
    world.grant()
    world.grant(world.sam)
    campaign = lite.planned()

    page = lite_browser.as_(world.cam).get(f"/campaigns/{campaign.id}/preview")

    rows = {row[0]: row[3] for row in page.rows("Rows")}
    assert rows == {"Ada Byrne": "Max Roth", "Sam Hill": "Rita Ortiz their people have no manager"}


def test_a_draft_is_changed_with_the_same_form(lite: Reviews, lite_browser: Browser) -> None:
    lite.world.grant()
    campaign = lite.planned()
    hers = lite_browser.as_(lite.world.cam)
    form = hers.get(f"/campaigns/{campaign.id}/change").form(f"/campaigns/{campaign.id}")
    assert form.fields["name"] == NAME
    assert form.fields["apps"] == [str(lite.world.crm.id)]

    page = hers.submit(form, name="Finance apps, Q2")

    assert page.h1 == "Finance apps, Q2"
    assert hers.submit(form, 422, name="").problems() == ["Name is missing."]


def test_another_campaign_is_planned_like_one(lite: Reviews, lite_browser: Browser) -> None:
    lite.world.grant()
    campaign = lite.staged()
    hers = lite_browser.as_(lite.world.cam)
    show = hers.get(f"/campaigns/{campaign.id}")

    form = hers.get(show.links()["Plan another like it"]).form("/campaigns")

    assert form.fields["name"] == NAME
    assert form.fields["due_on"] == "2026-03-26"
