"""Campaigns over privileged access review uar's own roles too (L25)."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import col

from tests.queries import asserts_queries
from tests.world import World
from tests.world_reviews import Reviews
from uar import clock
from uar.assignment import Ladder
from uar.delivery import carry_out_due
from uar.models import App, Campaign, CampaignScope
from uar.models.kinds import RemovalAt, ReviewerRule, Risk, Role, Verdict
from uar.models.states import OrderState
from uar.permissions import roles_of
from uar.population import Scope
from uar.previews import Preview, preview, preview_rows
from uar.privileged import with_own_roles


@pytest.fixture
def reviews(world: World) -> Reviews:
    return Reviews(world)


def _apps(reviews: Reviews, campaign: Campaign) -> set[str]:
    return {item.app for item in reviews.items(campaign)}


def _own(reviews: Reviews) -> int:
    with reviews.world.reading() as session:
        return session.scalars(sa.select(col(App.id)).where(col(App.is_own))).one()


def _ladder(reviews: Reviews) -> Ladder:
    return Ladder(ReviewerRule.MANAGER, reviews.world.rita.id, reviews.world.cam.id)


def _preview(reviews: Reviews, scope: tuple[Scope, ...]) -> Preview:
    with reviews.world.reading() as session:
        return preview(session, scope, _ladder(reviews), now=clock.now(), stale=timedelta(hours=48))


def test_l25_a_campaign_over_high_risk_asks_about_the_roles_in_uar_too(reviews: Reviews) -> None:
    world = reviews.world
    world.grant(entitlement=world.entitlement(risk=Risk.HIGH))

    campaign = reviews.staged()

    assert _apps(reviews, campaign) == {"CRM", "uar"}
    assert {row.app_id for row in world.all(CampaignScope)} == {world.crm.id, _own(reviews)}


def test_l25_a_campaign_over_administrators_asks_about_the_roles_in_uar_too(
    reviews: Reviews,
) -> None:
    reviews.world.grant(account=reviews.world.account(None, is_person=False))

    assert _apps(reviews, reviews.staged()) == {"CRM", "uar"}


def test_a_campaign_over_other_access_does_not(reviews: Reviews) -> None:
    reviews.world.grant()
    reviews.world.entitlement("Held by nobody", risk=Risk.HIGH)

    assert _apps(reviews, reviews.staged()) == {"CRM"}


def test_only_the_kinds_of_access_that_are_reviewed_count(reviews: Reviews) -> None:
    world = reviews.world
    account = world.account(world.ada)
    world.grant(account=account)
    world.grant(
        account=account, entitlement=world.entitlement("Root", type_="role", risk=Risk.HIGH)
    )

    groups = reviews.staged(scope=(Scope(world.crm.id, "group"),))

    assert _apps(reviews, groups) == {"CRM"}


def test_a_scope_that_has_them_already_is_left_alone(reviews: Reviews) -> None:
    world = reviews.world
    world.grant(entitlement=world.entitlement(risk=Risk.HIGH))
    scope = (Scope(world.crm.id), Scope(_own(reviews)))

    with world.reading() as session:
        assert with_own_roles(session, scope) == scope


def test_the_planner_sees_them_before_anything_is_frozen(reviews: Reviews) -> None:
    world = reviews.world
    world.grant(entitlement=world.entitlement(risk=Risk.HIGH))
    scope = (Scope(world.crm.id),)

    counted = _preview(reviews, scope)

    assert counted.n_items == 2
    assert [source.connector for source in counted.sources] == ["CRM", "uar"]
    with world.reading() as session:
        found = preview_rows(session, scope, _ladder(reviews))
    assert {row.app for row in found} == {"CRM", "uar"}


def test_looking_whether_access_is_privileged_takes_one_query(reviews: Reviews) -> None:
    world = reviews.world
    world.grant(entitlement=world.entitlement(risk=Risk.HIGH))

    with world.reading() as session, asserts_queries(1, world.engine):
        with_own_roles(session, (Scope(world.crm.id),))


def test_l25_a_role_that_a_review_denies_is_taken_away_and_proven(reviews: Reviews) -> None:
    world = reviews.world
    reviews.role(world.ada, Role.AUDITOR)
    campaign = reviews.opened(scope=(Scope(_own(reviews)),), removal_at=RemovalAt.DECISION)
    [item] = [row for row in reviews.items(campaign) if row.person == "Ada Byrne"]

    reviews.decide(item, Verdict.REVOKE)
    carry_out_due(reviews.site)
    with world.reading() as session:  # there is time for second thoughts (L17)
        assert roles_of(session, world.ada.id) == {Role.AUDITOR}
    with clock.frozen(clock.now() + timedelta(seconds=601)):
        carry_out_due(reviews.site)

    with world.reading() as session:
        assert roles_of(session, world.ada.id) == frozenset()
    [order] = reviews.orders()
    assert (order.state, order.item_id) == (OrderState.VERIFIED, item.id)


def test_l14_the_last_super_administrator_survives_a_review_that_denies_her(
    reviews: Reviews,
) -> None:
    world = reviews.world
    reviews.role(world.ada, Role.SUPER_ADMIN)
    campaign = reviews.opened(scope=(Scope(_own(reviews)),), removal_at=RemovalAt.DECISION)
    [item] = [row for row in reviews.items(campaign) if row.person == "Ada Byrne"]

    reviews.decide(item, Verdict.REVOKE)
    with clock.frozen(clock.now() + timedelta(seconds=601)):
        carry_out_due(reviews.site)

    [order] = reviews.orders()
    assert order.state is OrderState.MANUAL
    assert "Ada Byrne is the last super administrator" in order.result
    with world.reading() as session:
        assert Role.SUPER_ADMIN in roles_of(session, world.ada.id)
