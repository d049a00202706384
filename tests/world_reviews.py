"""Builders for reviews: a complete read, a campaign in any state, its items and decisions."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from tests.world import Person, World
from uar import campaigns, clock, drafts, queue, review_rows, reviews, settlement
from uar.drafts import Draft
from uar.lifecycle import move
from uar.models import (
    Account,
    App,
    Campaign,
    Decision,
    Entitlement,
    Grant,
    Identity,
    Notification,
    Resource,
    ReviewItem,
    SyncRun,
)
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import Cause, Completeness, PersonStatus, ReviewerRule, Role, Verdict
from uar.models.states import OrderState, RunState
from uar.permissions import give
from uar.population import Scope
from uar.queue import By, Filters, Page, Show
from uar.settings import Settings
from uar.site import Site
from uar.vault import Vault

DUE = date(2026, 3, 20)
WHY = "moved to IT in February"


class Reviews:
    """What the tests of reviews do with a world."""

    def __init__(self, world: World) -> None:
        """Make Cam a campaign administrator, and have CRM read completely an hour ago."""
        self.world = world
        self.role(world.cam, Role.CAMPAIGN_ADMIN)
        self.read()

    @property
    def site(self) -> Site:
        """Return the installation that jobs are handed."""
        return Site(self.world.engine, Settings(), Vault(["k"]))

    def role(self, person: Person, role: Role) -> None:
        """Give a person a role in uar."""
        with self.world.as_(person) as work:
            give(work, person.id, role)

    def read(
        self,
        app: App | None = None,
        *,
        state: RunState = RunState.COMPLETE,
        completeness: Completeness = Completeness.FULL,
        ago: timedelta = timedelta(hours=1),
    ) -> SyncRun:
        """Add a run of an app's connector that is over."""
        at = clock.now() - ago
        run: SyncRun = self.world.add(
            SyncRun(
                connector_id=self.world.connector(app).id, state=state, completeness=completeness,
                by="uar", started_at=at, heartbeat_at=at, finished_at=at,
            )
        )  # fmt: skip
        return run

    def draft(self, **values: Any) -> Draft:
        """Make a plan over all of CRM, reviewed by managers, Rita standing in."""
        filled: dict[str, Any] = {
            "name": "Finance apps, Q1", "due_on": DUE, "scope": (Scope(self.world.crm.id),),
            "reviewer_rule": ReviewerRule.MANAGER, "fallback_id": self.world.rita.id,
        }  # fmt: skip
        return Draft(**(filled | values))

    def planned(self, **values: Any) -> Campaign:
        """Have Cam plan a campaign."""
        with self.world.as_(self.world.cam) as work:
            return drafts.create(work, self.draft(**values))

    def staged(self, **values: Any) -> Campaign:
        """Have Cam plan and stage one."""
        campaign = self.planned(**values)
        with self.world.as_(self.world.cam) as work:
            campaigns.stage(work, campaign.id)
        return self.fresh(campaign)

    def opened(self, **values: Any) -> Campaign:
        """Have Cam plan, stage and open one."""
        campaign = self.staged(**values)
        with self.world.as_(self.world.cam) as work:
            campaigns.open_(work, campaign.id)
        return self.fresh(campaign)

    def fresh(self, campaign: Campaign) -> Campaign:
        """Read a campaign again."""
        again: Campaign = self.world.get(Campaign, campaign.id)
        return again

    def items(self, campaign: Campaign) -> list[ReviewItem]:
        """Read the items of a campaign in the order of the queue."""
        with self.world.reading() as session:
            return list(
                session.scalars(
                    sa.select(ReviewItem)
                    .where(col(ReviewItem.campaign_id) == campaign.id)
                    .order_by(col(ReviewItem.unchanged), col(ReviewItem.rank))
                )
            )

    def item(self, campaign: Campaign, of: Grant | None = None) -> ReviewItem:
        """Read the only item of a campaign, or that of one grant."""
        found = self.items(campaign)
        if of is not None:
            found = [item for item in found if item.grant_id == of.id]
        assert len(found) == 1
        return found[0]

    def decide(
        self, item: ReviewItem, verdict: Verdict, reason: str = WHY, *, by: Person | None = None
    ) -> None:
        """Decide as the item's reviewer, or as somebody else."""
        with self.world.as_(by or self.reviewer(item)) as work:
            reviews.decide(work, item.id, verdict, reason)

    def undo(self, item: ReviewItem) -> None:
        """Undo as the item's reviewer."""
        with self.world.as_(self.reviewer(item)) as work:
            reviews.undo(work, item.id)

    def sign(self, campaign: Campaign, by: Person) -> None:
        """Sign as a reviewer."""
        with self.world.as_(by) as work:
            reviews.sign(work, campaign.id, "I decided each row myself.")

    def close(self, campaign: Campaign, **values: Any) -> None:
        """Close as Cam."""
        with self.world.as_(self.world.cam) as work:
            campaigns.close(work, campaign.id, **values)

    def reviewer(self, item: ReviewItem) -> Person:
        """Return the person who is asked about an item."""
        row: Identity = self.world.get(Identity, item.reviewer_id or 0)
        return Person(row.id, row.name, row.email)

    def orders(self) -> list[Order]:
        """Read all orders."""
        return self.world.all(Order)

    def decisions(self) -> list[Decision]:
        """Read all decisions."""
        return self.world.all(Decision)

    def told(self, person: Person, kind: str = "") -> list[str]:
        """Return the subjects of what a person was told."""
        return [
            row.subject
            for row in self.world.all(Notification)
            if row.identity_id == person.id and kind in row.kind
        ]

    def leave(self, person: Person, at: datetime | None = None) -> None:
        """Let a person leave."""
        self.set(Identity, person.id, status=PersonStatus.INACTIVE, left_at=at or clock.now())

    def set(self, table: Any, row_id: int, **values: Any) -> None:
        """Change a row as a sync would."""
        with self.world.as_(self.world.sam) as work:
            work.session.connection().execute(
                sa.update(table).where(table.id == row_id).values(**values)
            )

    def prove_gone(self, grant: Grant) -> None:
        """Carry out the removal of a grant, as the delivery does once a read proves it."""
        with self.world.as_(self.world.sam) as work:
            order = work.session.scalars(
                sa.select(Order).where(
                    col(Order.grant_id) == grant.id, col(Order.state) == OrderState.QUEUED
                )
            ).one()
            move(work, order, OrderState.SENDING)
            move(work, order, OrderState.SENT, sent_at=work.now)
            settlement.proven(work, order, result="a read shows it gone")

    def send(self, grant: Grant) -> None:
        """Have a worker claim the removal of a grant."""
        with self.world.as_(self.world.sam) as work:
            order = work.session.scalars(
                sa.select(Order).where(
                    col(Order.grant_id) == grant.id, col(Order.state) == OrderState.QUEUED
                )
            ).one()
            move(work, order, OrderState.SENDING)

    def holder(self, name: str, entitlement: Entitlement, **account: Any) -> Grant:
        """Add a person managed by Max who holds an entitlement of CRM."""
        person = self.world.person(name, manager=self.world.max, department="Sales")
        return self.world.grant(
            entitlement=entitlement, account=self.world.account(person, **account)
        )


