"""What a population holds, counted, hashed, and traced to its reads."""

from __future__ import annotations

import hashlib
from datetime import datetime

import pytest

from tests.world import World
from tests.world_reviews import Reviews, account_of
from uar import clock
from uar.campaigns import stage
from uar.errors import Refused
from uar.models import (
    Entitlement,
    Grant,
    Resource,
)
from uar.models.kinds import (
    Completeness,
    Risk,
)
from uar.models.states import GrantState
from uar.permissions import ensure_own_app
from uar.plan_choices import app_choices
from uar.population import Scope, recount
from uar.sources import frozen_sources


@pytest.fixture
def campaign_world(world: World) -> Reviews:
    return Reviews(world)


@pytest.fixture
def lite(lite_world: World) -> Reviews:
    return Reviews(lite_world)


def _now() -> datetime:
    return clock.now()


def test_only_what_is_held_now_and_in_scope_is_frozen(campaign_world: Reviews) -> None:
    world = campaign_world.world
    held = world.grant()
    displaced = world.grant(world.sam)
    campaign_world.set(Grant, displaced.id, state=GrantState.DISPLACED)
    unread = world.grant(world.cam)
    campaign_world.set(Grant, unread.id, state=GrantState.OUT_OF_SCOPE)
    ended = world.grant(world.rita)
    campaign_world.set(Grant, ended.id, state=GrantState.ENDED, ended_at=_now())
    gone = world.entitlement("Old", gone_at=_now())
    world.grant(world.max, gone)
    other = world.app("ERP")
    world.grant(entitlement=world.entitlement(app=other), account=world.account(None, app=other))

    items = campaign_world.items(campaign_world.staged())

    assert {item.grant_id for item in items} == {held.id, displaced.id}


def test_a_scope_of_one_type_leaves_the_others_out(campaign_world: Reviews) -> None:
    world = campaign_world.world
    world.grant(entitlement=world.entitlement("Admins", type_="group"))
    role = world.grant(entitlement=world.entitlement("Owner", type_="role"))

    items = campaign_world.items(campaign_world.staged(scope=(Scope(world.crm.id, "role"),)))

    assert [item.grant_id for item in items] == [role.id]


def test_law_8_facts_are_reviewed_only_when_a_campaign_asks_for_their_type(
    campaign_world: Reviews,
) -> None:
    world = campaign_world.world
    role = world.grant(entitlement=world.entitlement("Owner", type_="role"))
    done = world.grant(entitlement=world.entitlement("Python", type_="course", purpose="fact"))

    whole = campaign_world.items(campaign_world.staged(scope=(Scope(world.crm.id),)))
    asked = campaign_world.items(campaign_world.staged(scope=(Scope(world.crm.id, "course"),)))

    assert [item.grant_id for item in whole] == [role.id]
    assert [item.grant_id for item in asked] == [done.id]


def test_law_8_a_planner_is_told_how_much_a_whole_app_would_ask(lite: Reviews) -> None:
    world = lite.world
    world.grant(entitlement=world.entitlement("Owner", type_="role"))
    world.grant(entitlement=world.entitlement("Python", type_="course", purpose="fact"))

    with world.reading() as session:
        choice = next(each for each in app_choices(session) if each.id == world.crm.id)

    assert choice.n_grants == 1
    assert [(kind.type, kind.n_grants) for kind in choice.types] == [("course", 1), ("role", 1)]


def test_a_whole_app_and_a_type_of_it_count_each_grant_once(campaign_world: Reviews) -> None:
    world = campaign_world.world
    world.grant()
    app_id = world.crm.id

    items = campaign_world.items(
        campaign_world.staged(scope=(Scope(app_id, "group"), Scope(app_id), Scope(app_id)))
    )

    assert len(items) == 1


def test_nothing_in_scope_is_refused(lite: Reviews) -> None:
    campaign = lite.planned()

    with pytest.raises(Refused, match="Nothing is in scope"), lite.world.as_(lite.world.cam) as w:
        stage(w, campaign.id)

    assert lite.items(campaign) == []


def test_count_and_hash_can_be_taken_again(campaign_world: Reviews) -> None:
    world = campaign_world.world
    for person in (world.ada, world.sam):
        world.grant(person)

    campaign = campaign_world.staged()

    assert campaign.population_count == 2
    assert len(campaign.population_hash) == 64
    with world.reading() as session:
        assert recount(session, campaign).agrees


def test_a_population_that_was_tampered_with_no_longer_agrees(campaign_world: Reviews) -> None:
    world = campaign_world.world
    grant = world.grant()
    campaign = campaign_world.staged()

    campaign_world.set(Grant, grant.id, began_at=_now())

    with world.reading() as session:
        assert not recount(session, campaign).agrees


def test_the_hash_is_one_that_an_auditor_can_take_herself(campaign_world: Reviews) -> None:
    world = campaign_world.world
    grants = [world.grant(person) for person in (world.ada, world.sam)]

    campaign = campaign_world.staged()

    lines = []
    for grant in grants:
        entitlement = world.get(Entitlement, grant.entitlement_id)
        group = world.get(Resource, entitlement.resource_id).vendor_id
        login = account_of(world, grant).vendor_id
        parts = (str(grant.connector_id), "user", login, "group", group, "member")
        lines.append("\t".join((*parts, "2025-03-12 12:00:00.000000")) + "\n")
    digest = hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()
    assert campaign.population_hash == digest


def test_each_connectors_read_is_kept_with_its_items(campaign_world: Reviews) -> None:
    world = campaign_world.world
    world.grant()
    run = campaign_world.read(completeness=Completeness.SCOPED)
    campaign = campaign_world.staged()

    with world.reading() as session:
        (source,) = frozen_sources(session, campaign.id)

    assert (source.run_id, source.completeness, source.items) == (run.id, Completeness.SCOPED, 1)
    assert source.read_at == run.started_at


def test_l25_uars_own_roles_are_reviewed_like_other_access(campaign_world: Reviews) -> None:
    world = campaign_world.world
    with world.as_(world.cam) as work:
        own = ensure_own_app(work)
    campaign = campaign_world.staged(scope=(Scope(own.id),))

    item = campaign_world.item(campaign)

    assert (item.person, item.app, item.risk) == ("Cam Lee", "uar", Risk.HIGH)
    assert item.reviewer_id == world.rita.id
