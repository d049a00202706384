"""Grants and their causes: L1 to L5, and how access ends."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import col

from tests.queries import asserts_queries
from tests.world import World
from uar import clock
from uar.comebacks import seen_again
from uar.endings import end_due, give_back, next_end, warn_due
from uar.errors import NotFound, Refused
from uar.grants import active, ended, extend, holds, remove
from uar.held_by import held_by
from uar.models import (
    Entitlement,
    Grant,
    GrantCause,
    Incident,
    Notification,
    Resource,
)
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import Cause, IncidentKind, OrderKind, OrderReason
from uar.models.states import GrantState, OrderState
from uar.settings import Settings
from uar.site import Site
from uar.vault import Vault


def _site(world: World) -> Site:
    return Site(world.engine, Settings(), Vault(["k"]))


def _request_grant(world: World, ends_at: datetime, **values: object) -> Grant:
    return world.grant(
        kind=Cause.REQUEST,
        request_id=1,
        ends_at=ends_at,
        began=clock.now(),
        **values,  # type: ignore[arg-type]
    )


def _inherited(world: World) -> tuple[Grant, Grant, Resource]:
    """Ada is in crm-admins, and has the CRM through it only."""
    account = world.account(world.ada)
    member: Entitlement = world.entitlement("crm-admins")
    membership = world.grant(entitlement=member, account=account)
    group: Resource = world.get(Resource, member.resource_id)
    access = world.entitlement("CRM", type_="app", slug="access", can_provision=False)
    return (
        world.grant(entitlement=access, account=account, kind=Cause.GROUP, via=group),
        membership,
        group,
    )


def test_l1_there_is_one_open_grant_per_account_and_entitlement(world: World) -> None:
    grant = world.grant()

    with pytest.raises(sa.exc.IntegrityError), world.as_(world.rita) as work:
        work.session.add(
            Grant(
                app_id=grant.app_id, connector_id=grant.connector_id, began_at=work.now,
                account_id=grant.account_id, entitlement_id=grant.entitlement_id,
            )
        )  # fmt: skip


def test_l1_a_grant_that_came_back_is_a_new_interval(world: World) -> None:
    first = world.grant()
    with world.as_(world.rita) as work:
        ended(work, work.session.get_one(Grant, first.id))

    world.add(
        Grant(
            app_id=first.app_id, connector_id=first.connector_id, began_at=clock.now(),
            account_id=first.account_id, entitlement_id=first.entitlement_id,
        )
    )  # fmt: skip

    kept = world.get(Grant, first.id)
    assert (kept.state, kept.began_at) == (GrantState.ENDED, first.began_at)


def test_l2_ending_one_cause_never_cuts_short_another(world: World, noon: datetime) -> None:
    grant = _request_grant(world, noon + timedelta(hours=1))
    with world.as_(world.rita) as work:
        extend(work, grant.id, 2, noon + timedelta(hours=2))

    with clock.frozen(noon + timedelta(hours=1, minutes=1)):
        assert end_due(_site(world)) == 1
    assert world.get(Grant, grant.id).state is GrantState.ACTIVE
    assert world.all(Order) == []

    with clock.frozen(noon + timedelta(hours=2)):
        assert end_due(_site(world)) == 1
    assert world.get(Grant, grant.id).state is GrantState.ENDING
    assert [(o.kind, o.reason) for o in world.all(Order)] == [
        (OrderKind.REVOKE, OrderReason.EXPIRY)
    ]


def test_l3_standing_access_is_never_ended_by_time(world: World, noon: datetime) -> None:
    grant = world.grant()

    with clock.frozen(noon + timedelta(days=10_000)):
        assert end_due(_site(world)) == 0

    assert world.get(Grant, grant.id).state is GrantState.ACTIVE
    with pytest.raises(sa.exc.IntegrityError), world.as_(world.rita) as work:
        work.session.connection().execute(sa.update(GrantCause).values(ends_at=work.now))


def test_ending_twice_orders_once(world: World, noon: datetime) -> None:
    _request_grant(world, noon)
    site = _site(world)

    assert (end_due(site), end_due(site)) == (1, 0)

    assert len(world.all(Order)) == 1


def test_access_whose_time_is_over_does_not_count_even_before_it_is_removed(
    world: World, noon: datetime
) -> None:
    grant = _request_grant(world, noon + timedelta(hours=1))

    def counts(now: datetime) -> bool:
        with world.reading() as session:
            return (
                session.scalars(
                    sa.select(col(Grant.id)).where(active(now), col(Grant.id) == grant.id)
                ).first()
                is not None
            )

    assert counts(noon + timedelta(minutes=59))
    assert not counts(noon + timedelta(hours=1))


def test_l10_the_end_of_access_is_a_manual_order_while_writing_is_off(
    world: World, noon: datetime
) -> None:
    app = world.app("Wiki", owners=[world.rita], writes_on=False)
    _request_grant(
        world,
        noon,
        entitlement=world.entitlement(app=app),
        account=world.account(world.ada, app=app),
    )

    end_due(_site(world))

    assert [o.state for o in world.all(Order)] == [OrderState.MANUAL]


def test_l5_inherited_access_is_removed_at_its_source_with_its_owners_consent(
    world: World,
) -> None:
    grant, membership, _ = _inherited(world)

    with world.as_(world.max) as work:
        made = remove(work, grant.id, reason=OrderReason.REVIEW, why="moved on")

    assert [(o.entitlement_id, o.state) for o in made] == [
        (membership.entitlement_id, OrderState.CONSENT)
    ]
    assert world.get(Grant, grant.id).state is GrantState.ACTIVE
    assert world.get(Grant, membership.id).state is GrantState.ACTIVE


def test_l5_the_owner_of_the_source_consents_by_deciding(world: World) -> None:
    grant, membership, _ = _inherited(world)

    with world.as_(world.rita) as work:
        made = remove(work, grant.id, reason=OrderReason.REVIEW, why="moved on")

    assert [o.state for o in made] == [OrderState.QUEUED]
    assert world.get(Grant, membership.id).state is GrantState.ENDING


def test_l5_removing_means_every_path(world: World) -> None:
    grant, membership, _ = _inherited(world)
    world.add(
        GrantCause(
            grant_id=grant.id, kind=Cause.STANDING, began_at=clock.now(),
        )
    )  # fmt: skip

    with world.as_(world.rita) as work:
        made = remove(work, grant.id, reason=OrderReason.REVIEW, why="moved on")

    assert {o.entitlement_id for o in made} == {grant.entitlement_id, membership.entitlement_id}


def test_only_the_holder_gives_access_back(world: World) -> None:
    grant = world.grant()

    for stranger in (world.sam, world.max, world.rita):
        with pytest.raises(NotFound), world.as_(stranger) as work:
            give_back(work, grant.id, why="")
    with world.as_(world.ada) as work:
        made = give_back(work, grant.id, why="not needed")

    assert [o.reason for o in made] == [OrderReason.GIVEN_BACK]


def test_an_account_itself_is_not_given_back(world: World) -> None:
    grant = world.grant(entitlement=world.entitlement("Access", is_builtin=True))

    with pytest.raises(Refused), world.as_(world.ada) as work:
        give_back(work, grant.id, why="")


def test_a_warning_goes_out_once_before_the_end(world: World, noon: datetime) -> None:
    grant = world.grant()
    with world.as_(world.rita) as work:
        extend(work, grant.id, 1, noon + timedelta(minutes=10))
    site = _site(world)

    with clock.frozen(noon + timedelta(minutes=4)):
        assert warn_due(site) == 0
    with clock.frozen(noon + timedelta(minutes=5)):
        assert (warn_due(site), warn_due(site)) == (1, 0)

    sent = world.all(Notification)
    assert [(n.identity_id, n.kind) for n in sent] == [(world.ada.id, "ending_soon")]
    assert "12:10" in sent[0].subject


def test_l18_what_came_back_is_an_incident_that_says_why_it_had_ended(
    world: World, noon: datetime
) -> None:
    grant = world.grant()
    with world.as_(world.ada) as work:
        removal = give_back(work, grant.id, why="")[0]
        ended(work, work.session.get_one(Grant, grant.id), order_id=removal.id)

    again = world.grant(
        entitlement=world.get(Entitlement, grant.entitlement_id), account=_account(world, grant)
    )
    with world.as_(world.rita) as work:
        seen_again(work, work.session.get_one(Grant, again.id))

    incident = world.all(Incident)[0]
    assert incident.kind is IncidentKind.REAPPEARED
    assert "again" in incident.sentence
    assert "given back" in incident.sentence
    assert [o for o in world.all(Order) if o.reason is OrderReason.REAPPEARED] == []
    assert [n.identity_id for n in world.all(Notification)] == [world.rita.id]


def test_l18_a_timely_end_is_enforced_once_more_within_the_hour_and_never_twice(
    world: World, noon: datetime
) -> None:
    grant = _request_grant(world, noon)
    end_due(_site(world))
    for round_ in range(2):
        with world.as_(world.rita) as work:
            ended(work, holds_row(work, grant))
        again = world.grant(
            entitlement=world.get(Entitlement, grant.entitlement_id), account=_account(world, grant)
        )
        with (
            clock.frozen(noon + timedelta(minutes=20 * (round_ + 1))),
            world.as_(world.rita) as work,
        ):
            seen_again(work, work.session.get_one(Grant, again.id))

    reasons = [o.reason for o in world.all(Order)]
    assert reasons == [OrderReason.EXPIRY, OrderReason.REAPPEARED]


def test_the_end_of_a_grant_settles_removals_that_wait(world: World) -> None:
    grant = world.grant()
    with world.as_(world.ada) as work:
        removal = give_back(work, grant.id, why="")[0]

    with world.as_(world.rita) as work:
        ended(work, work.session.get_one(Grant, grant.id))

    row = world.get(Order, removal.id)
    assert row.state is OrderState.VERIFIED
    assert world.get(Grant, grant.id).ended_order_id == removal.id


def test_what_a_person_holds_is_one_query_with_its_end_and_its_source(
    world: World, noon: datetime
) -> None:
    _inherited(world)
    _request_grant(world, noon + timedelta(hours=4), entitlement=world.entitlement("erp"))

    with world.reading() as session, asserts_queries(1, world.engine):
        held = held_by(session, world.ada.id)

    told = {row.resource: (row.direct, row.via, row.ends_at) for row in held}
    assert told == {
        "CRM": (False, "crm-admins", None),
        "crm-admins": (True, "", None),
        "erp": (True, "", noon + timedelta(hours=4)),
    }


def test_the_next_end_is_known_without_looking_at_every_grant(world: World, noon: datetime) -> None:
    world.grant()
    _request_grant(world, noon + timedelta(hours=4), entitlement=world.entitlement("erp"))

    with world.reading() as session:
        assert next_end(session) == noon + timedelta(hours=4)


def holds_row(work, grant: Grant) -> Grant:  # type: ignore[no-untyped-def]
    found = holds(work.session, grant.account_id, grant.entitlement_id)
    assert found is not None
    return found


def _account(world: World, grant: Grant):  # type: ignore[no-untyped-def]
    from uar.models import Account

    return world.get(Account, grant.account_id)
