"""What is frozen of each grant: the facts, what came before, and the order."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.world import World
from tests.world_reviews import Reviews
from uar import clock
from uar.models import (
    AccessRequest,
    Account,
    ApprovalStep,
    Entitlement,
    Grant,
    Identity,
    Resource,
)
from uar.models.kinds import (
    Cause,
    Risk,
    StepKind,
    Verdict,
)
from uar.models.states import RequestState, StepState


@pytest.fixture
def campaign_world(world: World) -> Reviews:
    return Reviews(world)


@pytest.fixture
def lite(lite_world: World) -> Reviews:
    return Reviews(lite_world)


def _now() -> datetime:
    return clock.now()


def test_an_item_says_who_holds_what(campaign_world: Reviews) -> None:
    world = campaign_world.world
    used = _now() - timedelta(days=3)
    entitlement = world.entitlement("Admins", description="May do it all", risk=Risk.HIGH)
    grant = world.grant(
        entitlement=entitlement,
        account=world.account(world.ada, username="ada", last_login_at=used),
    )

    item = campaign_world.item(campaign_world.staged(), grant)

    assert (item.person, item.person_title, item.department) == ("Ada Byrne", "Seller", "Sales")
    assert (item.account, item.account_status, item.last_used_at) == ("ada", "enabled", used)
    assert (item.app, item.resource, item.entitlement) == ("CRM", "Admins", "Admins member")
    assert (item.description, item.risk, item.direct, item.via) == (
        "May do it all",
        Risk.HIGH,
        True,
        "",
    )
    assert item.granted_at == _now() - timedelta(days=365)
    assert (item.given_by, item.ends_at) == ("", None)


def test_inherited_access_names_its_group(campaign_world: Reviews) -> None:
    world = campaign_world.world
    with world.reading() as session:
        group = session.get_one(Resource, world.entitlement("crm-admins").resource_id)
    world.grant(kind=Cause.GROUP, via=group)

    item = campaign_world.items(campaign_world.staged())[0]

    assert (item.direct, item.via) == (False, "crm-admins")


def test_access_that_was_asked_for_names_who_approved_it_and_when_it_ends(
    campaign_world: Reviews,
) -> None:
    world = campaign_world.world
    entitlement = world.entitlement()
    account = world.account(world.ada)
    ends_at = _now() + timedelta(hours=4)
    request = world.add(
        AccessRequest(
            requester_id=world.ada.id, subject_id=world.ada.id, entitlement_id=entitlement.id,
            account_id=account.id, state=RequestState.GRANTED, minutes=240, granted_minutes=240,
            reason="Month-end", filed_at=_now(), lapses_at=_now(),
        )
    )  # fmt: skip
    for position, by in enumerate((world.max, world.rita)):
        world.add(
            ApprovalStep(
                request_id=request.id, position=position, kind=StepKind.MANAGER,
                state=StepState.APPROVED, decided_by=by.id, decided_at=_now(),
            )
        )  # fmt: skip
    world.grant(
        entitlement=entitlement,
        account=account,
        kind=Cause.REQUEST,
        request_id=request.id,
        ends_at=ends_at,
    )

    item = campaign_world.item(campaign_world.staged())

    assert (item.given_by, item.ends_at) == ("Rita Ortiz", ends_at)


def test_peers_are_the_team_and_count_herself(campaign_world: Reviews) -> None:
    world = campaign_world.world
    entitlement = world.entitlement()
    grant = world.grant(entitlement=entitlement)
    for name in ("Ben Cole", "Dan Weiss"):
        world.person(name, manager=world.max)
    campaign_world.holder("Eve Park", entitlement)

    item = campaign_world.item(campaign_world.staged(), grant)

    assert (item.peer_group, item.peers_hold, item.peers) == ("Max Roth’s team", 2, 4)


def test_peers_are_the_department_where_there_is_no_team(campaign_world: Reviews) -> None:
    world = campaign_world.world
    lena = world.person("Lena Huber", department="Sales")
    grant = world.grant(lena)

    item = campaign_world.item(campaign_world.staged(), grant)

    assert (item.peer_group, item.peers_hold, item.peers) == ("Sales", 1, 2)


def test_whoever_has_no_peers_is_compared_with_nobody(campaign_world: Reviews) -> None:
    world = campaign_world.world
    grant = world.grant(world.sam)

    item = campaign_world.item(campaign_world.staged(), grant)

    assert (item.peer_group, item.peers_hold, item.peers) == ("", 0, 0)


def test_the_last_decision_on_the_same_access_is_shown(campaign_world: Reviews) -> None:
    campaign_world.world.grant()
    first = campaign_world.opened(name="Q4")
    campaign_world.decide(campaign_world.item(first), Verdict.CERTIFY, "")

    item = campaign_world.item(campaign_world.staged(name="Q1"))

    assert (item.previous_verdict, item.previous_by, item.previous_campaign) == (
        "certify",
        "Max Roth",
        "Q4",
    )
    assert item.previous_at == _now()


def test_a_decision_that_was_undone_is_not_shown(campaign_world: Reviews) -> None:
    campaign_world.world.grant()
    item = campaign_world.item(campaign_world.opened(name="Q4"))
    campaign_world.decide(item, Verdict.CERTIFY, "")
    campaign_world.undo(item)

    later = campaign_world.item(campaign_world.staged(name="Q1"))

    assert (later.previous_verdict, later.unchanged) == ("", False)


def test_what_was_kept_and_looks_the_same_is_unchanged(campaign_world: Reviews) -> None:
    campaign_world.world.grant()
    campaign_world.decide(
        campaign_world.item(campaign_world.opened(name="Q4")), Verdict.CERTIFY, ""
    )

    assert campaign_world.item(campaign_world.staged(name="Q1")).unchanged


@pytest.mark.parametrize(
    "what", ["high risk", "began later", "unused", "moved", "left", "disabled", "removed"]
)
def test_what_changed_since_it_was_kept_is_asked_again(campaign_world: Reviews, what: str) -> None:
    world = campaign_world.world
    grant = world.grant()
    verdict = Verdict.REVOKE if what == "removed" else Verdict.CERTIFY
    campaign_world.decide(campaign_world.item(campaign_world.opened(name="Q4")), verdict)
    changes = {
        "high risk": (Entitlement, grant.entitlement_id, {"risk": Risk.HIGH}),
        "began later": (Grant, grant.id, {"began_at": _now() + timedelta(seconds=1)}),
        "unused": (Account, grant.account_id, {"last_login_at": _now() - timedelta(days=91)}),
        "moved": (Identity, world.ada.id, {"department": "IT"}),
        "left": (Identity, world.ada.id, {"status": "inactive", "left_at": _now()}),
        "disabled": (Account, grant.account_id, {"status": "disabled"}),
    }
    if what in changes:
        table, row_id, values = changes[what]
        campaign_world.set(table, row_id, **values)

    assert not campaign_world.item(campaign_world.staged(name="Q1"), grant).unchanged


def test_risk_comes_first_then_access_then_person_and_unchanged_last(
    campaign_world: Reviews,
) -> None:
    world = campaign_world.world
    low, high = world.entitlement("Viewers"), world.entitlement("Zeus", risk=Risk.HIGH)
    campaign_world.holder("Kay Old", low)
    for item in campaign_world.items(campaign_world.opened(name="Q4")):
        campaign_world.decide(item, Verdict.CERTIFY, "")
    campaign_world.holder("Bob Low", low)
    campaign_world.holder("Al High", high)
    campaign_world.holder("Amy Low", low)

    found = campaign_world.items(campaign_world.staged(name="Q1"))
    people = [item.person for item in found if item.app == "CRM"]

    assert people == ["Al High", "Amy Low", "Bob Low", "Kay Old"]
