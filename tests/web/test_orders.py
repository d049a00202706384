"""Changes at vendors: who sees them, and what a person can do about one."""

from __future__ import annotations

import pytest

from tests.queries import asserts_queries
from tests.web.client import Browser
from tests.world import World
from uar import provisioning
from uar.models import AuditEntry, Grant, ProvisioningOrder
from uar.models.kinds import OrderKind, OrderReason, Role
from uar.models.states import GrantState, OrderState
from uar.permissions import give


def removal(
    world: World,
    *,
    state: OrderState = OrderState.QUEUED,
    reason: OrderReason = OrderReason.GIVEN_BACK,
    name: str = "Admins",
) -> ProvisioningOrder:
    grant = world.grant(entitlement=world.entitlement(name))
    with world.as_(world.max) as work:
        order = provisioning.order(
            work, OrderKind.REVOKE, account_id=grant.account_id, grant_id=grant.id,
            entitlement_id=grant.entitlement_id, reason=reason,
        )  # fmt: skip
        order.state = state
    return order


def test_the_exact_call_is_shown_before_it_is_sent(
    lite_browser: Browser, lite_world: World
) -> None:
    order = removal(lite_world)
    with lite_world.as_(lite_world.max) as work:
        row = work.session.get_one(ProvisioningOrder, order.id)
        row.call = "POST /api/v2/usergroups/r0001/members {op: remove}"

    page = lite_browser.as_(lite_world.rita).get(f"/orders/{order.id}")

    assert page.h1 == "Remove CRM · Admins member"
    assert row.call in page.text
    assert "not yet" in page.text


def test_an_owner_sees_the_changes_of_her_apps_only(
    lite_browser: Browser, lite_world: World
) -> None:
    order = removal(lite_world)
    lite_world.app("ERP", owners=[lite_world.max])

    mine = lite_browser.as_(lite_world.rita).get("/orders").rows("Changes (1)")
    others = lite_browser.as_(lite_world.max).get("/orders").rows("Changes (0)")

    assert mine[0][:3] == ["Remove CRM · Admins member", "Ada Byrne", "given back"]
    assert others == []
    lite_browser.as_(lite_world.max).get(f"/orders/{order.id}", status=404)


def test_a_stranger_finds_no_changes_at_all(lite_browser: Browser, lite_world: World) -> None:
    order = removal(lite_world)
    sam = lite_browser.as_(lite_world.sam)

    for path in ("/orders", f"/orders/{order.id}"):
        sam.get(path, status=404)
    for verb in ("retry", "completion", "consent", "cancellation"):
        sam.post(f"/orders/{order.id}/{verb}", status=404, reason="mine")

    assert lite_world.get(ProvisioningOrder, order.id).state is OrderState.QUEUED


def test_an_auditor_sees_everything_and_changes_nothing(
    lite_browser: Browser, lite_world: World
) -> None:
    order = removal(lite_world, state=OrderState.MANUAL)
    with lite_world.as_(lite_world.cam) as work:
        give(work, lite_world.cam.id, Role.AUDITOR)
    cam = lite_browser.as_(lite_world.cam)

    page = cam.get(f"/orders/{order.id}")
    cam.post(f"/orders/{order.id}/completion", status=404, reason="done")

    assert [form for form in page.forms() if form.startswith("/orders")] == []
    assert lite_world.get(ProvisioningOrder, order.id).state is OrderState.MANUAL


def test_what_a_person_did_by_hand_waits_for_proof(browser: Browser, world: World) -> None:
    order = removal(world, state=OrderState.MANUAL)
    rita = browser.as_(world.rita)
    page = rita.get(f"/orders/{order.id}")

    page = rita.submit(page.form(f"/orders/{order.id}/completion"), reason="ticket 4711")

    row = world.get(ProvisioningOrder, order.id)
    assert (row.state, row.settled_at) == (OrderState.SENT, None)
    assert "ticket 4711" in page.text
    entry = world.all(AuditEntry)[-1]
    assert (entry.actor, entry.reason) == ("Rita Ortiz", "ticket 4711")


