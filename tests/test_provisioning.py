"""The outbox: what is ordered, what a person must do, what can be called off."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.world import World
from uar import clock
from uar.endings import give_back
from uar.errors import Conflict, Forbidden, Refused
from uar.lifecycle import move
from uar.models import Connector, Grant
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import OrderKind, OrderReason
from uar.models.states import GrantState, OrderState
from uar.orders import orders
from uar.origins import also_lost
from uar.provisioning import (
    cancel,
    cancel_for_item,
    end_begun,
    give_consent,
    mark_done,
    order,
    retry,
)
from uar.work import unit_of_work


def _revoke(world: World, grant: Grant, **values: object) -> Order:
    with world.as_(world.rita) as work:
        row = order(
            work,
            OrderKind.REVOKE,
            account_id=grant.account_id,
            entitlement_id=grant.entitlement_id,
            reason=OrderReason.REVIEW,
            grant_id=grant.id,
            **values,  # type: ignore[arg-type]
        )
        end_begun(work, grant.id)
        return row


def test_l10_while_writing_is_off_every_order_is_manual(world: World) -> None:
    app = world.app("Wiki", owners=[world.rita], writes_on=False)
    grant = world.grant(
        entitlement=world.entitlement(app=app), account=world.account(world.ada, app=app)
    )

    row = _revoke(world, grant)

    assert row.state is OrderState.MANUAL
    assert "switched off" in row.result


def test_l7_what_a_rule_decides_is_never_given_and_removed_only_by_hand(world: World) -> None:
    fixed = world.entitlement("Everyone", fixed_why="A rule decides who is in it: change the rule.")
    grant = world.grant(entitlement=fixed)

    account = world.account(world.max)

    assert _revoke(world, grant).state is OrderState.MANUAL
    with pytest.raises(Refused, match="change the rule"), world.as_(world.rita) as work:
        order(
            work,
            OrderKind.GRANT,
            account_id=account.id,
            entitlement_id=fixed.id,
            reason=OrderReason.REQUEST,
        )


def test_l14_an_administrator_account_is_never_given_access(world: World) -> None:
    admin = world.account(world.max, type="admin", is_person=False)
    entitlement = world.entitlement()

    with pytest.raises(Refused, match="never given access"), world.as_(world.rita) as work:
        order(
            work,
            OrderKind.GRANT,
            account_id=admin.id,
            entitlement_id=entitlement.id,
            reason=OrderReason.REQUEST,
        )


def test_l14_a_protected_account_is_left_to_a_person(world: World) -> None:
    grant = world.grant(account=world.account(world.ada, is_protected=True))

    row = _revoke(world, grant)

    assert row.state is OrderState.MANUAL
    assert "protected" in row.result


def test_the_same_wish_twice_is_one_order(world: World) -> None:
    grant = world.grant()

    assert _revoke(world, grant).id == _revoke(world, grant).id


@pytest.mark.postgres
def test_two_connections_cannot_write_two_unsettled_orders(world: World) -> None:
    grant = world.grant()
    barrier = threading.Barrier(2, timeout=5)
    outcomes: list[str] = []

    def go() -> None:
        try:
            with unit_of_work(world.engine, world.rita.actor) as work:
                row = Order(
                    kind=OrderKind.REVOKE, reason=OrderReason.REVIEW, app_id=grant.app_id,
                    connector_id=grant.connector_id, account_id=grant.account_id,
                    entitlement_id=grant.entitlement_id, created_at=work.now,
                    not_before=work.now, next_at=work.now,
                )  # fmt: skip
                if world.engine.dialect.name == "postgresql":
                    barrier.wait()
                work.session.add(row)
            outcomes.append("made")
        except sa.exc.IntegrityError:
            outcomes.append("refused")

    threads = [threading.Thread(target=go) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["made", "refused"]


def test_l17_until_it_is_claimed_it_can_be_called_off_and_the_access_goes_on(world: World) -> None:
    grant = world.grant()
    row = _revoke(world, grant)
    assert world.get(Grant, grant.id).state is GrantState.ENDING

    with world.as_(world.rita) as work:
        cancel(work, row.id, reason="a mistake")

    assert world.get(Order, row.id).state is OrderState.CANCELLED
    assert world.get(Grant, grant.id).state is GrantState.ACTIVE


def test_l17_once_claimed_the_decision_is_final_and_says_so(world: World) -> None:
    row = _revoke(world, world.grant())
    with world.as_(world.rita) as work:
        move(work, work.session.get_one(Order, row.id), OrderState.SENDING)

    with pytest.raises(Conflict, match="final"), world.as_(world.rita) as work:
        cancel(work, row.id, reason="a mistake")


def test_an_item_without_orders_is_called_off_without_a_word(world: World) -> None:
    with world.as_(world.rita) as work:
        cancel_for_item(work, 404, reason="undone")

    assert world.all(Order) == []


def test_a_manual_order_done_by_hand_still_has_to_be_proven(world: World) -> None:
    app = world.app("Wiki", owners=[world.rita], writes_on=False)
    grant = world.grant(
        entitlement=world.entitlement(app=app), account=world.account(world.ada, app=app)
    )
    row = _revoke(world, grant)

    with world.as_(world.rita) as work:
        mark_done(work, row.id, note="removed in the console")

    assert world.get(Order, row.id).state is OrderState.SENT
    assert world.get(Grant, grant.id).state is GrantState.ENDING


def test_a_manual_order_goes_through_the_connector_only_when_writing_is_on(world: World) -> None:
    app = world.app("Wiki", owners=[world.rita], writes_on=False)
    grant = world.grant(
        entitlement=world.entitlement(app=app), account=world.account(world.ada, app=app)
    )
    row = _revoke(world, grant)

    with pytest.raises(Refused, match="switched off"), world.as_(world.rita) as work:
        retry(work, row.id)

    with world.as_(world.rita) as work:
        work.session.connection().execute(
            sa.update(Connector).where(Connector.app_id == app.id).values(writes_on=True)
        )
    with world.as_(world.rita) as work:
        retry(work, row.id)
    assert world.get(Order, row.id).state is OrderState.QUEUED


def test_l5_only_an_owner_of_the_source_can_agree_to_its_removal(world: World) -> None:
    row = _revoke(world, world.grant(), needs_consent=True)
    assert row.state is OrderState.CONSENT

    with pytest.raises(Forbidden), world.as_(world.max) as work:
        give_consent(work, row.id)
    with world.as_(world.rita) as work:
        give_consent(work, row.id, reason="she left the team")

    assert world.get(Order, row.id).state is OrderState.QUEUED


def test_a_removal_waits_until_its_moment(world: World, noon) -> None:  # type: ignore[no-untyped-def]
    row = _revoke(world, world.grant(), not_before=noon + timedelta(minutes=10))

    assert row.next_at == row.not_before == noon + timedelta(minutes=10)


def test_the_list_of_orders_is_one_query_and_names_everything(world: World) -> None:
    row = _revoke(world, world.grant())

    with world.reading() as session:
        listed = orders(session, app_id=world.crm.id)

    assert [(o.id, o.app, o.account, o.connector) for o in listed] == [
        (row.id, "CRM", "Ada Byrne", "CRM")
    ]


def test_what_else_would_be_lost_with_a_membership_is_named(world: World) -> None:
    from uar.models import Resource
    from uar.models.kinds import Cause

    account = world.account(world.ada)
    member = world.entitlement("crm-admins")
    world.grant(entitlement=member, account=account)
    group = world.get(Resource, member.resource_id)
    world.grant(
        entitlement=world.entitlement("CRM", type_="app", slug="access"),
        account=account, kind=Cause.GROUP, via=group,
    )  # fmt: skip

    with world.reading() as session:
        assert also_lost(session, account.id, member.id) == ["CRM member"]


def test_l20_nobody_calls_off_the_removal_of_her_own_access(world: World) -> None:
    """Rita owns the app, so that the page of the change would let her."""
    row = _revoke(world, world.grant(world.rita))

    with pytest.raises(Refused, match="your own access"), world.as_(world.rita) as work:
        cancel(work, row.id, reason="I need it")
    with world.as_(world.cam) as work:
        cancel(work, row.id, reason="a mistake")

    assert world.get(Order, row.id).state is OrderState.CANCELLED


def test_what_one_gave_back_oneself_may_be_kept_after_all(world: World) -> None:
    grant = world.grant(world.rita)
    with world.as_(world.rita) as work:
        (row,) = give_back(work, grant.id, why="not needed")

    with world.as_(world.rita) as work:
        cancel(work, row.id, reason="needed after all")

    assert world.get(Grant, grant.id).state is GrantState.ACTIVE


def test_a_consent_given_late_does_not_make_the_removal_late(world: World, noon) -> None:  # type: ignore[no-untyped-def]
    row = _revoke(world, world.grant(), needs_consent=True)

    with clock.frozen(noon + timedelta(days=3)), world.as_(world.rita) as work:
        give_consent(work, row.id)

    assert world.get(Order, row.id).not_before == noon + timedelta(days=3)
