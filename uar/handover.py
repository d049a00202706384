"""Giving review items to somebody else: when a reviewer has left, or it is her own access.

The campaign's fallback person takes over, else the campaign's owner; never whoever
holds the account (L20), who has left, or who has signed already. Where nobody may,
the item shows that nobody decides it (L22). What people themselves give to each
other is in :mod:`uar.reassignment`; every change goes through ``hand_over`` here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.db import AnySelect, rows
from uar.models import Account, Campaign, Handover, HandoverItem, Identity, ReviewItem, SignOff
from uar.models.kinds import PersonStatus
from uar.models.states import CampaignState, ItemState
from uar.notifications import tell
from uar.words import n_rows
from uar.work import Work


@dataclass(frozen=True, slots=True)
class HandoverRow:
    """Items that went from one person to another; ``by`` is who did it, "uar" or a name."""

    at: datetime
    giver: str
    taker: str
    by: str
    reason: str
    n_items: int

    @property
    def words(self) -> str:
        """Say it: "Cam Lee gave 17 rows of Lena Huber to Max Roth (on leave)"."""
        n = n_rows(self.n_items)
        if self.by == self.giver:
            return f"{self.by} passed {n} on to {self.taker} ({self.reason})"
        return f"{self.by} gave {n} of {self.giver} to {self.taker} ({self.reason})"


def handovers(session: Session, campaign_id: int, limit: int = 20) -> list[HandoverRow]:
    """List the handovers of a campaign, newest first. One query."""
    return rows(
        session,
        HandoverRow,
        _rows().where(col(Handover.campaign_id) == campaign_id).limit(limit),
    )


def handovers_of(session: Session, item_id: int, limit: int = 20) -> list[HandoverRow]:
    """List who had an item before, until when and why, newest first. One query."""
    return rows(
        session,
        HandoverRow,
        _rows()
        .join(HandoverItem, col(HandoverItem.handover_id) == col(Handover.id))
        .where(col(HandoverItem.item_id) == item_id)
        .limit(limit),
    )


def undecided_of(campaign_id: int, reviewer_id: int | None) -> sa.ColumnElement[bool]:
    """Match what one reviewer of a campaign, or nobody (None), has still to decide."""
    return sa.and_(
        col(ReviewItem.campaign_id) == campaign_id,
        col(ReviewItem.reviewer_id).is_(None)
        if reviewer_id is None
        else col(ReviewItem.reviewer_id) == reviewer_id,
        col(ReviewItem.state) == ItemState.PENDING,
    )


def is_about(identity_id: int) -> sa.ColumnElement[bool]:
    """Match items whose account is a person's, now or when the population was frozen (L20)."""
    return sa.or_(
        sa.func.coalesce(col(ReviewItem.identity_id), 0) == identity_id,
        col(ReviewItem.account_id).in_(
            sa.select(col(Account.id)).where(col(Account.identity_id) == identity_id)
        ),
    )


def chosen_by_holder() -> sa.ColumnElement[bool]:
    """Match items whose reviewer was chosen by whoever turned out to hold the account (L20)."""
    return sa.exists().where(
        col(HandoverItem.item_id) == col(ReviewItem.id),
        col(Handover.id) == col(HandoverItem.handover_id),
        col(Handover.to_id) == col(ReviewItem.reviewer_id),
        col(Account.id) == col(ReviewItem.account_id),
        col(Handover.by) == col(Account.identity_id),
    )


def hand_over_own(work: Work, campaign: Campaign, reviewer_id: int) -> int:
    """Give a reviewer's undecided items to others where the account became her own.

    Or that of whoever passed the item on to her.
    """
    own = col(ReviewItem.account_id).in_(
        sa.select(col(Account.id)).where(col(Account.identity_id) == reviewer_id)
    )
    return _to_stand_ins(
        work, campaign, reviewer_id, own, reason="the reviewer is the holder of the account"
    ) + _to_stand_ins(
        work, campaign, reviewer_id, chosen_by_holder(), reason="the holder chose the reviewer"
    )


def hand_over_holders(work: Work, campaign: Campaign) -> int:
    """Give undecided items whose reviewer turned out to hold the account to others; count them."""
    is_hers = sa.exists().where(
        col(Account.id) == col(ReviewItem.account_id),
        col(Account.identity_id) == col(ReviewItem.reviewer_id),
    )
    holders = work.session.scalars(
        sa.select(col(ReviewItem.reviewer_id))
        .where(
            col(ReviewItem.campaign_id) == campaign.id,
            col(ReviewItem.state) == ItemState.PENDING,
            sa.or_(is_hers, chosen_by_holder()),
        )
        .distinct()
    ).all()
    return sum(hand_over_own(work, campaign, each) for each in holders if each is not None)


