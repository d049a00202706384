"""The laws of access, as far as a sync keeps them: L1, L2, L9, L12, L16, L18."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col

from connectors.base import AccountRecord, ResourceRecord, Unread
from tests.world_sync import SyncWorld
from uar import clock, sync
from uar.models import (
    AccessRequest,
    Campaign,
    Grant,
    GrantCause,
    Incident,
    ProvisioningOrder,
    ReviewItem,
    SyncRun,
)
from uar.models.kinds import Cause, Completeness, IncidentKind, OrderKind, OrderReason
from uar.models.states import (
    CampaignState,
    GrantState,
    ItemState,
    OrderState,
    RequestState,
    RunState,
)


@pytest.fixture
def world(engine: sa.Engine, noon: object) -> SyncWorld:
    return SyncWorld(engine)


class Given:
    """Ada in Admins, which gives the app CRM; eight colleagues hold other things."""

    def __init__(self, world: SyncWorld) -> None:
        self.world = world
        vendor = world.vendor
        self.ada = vendor.add_person("Ada Byrne")
        self.others = vendor.add_people(8)
        self.admins = vendor.add_group("Admins", self.ada, *self.others)
        self.crm = vendor.add_app("CRM")
        vendor.give(self.ada, self.crm, via=self.admins)
        world.sync()

    def grant(self, resource: ResourceRecord | None = None) -> Grant:
        (grant,) = self.world.grants_of(self.ada, resource or self.admins)
        return grant

    def order(
        self,
        kind: OrderKind,
        state: OrderState,
        account: AccountRecord | None = None,
        **values: Any,
    ) -> ProvisioningOrder:
        account = account or self.ada
        found = self.world.grants_of(account, self.admins)
        filled: dict[str, Any] = {
            "reason": OrderReason.REVIEW, "app_id": self.world.app_row.id,
            "connector_id": self.world.connector_id,
            "account_id": self.world.account_of(account).id,
            "entitlement_id": self.world.entitlement_of(self.admins).id,
            "grant_id": found[0].id if found else None, "created_at": self.world.now,
            "not_before": self.world.now, "next_at": self.world.now,
        }  # fmt: skip
        row: ProvisioningOrder = self.world.add(
            ProvisioningOrder(kind=kind, state=state, **(filled | values))
        )
        return row

    def state(self, order: ProvisioningOrder) -> OrderState:
        state: OrderState = self.world.get(ProvisioningOrder, order.id).state
        return state

    def on_request(self, account: AccountRecord) -> AccessRequest:
        """Let an account hold Admins by a request besides, as delivery leaves it."""
        world = self.world
        request: AccessRequest = world.add(
            AccessRequest(
                requester_id=world.ada.id, subject_id=world.ada.id,
                entitlement_id=world.entitlement_of(self.admins).id,
                account_id=world.account_of(account).id, state=RequestState.GRANTED,
                minutes=60, granted_minutes=60, reason="audit", filed_at=world.now,
                lapses_at=world.now,
            )
        )  # fmt: skip
        (grant,) = world.grants_of(account, self.admins)
        world.add(
            GrantCause(
                grant_id=grant.id, kind=Cause.REQUEST, request_id=request.id,
                began_at=world.now, ends_at=world.now + timedelta(days=1),
            )
        )  # fmt: skip
        return request


@pytest.fixture
def given(world: SyncWorld) -> Given:
    return Given(world)


def test_l1_direct_and_inherited_access_are_one_open_grant(world: SyncWorld, given: Given) -> None:
    world.vendor.give(given.ada, given.crm)

    world.sync()

    causes = world.causes_of(given.grant(given.crm))
    assert [(cause.kind, cause.via_id != 0) for cause in causes] == [
        (Cause.GROUP, True), (Cause.STANDING, False),
    ]  # fmt: skip


def test_l2_losing_the_group_does_not_cut_short_direct_access(
    world: SyncWorld, given: Given
) -> None:
    world.vendor.give(given.ada, given.crm)
    world.sync()
    world.vendor.take(given.ada, given.admins)
    world.vendor.take(given.ada, given.crm, via=given.admins)

    world.sync()

    assert [cause.kind for cause in world.causes_of(given.grant(given.crm))] == [Cause.STANDING]
    assert not world.holds(given.ada, given.admins)


def test_l2_losing_direct_access_does_not_cut_short_the_group(
    world: SyncWorld, given: Given
) -> None:
    world.vendor.give(given.ada, given.crm)
    world.sync()
    world.vendor.take(given.ada, given.crm)

    world.sync()

    assert [cause.kind for cause in world.causes_of(given.grant(given.crm))] == [Cause.GROUP]


def test_l2_a_grant_ends_with_its_last_path(world: SyncWorld, given: Given) -> None:
    grant = given.grant(given.crm)
    world.vendor.take(given.ada, given.crm, via=given.admins)

    world.sync()

    assert world.get(Grant, grant.id).state is GrantState.ENDED
    assert world.causes_of(grant) == []


def test_l2_access_on_request_is_not_found_again_as_standing(
    world: SyncWorld, given: Given
) -> None:
    grant = given.grant()
    with world.site.working() as work:
        work.session.connection().execute(
            sa.delete(GrantCause).where(col(GrantCause.grant_id) == grant.id)
        )
    given.on_request(given.ada)

    run = world.sync()

    assert run.counts["path"] == {"added": 0, "changed": 0, "gone": 0}
    assert [cause.kind for cause in world.causes_of(grant)] == [Cause.REQUEST]


def test_l2_what_the_vendor_took_away_ends_the_causes_of_every_kind(
    world: SyncWorld, given: Given
) -> None:
    given.on_request(given.ada)
    grant = given.grant()
    world.vendor.take(given.ada, given.admins)

    world.sync()

    assert world.get(Grant, grant.id).state is GrantState.ENDED
    assert world.causes_of(grant) == []


def test_l9_what_we_no_longer_look_at_is_out_of_scope_and_not_gone(
    world: SyncWorld, given: Given
) -> None:
    admins, crm = given.grant(), given.grant(given.crm)
    world.vendor.scope = "apps only"
    world.vendor.resources = [given.crm]
    world.vendor.grants = []
    world.vendor.give(given.ada, given.crm)

    run = world.sync()

    assert (run.state, run.completeness) == (RunState.COMPLETE, Completeness.SCOPED)
    assert world.get(Grant, admins.id).state is GrantState.OUT_OF_SCOPE
    assert world.get(Grant, crm.id).state is GrantState.ACTIVE
    assert run.counts["path"]["gone"] == 0

    world.sync()
    assert world.get(Grant, admins.id).state is GrantState.OUT_OF_SCOPE


def test_l9_what_is_looked_at_again_is_active_or_gone(world: SyncWorld, given: Given) -> None:
    mine, theirs = given.grant(), world.grants_of(given.others[0], given.admins)[0]
    grants, resources = world.vendor.grants, world.vendor.resources
    world.vendor.scope, world.vendor.resources, world.vendor.grants = "apps only", [given.crm], []
    world.sync()
    world.vendor.scope, world.vendor.resources, world.vendor.grants = "", resources, grants
    world.vendor.take(given.others[0], given.admins)

    world.sync()

    assert world.get(Grant, mine.id).state is GrantState.ACTIVE
    assert world.get(Grant, theirs.id).state is GrantState.ENDED


def test_l9_within_the_scope_absence_is_proof(world: SyncWorld, given: Given) -> None:
    world.vendor.scope = "admins"
    world.sync()
    world.vendor.take(given.ada, given.admins)

    world.sync()

    assert not world.holds(given.ada, given.admins)


@pytest.mark.parametrize("state", [OrderState.SENDING, OrderState.SENT])
def test_l12_access_that_an_order_is_removing_is_left_to_the_order(
    world: SyncWorld, given: Given, state: OrderState
) -> None:
    grant = given.grant()
    given.order(OrderKind.REVOKE, state, sent_at=world.now + timedelta(hours=2))
    world.vendor.take(given.ada, given.admins)

    run = world.sync()

    assert run.counts["path"]["gone"] == 0
    assert world.get(Grant, grant.id).ended_at is None


def test_l12_what_an_order_settled_after_the_read_began_is_not_read_against(
    world: SyncWorld, given: Given
) -> None:
    given.order(
        OrderKind.GRANT, OrderState.VERIFIED, settled_at=world.now + timedelta(hours=1, seconds=1)
    )
    world.vendor.take(given.ada, given.admins)

    world.sync()

    assert world.holds(given.ada, given.admins)


def test_l12_a_manual_removal_is_proven_by_a_complete_read(world: SyncWorld, given: Given) -> None:
    order = given.order(OrderKind.REVOKE, OrderState.MANUAL)
    world.vendor.grants.append(Unread(given.crm.ref, "The vendor had a fault of its own."))
    world.vendor.take(given.ada, given.admins)
    world.sync()
    partial = given.state(order)
    world.vendor.grants.pop()
    world.vendor.grants = [g for g in world.vendor.grants if not isinstance(g, Unread)]

    world.sync()

    assert partial is OrderState.MANUAL, "a partial read verifies nothing"
    assert given.state(order) is OrderState.VERIFIED
    assert not world.holds(given.ada, given.admins)


def test_l12_a_removal_that_was_sent_before_the_read_is_proven_by_it(
    world: SyncWorld, given: Given
) -> None:
    grant = given.grant()
    order = given.order(OrderKind.REVOKE, OrderState.SENT, sent_at=world.now)
    world.vendor.take(given.ada, given.admins)

    world.sync()

    assert given.state(order) is OrderState.VERIFIED
    assert world.get(Grant, grant.id).ended_order_id == order.id


def test_l12_access_that_a_person_gave_by_hand_begins_with_its_request(
    world: SyncWorld, given: Given
) -> None:
    sam = world.vendor.add_person("Sam Hill")
    world.sync()
    request = world.add(
        AccessRequest(
            requester_id=world.sam.id, subject_id=world.sam.id,
            entitlement_id=world.entitlement_of(given.admins).id,
            account_id=world.account_of(sam).id, state=RequestState.APPROVED,
            minutes=60, granted_minutes=60, reason="audit", filed_at=world.now,
            lapses_at=world.now,
        )
    )  # fmt: skip
    order = given.order(OrderKind.GRANT, OrderState.MANUAL, sam, request_id=request.id)
    world.vendor.give(sam, given.admins)

    world.sync()

    (grant,) = world.grants_of(sam, given.admins)
    assert given.state(order) is OrderState.VERIFIED
    assert [cause.kind for cause in world.causes_of(grant)] == [Cause.REQUEST]
    assert world.get(AccessRequest, request.id).state is RequestState.GRANTED


def test_access_being_ended_that_is_still_there_is_not_standing_again(
    world: SyncWorld, given: Given
) -> None:
    grant = given.grant()
    given.order(OrderKind.REVOKE, OrderState.FAILED)
    with world.site.working() as work:
        connection = work.session.connection()
        connection.execute(
            sa.update(GrantCause)
            .where(col(GrantCause.grant_id) == grant.id)
            .values(ended_at=world.now)
        )
        connection.execute(
            sa.update(Grant).where(col(Grant.id) == grant.id).values(state=GrantState.ENDING)
        )

    still = world.sync()
    world.vendor.take(given.ada, given.admins)
    gone = world.sync()

    assert still.counts["path"] == {"added": 0, "changed": 0, "gone": 0}
    assert gone.counts["path"]["gone"] == 1
    assert world.get(Grant, grant.id).state is GrantState.ENDED


def test_reviews_of_what_the_vendor_took_away_become_void(world: SyncWorld, given: Given) -> None:
    grant = given.grant()
    campaign = world.add(
        Campaign(
            name="Q1", owner_id=world.cam.id, fallback_id=world.cam.id, due_at=world.now,
            created_at=world.now, state=CampaignState.OPEN,
        )
    )  # fmt: skip
    item = world.add(
        ReviewItem(
            campaign_id=campaign.id, reviewer_id=world.rita.id, grant_id=grant.id,
            account_id=grant.account_id, entitlement_id=grant.entitlement_id,
            app_id=grant.app_id, person="Ada", account="Ada", app="Directory", resource="Admins",
            resource_type="group", entitlement="Admins", entitlement_slug="member",
            granted_at=world.now,
        )
    )  # fmt: skip
    world.vendor.take(given.ada, given.admins)

    world.sync()

    assert world.get(ReviewItem, item.id).state is ItemState.VOID


def test_l16_the_brake_does_not_count_what_we_removed_ourselves(
    world: SyncWorld, given: Given
) -> None:
    world.set_connector(brake_share=0.1)
    for person in (given.ada, *given.others):
        order = given.order(OrderKind.REVOKE, OrderState.FAILED, person)
        with world.site.working() as work:
            work.session.connection().execute(
                sa.update(Grant)
                .where(col(Grant.id) == order.grant_id)
                .values(state=GrantState.ENDING)
            )
        world.vendor.take(person, given.admins)

    run = world.sync()

    assert run.state is RunState.COMPLETE
    assert run.counts["grants"]["ended"] == 9


def test_l18_access_that_we_ended_and_that_is_back_is_an_alarm(
    world: SyncWorld, given: Given
) -> None:
    given.order(OrderKind.REVOKE, OrderState.SENT, sent_at=world.now)
    world.vendor.take(given.ada, given.admins)
    world.sync()
    world.vendor.give(given.ada, given.admins)

    world.sync()

    (incident,) = world.all(Incident)
    assert incident.kind is IncidentKind.REAPPEARED
    assert given.grant().reappeared


def test_l18_access_that_the_vendor_ended_may_come_back_quietly(
    world: SyncWorld, given: Given
) -> None:
    given.order(OrderKind.REVOKE, OrderState.SENT, given.others[0], sent_at=world.now)
    world.vendor.take(given.others[0], given.admins)
    world.vendor.take(given.ada, given.admins)
    world.sync()
    world.vendor.give(given.ada, given.admins)

    world.sync()

    assert world.all(Incident) == []


def test_a_process_that_died_is_noticed_and_the_connector_is_not_blamed(
    world: SyncWorld, given: Given
) -> None:
    dead = world.add(
        SyncRun(
            connector_id=world.connector_id, by="uar", started_at=world.now,
            heartbeat_at=world.now,
        )
    )  # fmt: skip
    world.set_connector(next_sync_at=world.now + timedelta(days=1))

    with clock.frozen(world.now + timedelta(seconds=59)):
        assert sync.run_due(world.site) == 0
    world.set_connector(state="paused")
    with clock.frozen(world.now + timedelta(seconds=61)):
        sync.run_due(world.site)

    row = world.get(SyncRun, dead.id)
    assert row.state is RunState.FAILED
    assert row.trouble == "The process that ran it died."
    assert given.world.connector(world.app_row).failures == 0
