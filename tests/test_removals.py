"""When the removals of a review leave, how they are undone, and removal at the source (L5)."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.conftest import NOON
from tests.world import World
from tests.world_reviews import (
    Reviews,
    inherited,
    one_row,
)
from uar import (
    grants,
)
from uar.errors import Conflict
from uar.models import (
    AuditEntry,
    Grant,
    GrantCause,
    ReviewItem,
)
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import (
    Cause,
    OrderKind,
    RemovalAt,
    ReviewerRule,
    Verdict,
)
from uar.models.states import GrantState, ItemState, OrderState
from uar.provisioning import SETTLED

KEEP, REMOVE = Verdict.CERTIFY, Verdict.REVOKE


@pytest.fixture
def review_world(world: World) -> Reviews:
    return Reviews(world)


@pytest.fixture
def lite(lite_world: World) -> Reviews:
    return Reviews(lite_world)


def test_l17_nothing_is_ordered_before_the_moment_that_the_campaign_chose(
    review_world: Reviews,
) -> None:
    review_world.world.grant()
    campaign = review_world.opened()  # removals at sign-off
    item = review_world.item(campaign)

    review_world.decide(item, REMOVE)

    assert review_world.orders() == []
    assert one_row(review_world, item).note == "the removal is ordered when you sign"


def test_l17_a_removal_at_the_decision_waits_for_second_thoughts(review_world: Reviews) -> None:
    world = review_world.world
    grant = world.grant()
    campaign = review_world.opened(removal_at=RemovalAt.DECISION)
    item = review_world.item(campaign)

    review_world.decide(item, REMOVE)

    (order,) = review_world.orders()
    assert (order.kind, order.state, order.item_id) == (
        OrderKind.REVOKE,
        OrderState.QUEUED,
        item.id,
    )
    assert order.not_before == NOON + timedelta(seconds=600)
    assert world.get(Grant, grant.id).state is GrantState.ENDING
    row = one_row(review_world, item)
    assert (row.sends_at, row.can_undo, row.is_sent) == (order.not_before, True, False)


def test_l17_undo_calls_the_removal_off(review_world: Reviews) -> None:
    world = review_world.world
    grant = world.grant()
    item = review_world.item(review_world.opened(removal_at=RemovalAt.DECISION))
    review_world.decide(item, REMOVE)

    review_world.undo(item)

    assert [order.state for order in review_world.orders()] == [OrderState.CANCELLED]
    assert world.get(Grant, grant.id).state is GrantState.ACTIVE
    assert world.get(ReviewItem, item.id).state is ItemState.PENDING
    assert [d.verdict for d in review_world.decisions()] == [REMOVE, Verdict.UNDO]


def test_a_removal_can_be_decided_again_after_an_undo(review_world: Reviews) -> None:
    review_world.world.grant()
    item = review_world.item(review_world.opened(removal_at=RemovalAt.DECISION))
    review_world.decide(item, REMOVE)
    review_world.undo(item)

    review_world.decide(item, REMOVE)

    assert [order.state for order in review_world.orders()] == [
        OrderState.CANCELLED,
        OrderState.QUEUED,
    ]


@pytest.mark.parametrize("how", ["undo", "keep"])
def test_l17_once_the_removal_has_begun_the_decision_is_final(
    review_world: Reviews, how: str
) -> None:
    world = review_world.world
    grant = world.grant()
    item = review_world.item(review_world.opened(removal_at=RemovalAt.DECISION))
    review_world.decide(item, REMOVE)
    review_world.send(grant)

    with pytest.raises(Conflict, match="final"):
        review_world.undo(item) if how == "undo" else review_world.decide(item, KEEP)

    assert world.get(ReviewItem, item.id).state is ItemState.REVOKED
    row = one_row(review_world, item)
    assert (row.can_undo, row.is_sent) == (False, True)


def test_undoing_what_is_undecided_changes_nothing(lite: Reviews) -> None:
    lite.world.grant()
    item = lite.item(lite.opened())

    lite.undo(item)

    assert lite.decisions() == []


def test_keeping_access_that_ended_meanwhile_cannot_be_undone(lite: Reviews) -> None:
    grant = lite.world.grant()
    item = lite.item(lite.opened())
    lite.decide(item, KEEP, "")
    with lite.world.as_(lite.world.sam) as work:
        grants.ended(work, work.session.get_one(Grant, grant.id))

    with pytest.raises(Conflict, match="gone"):
        lite.undo(item)


def test_l23_certifying_access_for_a_while_never_moves_its_end(review_world: Reviews) -> None:
    ends_at = NOON + timedelta(hours=4)
    review_world.world.grant(kind=Cause.REQUEST, request_id=7, ends_at=ends_at)
    item = review_world.item(review_world.opened())

    review_world.decide(item, KEEP, "")

    (cause,) = [c for c in review_world.world.all(GrantCause) if c.grant_id == item.grant_id]
    assert cause.ends_at == ends_at


def test_l5_inherited_access_is_removed_at_its_source_once_its_owner_agrees(
    review_world: Reviews,
) -> None:
    member, mail, _ = inherited(review_world)
    campaign = review_world.opened(removal_at=RemovalAt.DECISION)
    item = review_world.item(campaign, mail)

    review_world.decide(item, REMOVE)

    (order,) = review_world.orders()
    assert (order.grant_id, order.state) == (member.id, OrderState.CONSENT)
    assert one_row(review_world, item).note == "waits for the consent of an owner of its source"


def test_l5_an_owner_who_decides_agrees_by_deciding(review_world: Reviews) -> None:
    member, mail, _ = inherited(review_world)
    campaign = review_world.opened(
        removal_at=RemovalAt.DECISION, reviewer_rule=ReviewerRule.APP_OWNER
    )

    review_world.decide(review_world.item(campaign, mail), REMOVE)

    assert [(o.grant_id, o.state) for o in review_world.orders()] == [
        (member.id, OrderState.QUEUED)
    ]


def test_l5_access_with_two_paths_is_still_held_through_the_other(review_world: Reviews) -> None:
    world = review_world.world
    _, mail, _ = inherited(review_world)
    world.add(
        GrantCause(
            grant_id=mail.id, kind=Cause.STANDING, began_at=mail.began_at,
        )
    )  # fmt: skip
    item = review_world.item(review_world.opened(removal_at=RemovalAt.DECISION), mail)
    review_world.decide(item, REMOVE)
    assert len(review_world.orders()) == 2

    # The direct path is proven gone; the group's owner called the other off.
    direct, through = sorted(review_world.orders(), key=lambda order: order.grant_id != mail.id)
    review_world.set(Order, direct.id, state=OrderState.VERIFIED, settled_at=NOON)
    review_world.set(Order, through.id, state=OrderState.CANCELLED, settled_at=NOON)
    row = one_row(review_world, item)

    assert row.note == "still held through crm-admins"
    assert not row.can_undo


def test_undoing_one_of_two_removals_at_the_same_source_keeps_the_other(
    review_world: Reviews,
) -> None:
    member, mail, wiki = inherited(review_world)
    campaign = review_world.opened(
        removal_at=RemovalAt.DECISION, reviewer_rule=ReviewerRule.APP_OWNER
    )
    first, second = review_world.item(campaign, mail), review_world.item(campaign, wiki)
    review_world.decide(first, REMOVE)
    review_world.decide(second, REMOVE)
    assert len(review_world.orders()) == 1

    review_world.undo(first)

    live = [order for order in review_world.orders() if order.state not in SETTLED]
    assert [(order.grant_id, order.item_id) for order in live] == [(member.id, second.id)]


def test_l7_access_that_a_rule_gives_becomes_work_for_a_person(review_world: Reviews) -> None:
    rule = "A rule decides who is in it: change the rule."
    review_world.world.grant(
        entitlement=review_world.world.entitlement(can_provision=False, fixed_why=rule)
    )
    item = review_world.item(review_world.opened(removal_at=RemovalAt.DECISION))

    review_world.decide(item, REMOVE)

    (order,) = review_world.orders()
    assert order.state is OrderState.MANUAL
    assert one_row(review_world, item).note == f"to be done by hand: {rule}"


def test_access_whose_source_is_not_known_is_recorded_as_not_ordered(lite: Reviews) -> None:
    grant = lite.world.grant()
    item = lite.item(lite.opened(removal_at=RemovalAt.DECISION))
    with lite.world.as_(lite.world.sam) as work:
        work.session.connection().execute(
            sa.update(GrantCause).values(kind=Cause.GROUP, via_id=4711)
        )

    lite.decide(item, REMOVE)

    assert lite.orders() == []
    actions = [row.action for row in lite.world.all(AuditEntry)]
    assert "review_item.removal_not_ordered" in actions
    assert lite.world.get(Grant, grant.id).state is GrantState.ACTIVE
