"""One review item as a reviewer sees it: the frozen facts, and how it stands now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.db import AnySelect, one, rows
from uar.decisions import latest
from uar.errors import NotFound
from uar.models import Account, Campaign, Decision, Grant, Identity, ReviewItem, SignOff
from uar.models.kinds import RemovalAt, Risk
from uar.models.states import CampaignState, ItemState
from uar.standing import NOTHING, Standing, standings
from uar.words import access_name

OWN = "Your own access: it goes to somebody else by itself."
LATER = {
    RemovalAt.DECISION: "",
    RemovalAt.SIGN_OFF: "the removal is ordered when you sign",
    RemovalAt.CLOSE: "the removal is ordered when the campaign closes",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A campaign as one of its reviewers sees it. ``n_undecided`` counts hers."""

    id: int
    name: str
    instructions: str
    state: CampaignState
    removal_at: RemovalAt
    due_at: datetime
    owner: str
    signed_at: datetime | None
    is_overdue: bool

    @property
    def is_open(self) -> bool:
        """Say whether decisions are taken."""
        return self.state is CampaignState.OPEN

    @property
    def is_changeable(self) -> bool:
        """Say whether this reviewer can still decide and undo."""
        return self.is_open and self.signed_at is None


@dataclass(frozen=True, slots=True)
class Facts:
    """One item's frozen facts, and the little that must be as it is now."""

    id: int
    campaign_id: int
    reviewer_id: int | None
    grant_id: int
    account_id: int
    entitlement_id: int
    app_id: int
    identity_id: int | None
    state: ItemState
    unchanged: bool
    person: str
    person_title: str
    department: str
    person_left_at: datetime | None
    account: str
    account_status: str
    app: str
    resource: str
    resource_type: str
    entitlement: str
    description: str
    risk: Risk
    direct: bool
    via: str
    granted_at: datetime
    given_by: str
    ends_at: datetime | None
    last_used_at: datetime | None
    previous_verdict: str
    previous_at: datetime | None
    previous_by: str
    previous_campaign: str
    peer_group: str
    peers_hold: int
    peers: int
    holder_id: int | None
    ended_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class Row(Facts):
    """One row of a queue. ``sends_at`` is when its removal leaves, unless that is undone.

    ``can_undo`` means taking the decision back; once she has signed or the campaign
    is closed, the decision stands and it means calling off the removal.
    """

    group: str = ""
    group_id: int = 0
    sends_at: datetime | None = None
    is_sent: bool = False
    can_decide: bool = False
    can_undo: bool = False
    note: str = ""
    problem: str = ""

    @property
    def access(self) -> str:
        """Name what is held."""
        return access_name(self.app, self.resource, self.entitlement)

    @property
    def last_used(self) -> str:
        """Say what there is to say when no last use is known."""
        return "not known"


def asked(session: Session, campaign_id: int, reviewer_id: int, now: datetime) -> Asked:
    """Return an open or closed campaign to one of its reviewers. One query.

    Raises NotFound for everybody else.
    """
    found = one(
        session,
        Asked,
        sa.select(
            col(Campaign.id),
            col(Campaign.name),
            col(Campaign.instructions),
            col(Campaign.state),
            col(Campaign.removal_at),
            col(Campaign.due_at),
            col(Identity.name).label("owner"),
            col(SignOff.at).label("signed_at"),
            sa.and_(col(Campaign.due_at) < now, col(Campaign.state) == CampaignState.OPEN).label(
                "is_overdue"
            ),
        )
        .join(Identity, col(Identity.id) == col(Campaign.owner_id))
        .outerjoin(
            SignOff,
            sa.and_(col(SignOff.campaign_id) == col(Campaign.id), col(SignOff.by) == reviewer_id),
        )
        .where(
            col(Campaign.id) == campaign_id,
            col(Campaign.state).in_((CampaignState.OPEN, CampaignState.CLOSED)),
            sa.exists().where(
                col(ReviewItem.campaign_id) == col(Campaign.id),
                col(ReviewItem.reviewer_id) == reviewer_id,
            ),
        ),
    )
    if found is None:
        raise NotFound(
            "There is no such campaign, or nothing is asked of you in it.",
            subject=f"campaign:{campaign_id}",
        )
    return found


def row(
    session: Session, item_id: int, reviewer_id: int, now: datetime, *, by_person: bool = False
) -> tuple[Row, Asked]:
    """Return one item to its reviewer. Five queries. Raises NotFound for everybody else."""
    campaign_id = session.scalar(
        sa.select(col(ReviewItem.campaign_id)).where(
            col(ReviewItem.id) == item_id, col(ReviewItem.reviewer_id) == reviewer_id
        )
    )
    if campaign_id is None:
        raise NotFound(
            "There is no such row, or it is not yours.", subject=f"review_item:{item_id}"
        )
    campaign = asked(session, campaign_id, reviewer_id, now)
    statement = row_columns().where(col(ReviewItem.id) == item_id)
    return read(session, statement, campaign, reviewer_id, by_person=by_person)[0], campaign


def row_columns() -> AnySelect:
    """Select what :class:`Facts` hold; the caller says which items and in which order."""
    stored = sa.inspect(ReviewItem).columns
    return (
        sa.select(
            *(stored[name] for name in Facts.__dataclass_fields__ if name in stored),
            col(Account.identity_id).label("holder_id"),
            col(Grant.ended_at),
            sa.func.coalesce(col(Decision.reason), "").label("reason"),
        )
        .select_from(ReviewItem)
        .join(Account, col(Account.id) == col(ReviewItem.account_id))
        .join(Grant, col(Grant.id) == col(ReviewItem.grant_id))
        .outerjoin(Decision, col(Decision.id) == latest())
    )


def read(
    session: Session,
    statement: AnySelect,
    campaign: Asked,
    reviewer_id: int,
    *,
    by_person: bool = False,
) -> list[Row]:
    """Read rows of one campaign as its reviewer sees them. Three queries."""
    found = rows(session, Facts, statement)
    removals = standings(
        session,
        {item.id: item.grant_id for item in found if item.state is ItemState.REVOKED},
    )
    return [
        _row(item, campaign, reviewer_id, removals.get(item.id, NOTHING), by_person=by_person)
        for item in found
    ]


def _row(
    item: Facts, campaign: Asked, reviewer_id: int, removal: Standing, *, by_person: bool
) -> Row:
    own = reviewer_id in (item.holder_id, item.identity_id)
    decided = item.state in (ItemState.CERTIFIED, ItemState.REVOKED)
    gone = item.ended_at is not None
    changeable = campaign.is_changeable and not own
    values = {name: getattr(item, name) for name in Facts.__dataclass_fields__}
    group_id = item.account_id if by_person else item.entitlement_id
    return Row(
        **values,
        group=f"{'p' if by_person else 'e'}{group_id}",
        group_id=group_id,
        sends_at=None if gone else removal.sends_at,
        is_sent=removal.is_sent and not gone,
        can_decide=changeable and item.state is ItemState.PENDING,
        can_undo=not own
        and not gone
        and not removal.is_final
        and (decided if campaign.is_changeable else removal.is_stoppable),
        note=_note(item, campaign, removal, own=own),
    )


def _note(item: Facts, campaign: Asked, removal: Standing, *, own: bool) -> str:
    if item.state is ItemState.PENDING:
        return OWN if own and campaign.is_changeable else ""
    if item.state is not ItemState.REVOKED:
        return ""
    if item.ended_at is not None:
        return "it is gone, and proven gone"
    if removal == NOTHING and campaign.is_changeable:
        return LATER[campaign.removal_at]
    return removal.words