def account_of(world: World, grant: Grant) -> Account:
    """Return the account of a grant."""
    account: Account = world.get(Account, grant.account_id)
    return account


def one_row(reviews_: Reviews, item: ReviewItem, person: Person | None = None) -> review_rows.Row:
    """Read an item as its reviewer sees it."""
    with reviews_.world.reading() as session:
        reader = person or reviews_.reviewer(item)
        return review_rows.row(session, item.id, reader.id, clock.now())[0]


def page_of(
    reviews_: Reviews,
    campaign_id: int,
    person: Person,
    *,
    show: Show = Show.UNDECIDED,
    q: str = "",
    by: By = By.ACCESS,
    after: int | None = None,
    limit: int = 100,
) -> Page:
    """Read a page of a reviewer's queue."""
    with reviews_.world.reading() as session:
        return queue.queue(
            session, campaign_id, person.id, Filters(show, q, by),
            after=after, limit=limit, now=clock.now(),
        )  # fmt: skip


def people(found: Page) -> list[str]:
    """Name the people on a page, in order."""
    return [row.person for group in found.groups for row in group.rows]


def crowd(reviews_: Reviews, n: int) -> int:
    """Open a campaign in which Max is asked about n people; return its id."""
    entitlement = reviews_.world.entitlement("Viewers")
    for k in range(n):
        reviews_.holder(f"P{k:03} Doe", entitlement)
    return reviews_.opened().id


def decide_many(
    reviews_: Reviews,
    campaign_id: int,
    ids: list[int],
    verdict: Verdict = Verdict.CERTIFY,
    reason: str = WHY,
    by: Person | None = None,
) -> int:
    """Decide rows together, as Max unless told otherwise."""
    with reviews_.world.as_(by or reviews_.world.max) as work:
        return reviews.decide_many(work, campaign_id, ids, verdict, reason)


def inherited(reviews_: Reviews) -> tuple[Grant, Grant, Grant]:
    """Make Ada a member of a group through which she holds two apps: the three grants."""
    world = reviews_.world
    group = world.entitlement("crm-admins")
    with world.reading() as session:
        resource = session.get_one(Resource, group.resource_id)
    account = world.account(world.ada)
    member = world.grant(entitlement=group, account=account)
    held = [
        world.grant(
            entitlement=world.entitlement(name, type_="app"), account=account, kind=Cause.GROUP,
            via=resource,
        )
        for name in ("Mail", "Wiki")
    ]  # fmt: skip
    return member, held[0], held[1]
