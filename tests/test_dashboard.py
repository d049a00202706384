"""What a campaign's owner sees: progress, pace, removals, leftovers, the log."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.conftest import NOON
from tests.queries import asserts_queries
from tests.world import World
from tests.world_reviews import Reviews
from uar import clock, dashboard, paces, removal_rows
from uar.incidents import incidents, open_incident
from uar.models.kinds import (
    IncidentKind,
    RemovalAt,
    ReviewerRule,
    Risk,
    Verdict,
)
from uar.models.states import OrderState


@pytest.fixture
def review_world(world: World) -> Reviews:
    return Reviews(world)


@pytest.fixture
def lite(lite_world: World) -> Reviews:
    return Reviews(lite_world)


def test_the_dashboard_counts_by_reviewer(review_world: Reviews) -> None:
    world = review_world.world
    entitlement = world.entitlement()
    world.grant(entitlement=entitlement)
    review_world.holder("Ben Cole", entitlement)
    world.grant(world.sam, entitlement)
    campaign = review_world.opened()
    mine = [item for item in review_world.items(campaign) if item.reviewer_id == world.max.id]
    review_world.decide(mine[0], Verdict.REVOKE)

    with world.reading() as session:
        totals = dashboard.campaign_totals(session, campaign.id)
        found = paces.reviewers(session, campaign, NOON)

    assert (totals.total, totals.decided, totals.removed, totals.undecided) == (3, 1, 1, 2)
    told = {row.name: (row.done, row.total, row.removed, row.flag) for row in found}
    assert told == {"Max Roth": (1, 2, 1, ""), "Rita Ortiz": (0, 1, 0, "")}


@pytest.mark.parametrize(
    ("seconds", "verdict", "flag"),
    [
        (2, Verdict.CERTIFY, "very fast, all kept"),
        (11, Verdict.CERTIFY, ""),
        (2, Verdict.REVOKE, ""),
    ],
)
def test_a_reviewer_who_keeps_everything_in_a_hurry_is_flagged(
    review_world: Reviews, seconds: int, verdict: Verdict, flag: str
) -> None:
    world = review_world.world
    entitlement = world.entitlement()
    for n in range(12):
        review_world.holder(f"P{n} Doe", entitlement)
    campaign = review_world.opened()
    at = NOON
    for n, item in enumerate(review_world.items(campaign)):
        at += timedelta(seconds=3600 if n == 6 else seconds)  # a lunch break does not slow her
        with clock.frozen(at):
            review_world.decide(item, verdict)

    with world.reading() as session:
        (row,) = paces.reviewers(session, campaign, at)

    assert row.seconds == pytest.approx(seconds, abs=0.01)
    assert (row.decisions, row.flag, row.last_active_at) == (12, flag, at)
    assert row.pace == f"{seconds} s a row"


def test_a_median_of_an_even_number_of_gaps_lies_between_the_middle_two(
    review_world: Reviews,
) -> None:
    world = review_world.world
    entitlement = world.entitlement()
    for n in range(5):
        review_world.holder(f"P{n} Doe", entitlement)
    campaign = review_world.opened()
    at = NOON
    for item, gap in zip(review_world.items(campaign), (0, 2, 4, 10, 100), strict=True):
        at += timedelta(seconds=gap)
        with clock.frozen(at):
            review_world.decide(item, Verdict.CERTIFY, "")

    with world.reading() as session:
        (row,) = paces.reviewers(session, campaign, at)

    assert row.seconds == pytest.approx(7, abs=0.01)


def test_reviewers_with_open_work_after_the_due_instant_are_late(lite: Reviews) -> None:
    world = lite.world
    world.grant()
    campaign = lite.opened()
    late = NOON.replace(day=21)

    with world.reading() as session:
        (row,) = paces.reviewers(session, campaign, late)
        (listed,) = dashboard.campaigns_for(session, world.cam.id, now=late)

    assert (row.is_late, row.flag) == (True, "late, nothing decided")
    assert (listed.is_overdue, listed.n_late, listed.decided, listed.total) == (True, 1, 0, 1)


def test_removals_are_not_proven_until_a_read_shows_them_gone(review_world: Reviews) -> None:
    world = review_world.world
    grant = world.grant()
    campaign = review_world.opened()
    review_world.decide(review_world.item(campaign), Verdict.REVOKE)
    review_world.sign(campaign, world.max)
    review_world.close(campaign)

    with world.reading() as session:
        before = removal_rows.removal_counts(session, campaign.id)
        (row,) = removal_rows.removals(session, campaign.id)
    review_world.prove_gone(grant)
    with world.reading() as session:
        after = removal_rows.removal_counts(session, campaign.id)
        (proven,) = removal_rows.removals(session, campaign.id)

    assert (before.ordered, before.verified, before.waiting, before.unproven) == (1, 0, 1, 1)
    assert (row.person, row.access, row.verified_at) == ("Ada Byrne", "CRM · Admins member", None)
    assert (after.ordered, after.verified, after.waiting, after.unproven) == (1, 1, 0, 0)
    assert proven.verified_at == NOON


def test_a_manual_removal_says_what_to_do(review_world: Reviews) -> None:
    world = review_world.world
    rule = "A rule decides who is in it: change the rule."
    world.grant(entitlement=world.entitlement(can_provision=False, fixed_why=rule))
    campaign = review_world.opened(removal_at=RemovalAt.DECISION)
    review_world.decide(review_world.item(campaign), Verdict.REVOKE)

    with world.reading() as session:
        (row,) = removal_rows.removals(session, campaign.id)

    assert (row.state, row.problem) == (OrderState.MANUAL, rule)


def test_the_log_tells_decisions_and_what_was_done_to_the_campaign(lite: Reviews) -> None:
    world = lite.world
    world.grant()
    campaign = lite.opened()
    with clock.frozen(NOON + timedelta(minutes=1)):
        lite.decide(lite.item(campaign), Verdict.CERTIFY, "")

    with world.reading() as session:
        lines = [line.words for line in dashboard.log(session, campaign.id)]

    assert lines[0] == "Max Roth kept CRM · Admins member for Ada Byrne"
    assert "Cam Lee: opened" in lines
    assert "Cam Lee: created" in lines


def test_leftovers_name_who_was_asked(lite: Reviews) -> None:
    world = lite.world
    world.grant(entitlement=world.entitlement(risk=Risk.HIGH))
    campaign = lite.opened()

    with world.reading() as session:
        rows = dashboard.leftovers(session, campaign.id)
        unsigned = dashboard.unsigned(session, campaign.id)

    (row,) = (row for row in rows if not row.access.startswith("uar"))
    assert (row.person, row.access, row.risk, row.reviewer) == (
        "Ada Byrne",
        "CRM · Admins member",
        Risk.HIGH,
        "Max Roth",
    )
    assert unsigned == 2  # she, and whoever is asked about uar's own roles (L25)


def test_incidents_about_a_campaigns_removals_name_it(lite: Reviews) -> None:
    world = lite.world
    grant = world.grant()
    campaign = lite.opened()

    with world.as_(world.cam) as work:
        open_incident(
            work, IncidentKind.REAPPEARED, app_id=grant.app_id, account_id=grant.account_id,
            entitlement_id=grant.entitlement_id, campaign_id=campaign.id, sentence="It is back.",
        )  # fmt: skip

    with world.reading() as session:
        (row,) = incidents(session, campaign_id=campaign.id)
    assert (row.campaign, row.sentence) == ("Finance apps, Q1", "It is back.")


def test_the_dashboard_costs_the_same_queries_however_many_there_are(
    review_world: Reviews,
) -> None:
    world = review_world.world
    entitlement = world.entitlement()
    for n in range(25):
        review_world.holder(f"P{n} Doe", entitlement)
    campaign = review_world.opened(reviewer_rule=ReviewerRule.APP_OWNER)
    for item in review_world.items(campaign)[:10]:
        review_world.decide(item, Verdict.CERTIFY, "")

    with world.reading() as session, asserts_queries(8, world.engine):
        dashboard.campaign_totals(session, campaign.id)
        paces.reviewers(session, campaign, NOON)
        removal_rows.removal_counts(session, campaign.id)
        removal_rows.removals(session, campaign.id)
        dashboard.log(session, campaign.id)