def test_saying_that_it_is_done_needs_words(lite_browser: Browser, lite_world: World) -> None:
    order = removal(lite_world, state=OrderState.MANUAL)
    rita = lite_browser.as_(lite_world.rita)

    page = rita.post(f"/orders/{order.id}/completion", status=422, reason=" ")

    assert page.problems() == ["Reason is missing."]
    assert lite_world.get(ProvisioningOrder, order.id).state is OrderState.MANUAL


def test_a_failed_change_is_sent_again(browser: Browser, world: World) -> None:
    order = removal(world, state=OrderState.FAILED)
    rita = browser.as_(world.rita)

    rita.submit(rita.get(f"/orders/{order.id}").form(f"/orders/{order.id}/retry"))

    assert world.get(ProvisioningOrder, order.id).state is OrderState.QUEUED


def test_calling_a_removal_off_keeps_the_access(browser: Browser, world: World) -> None:
    order = removal(world)
    rita = browser.as_(world.rita)
    page = rita.get(f"/orders/{order.id}")

    rita.submit(page.form(f"/orders/{order.id}/cancellation"), reason="asked by mistake")

    assert world.get(ProvisioningOrder, order.id).state is OrderState.CANCELLED
    assert world.get(Grant, order.grant_id).state is GrantState.ACTIVE


@pytest.mark.parametrize("reason", [OrderReason.EXPIRY, OrderReason.REVIEW])
def test_what_was_decided_elsewhere_is_not_called_off_here(
    lite_browser: Browser, lite_world: World, reason: OrderReason
) -> None:
    order = removal(lite_world, reason=reason)
    rita = lite_browser.as_(lite_world.rita)

    assert f"/orders/{order.id}/cancellation" not in rita.get(f"/orders/{order.id}").forms()
    rita.post(f"/orders/{order.id}/cancellation", status=403, reason="no")

    assert lite_world.get(ProvisioningOrder, order.id).state is OrderState.QUEUED


def test_only_an_owner_of_the_source_agrees_to_a_removal_there(
    browser: Browser, world: World
) -> None:
    order = removal(world, state=OrderState.CONSENT)
    with world.as_(world.cam) as work:
        give(work, world.cam.id, Role.CONNECTOR_ADMIN)

    browser.as_(world.cam).post(f"/orders/{order.id}/consent", status=403)
    assert world.get(ProvisioningOrder, order.id).state is OrderState.CONSENT

    rita = browser.as_(world.rita)
    rita.submit(rita.get(f"/orders/{order.id}").form(f"/orders/{order.id}/consent"))
    assert world.get(ProvisioningOrder, order.id).state is OrderState.QUEUED


def test_a_change_on_its_way_is_polled_and_a_settled_one_is_not(
    lite_browser: Browser, lite_world: World
) -> None:
    order = removal(lite_world)
    rita = lite_browser.as_(lite_world.rita)

    moving = rita.fragment(f"/orders/{order.id}")
    with lite_world.as_(lite_world.rita) as work:
        provisioning.cancel(work, order.id, reason="mistake")
    settled = rita.fragment(f"/orders/{order.id}")

    assert "every 2s" in moving.html
    assert "every 2s" not in settled.html


def test_the_list_costs_the_same_however_long_it_is(browser: Browser, world: World) -> None:
    for i in range(12):
        removal(world, name=f"Group {i}")
    rita = browser.as_(world.rita)

    with asserts_queries(5, world.engine):
        rita.get("/orders")


def test_the_list_goes_on_where_it_stopped(lite_browser: Browser, lite_world: World) -> None:
    for i in range(51):
        removal(lite_world, name=f"Group {i}")
    rita = lite_browser.as_(lite_world.rita)

    first = rita.get("/orders")
    second = rita.get(first.links()["Next 50"])

    assert len(first.rows("Changes (50+)")) == 50
    assert [row[0] for row in second.rows("Changes (1)")] == ["Remove CRM · Group 0 member"]