def hand_over_leavers(work: Work, campaign: Campaign) -> int:
    """Give the undecided items of reviewers who have left to others; return how many."""
    left = work.session.scalars(
        sa.select(col(ReviewItem.reviewer_id))
        .join(Identity, col(Identity.id) == col(ReviewItem.reviewer_id))
        .where(
            col(ReviewItem.campaign_id) == campaign.id,
            col(ReviewItem.state) == ItemState.PENDING,
            col(Identity.status) != PersonStatus.ACTIVE,
        )
        .distinct()
    ).all()
    return sum(
        _to_stand_ins(work, campaign, reviewer_id, sa.true(), reason="the reviewer has left")
        for reviewer_id in left
        if reviewer_id is not None
    )


def hand_over(
    work: Work,
    campaign: Campaign,
    which: sa.ColumnElement[bool],
    *,
    giver_id: int | None,
    taker_id: int | None,
    reason: str,
    by: int | None = None,
) -> int:
    """Make somebody else the reviewer of undecided items of one person; return how many.

    Who had them, until now, and why is kept beside them and in the record; ``by`` is
    whoever chose the taker, None where the rules did. The caller has made sure that the
    taker may decide, and tells people.
    """
    work.session.flush()
    moved = list(
        work.session.connection().scalars(
            sa.update(ReviewItem)
            .where(undecided_of(campaign.id, giver_id), which)
            .values(reviewer_id=taker_id)
            .returning(col(ReviewItem.id))
        )
    )
    if not moved:
        return 0
    done = Handover(
        campaign_id=campaign.id,
        from_id=giver_id,
        to_id=taker_id,
        by=by,
        at=work.now,
        reason=reason,
        n_items=len(moved),
    )
    work.session.add(done)
    work.session.flush()
    work.session.connection().execute(
        sa.insert(HandoverItem),
        [{"handover_id": done.id, "item_id": item_id} for item_id in moved],
    )
    work.session.expire_all()
    work.record_all(
        "review_item.handed_over",
        [(f"review_item:{item_id}", {"from": giver_id, "to": taker_id}) for item_id in moved],
        reason=reason,
    )
    return len(moved)


def _to_stand_ins(
    work: Work, campaign: Campaign, reviewer_id: int, which: Any, *, reason: str
) -> int:
    total = 0
    for stand_in in _stand_ins(work.session, campaign, besides=reviewer_id):
        may = sa.and_(which, ~is_about(stand_in))
        total += _give(work, campaign, may, reviewer_id, stand_in, reason)
    return total + _give(work, campaign, which, reviewer_id, None, reason)


def _stand_ins(session: Session, campaign: Campaign, *, besides: int) -> list[int]:
    """Return who may take over, in order."""
    wanted = dict.fromkeys((campaign.fallback_id, campaign.owner_id))
    free = set(
        session.scalars(
            sa.select(col(Identity.id)).where(
                col(Identity.id).in_(wanted),
                col(Identity.id) != besides,
                col(Identity.status) == PersonStatus.ACTIVE,
                ~sa.exists().where(
                    col(SignOff.campaign_id) == campaign.id, col(SignOff.by) == col(Identity.id)
                ),
            )
        )
    )
    return [identity_id for identity_id in wanted if identity_id in free]


def _give(
    work: Work, campaign: Campaign, which: Any, reviewer_id: int, to: int | None, reason: str
) -> int:
    moved = hand_over(work, campaign, which, giver_id=reviewer_id, taker_id=to, reason=reason)
    if not moved or campaign.state is not CampaignState.OPEN:
        return moved  # whoever is asked when it opens is told then
    one = moved == 1
    n = n_rows(moved).capitalize()
    if to is None:
        subject = f"{n} of {campaign.name} {'has' if one else 'have'} no reviewer"
        rest, path = "Nobody is left who may: reassign them.", "/campaigns/{}"
    else:
        subject = f"{n} of {campaign.name} {'falls' if one else 'fall'} to you"
        rest, path = "Please decide.", "/reviews/{}"
    body = f"{n} of access in “{campaign.name}” must be decided by somebody else: {reason}. {rest}"
    to_tell = campaign.owner_id if to is None else to
    tell(work, to_tell, "review_handed_over", subject, body, path.format(campaign.id))
    return moved


def _rows() -> AnySelect:
    giver, taker, by = (sa.orm.aliased(Identity) for _ in range(3))
    return (
        sa.select(
            col(Handover.at),
            sa.func.coalesce(col(giver.name), "nobody").label("giver"),
            sa.func.coalesce(col(taker.name), "nobody").label("taker"),
            sa.func.coalesce(col(by.name), "uar").label("by"),
            col(Handover.reason),
            col(Handover.n_items),
        )
        .select_from(Handover)
        .outerjoin(giver, col(giver.id) == col(Handover.from_id))
        .outerjoin(taker, col(taker.id) == col(Handover.to_id))
        .outerjoin(by, col(by.id) == col(Handover.by))
        .order_by(col(Handover.id).desc())
    )
