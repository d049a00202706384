"""Campaigns, their frozen populations, decisions and signatures."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from uar.models.base import json_dict, key, ref, stored
from uar.models.kinds import Completeness, RemovalAt, ReviewerRule, Risk, Verdict
from uar.models.states import CampaignState, ItemState


class Campaign(SQLModel, table=True):
    """One review of a frozen population, with a due instant and an owner."""

    id: int = key()
    name: str
    instructions: str = ""
    state: CampaignState = stored(CampaignState, CampaignState.DRAFT)
    owner_id: int = ref("identity.id")
    fallback_id: int = ref("identity.id", index=False)
    reviewer_rule: ReviewerRule = stored(ReviewerRule, ReviewerRule.MANAGER)
    removal_at: RemovalAt = stored(RemovalAt, RemovalAt.SIGN_OFF)
    due_at: datetime
    created_at: datetime
    staged_at: datetime | None = None
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    population_count: int = 0
    population_hash: str = ""
    waived_by: int | None = ref("identity.id", nullable=True, index=False)
    waived_at: datetime | None = None
    waived_why: str = ""


class CampaignScope(SQLModel, table=True):
    """One app of a campaign, and one entitlement type in it, or all types when that is empty."""

    __tablename__ = "campaign_scope"

    campaign_id: int = Field(foreign_key="campaign.id", primary_key=True)
    app_id: int = Field(foreign_key="app.id", primary_key=True, index=True)
    resource_type: str = Field(default="", primary_key=True)


class CampaignSource(SQLModel, table=True):
    """The read that one connector's part of a population was frozen from."""

    __tablename__ = "campaign_source"

    campaign_id: int = Field(foreign_key="campaign.id", primary_key=True)
    connector_id: int = Field(foreign_key="connector.id", primary_key=True)
    run_id: int | None = ref("sync_run.id", nullable=True, index=False)
    completeness: Completeness = stored(Completeness)
    read_at: datetime | None = None
    items: int


class ReviewItem(SQLModel, table=True):
    """One grant to decide on, with the facts as they stood when the population was frozen.

    ``rank`` orders a reviewer's queue: risky and new first, then by access and person.
    ``unchanged`` marks what was kept last time and has not changed since.
    """

    __tablename__ = "review_item"
    __table_args__ = (
        sa.UniqueConstraint("campaign_id", "grant_id"),
        sa.Index(
            "ix_review_item_queue", "campaign_id", "reviewer_id", "state", "unchanged", "rank", "id"
        ),
        sa.Index("ix_review_item_campaign_id_state", "campaign_id", "state"),
        sa.Index("ix_review_item_history", "account_id", "entitlement_id", "id"),
        sa.CheckConstraint(
            "identity_id IS NULL OR reviewer_id IS NULL OR identity_id <> reviewer_id",
            name="not_oneself",
        ),
    )

    id: int = key()
    campaign_id: int = ref("campaign.id", index=False)
    reviewer_id: int | None = ref("identity.id", nullable=True)
    grant_id: int = ref("grants.id")
    account_id: int = ref("account.id", index=False)
    entitlement_id: int = ref("entitlement.id", index=False)
    app_id: int = ref("app.id", index=False)
    identity_id: int | None = ref("identity.id", nullable=True)
    state: ItemState = stored(ItemState, ItemState.PENDING)
    rank: int = 0
    unchanged: bool = False
    person: str
    person_title: str = ""
    department: str = ""
    person_left_at: datetime | None = None
    account: str
    account_status: str = ""
    app: str
    resource: str
    resource_type: str
    entitlement: str
    entitlement_slug: str
    description: str = ""
    risk: Risk = stored(Risk, Risk.LOW)
    direct: bool = True
    via: str = ""
    granted_at: datetime
    given_by: str = ""
    ends_at: datetime | None = None
    last_used_at: datetime | None = None
    previous_verdict: str = ""
    previous_at: datetime | None = None
    previous_by: str = ""
    previous_campaign: str = ""
    peer_group: str = ""
    peers_hold: int = 0
    peers: int = 0


class Handover(SQLModel, table=True):
    """Undecided items that went from one reviewer to another: who had them until ``at``, and why.

    Nobody is NULL: items without a reviewer, and items that nobody is left to decide.
    ``by`` chose who decides now; it is NULL where the campaign's own rules did.
    """

    __table_args__ = (sa.Index("ix_handover_campaign_id_id", "campaign_id", "id"),)

    id: int = key()
    campaign_id: int = ref("campaign.id", index=False)
    from_id: int | None = ref("identity.id", nullable=True, index=False)
    to_id: int | None = ref("identity.id", nullable=True, index=False)
    by: int | None = ref("identity.id", nullable=True, index=False)
    at: datetime
    reason: str
    n_items: int


class HandoverItem(SQLModel, table=True):
    """One item of a handover; all of an item's tell who was asked, from when until when."""

    __tablename__ = "handover_item"

    handover_id: int = Field(foreign_key="handover.id", primary_key=True)
    item_id: int = Field(foreign_key="review_item.id", primary_key=True, index=True)


class Decision(SQLModel, table=True):
    """One verdict on one item, append-only; the latest counts. ``seen`` is what was shown (L29)."""

    __table_args__ = (sa.Index("ix_decision_item_id_id", "item_id", "id"),)

    id: int = key()
    item_id: int = ref("review_item.id", index=False)
    verdict: Verdict = stored(Verdict)
    reason: str = ""
    by: int = ref("identity.id", index=False)
    at: datetime
    bulk: bool = False
    seen: dict[str, str] = json_dict()
    seen_hash: str = ""


class SignOff(SQLModel, table=True):
    """A reviewer's signature under everything she was asked in one campaign."""

    __tablename__ = "sign_off"
    __table_args__ = (sa.Index("uq_sign_off_campaign_id_by", "campaign_id", "by", unique=True),)

    id: int = key()
    campaign_id: int = ref("campaign.id", index=False)
    by: int = ref("identity.id")
    at: datetime
    statement: str
    certified: int
    revoked: int
    decisions_hash: str
