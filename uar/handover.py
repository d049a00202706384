"""Giving review items to somebody else: when a reviewer has left, or it is her own access.

The campaign's fallback person takes over, else the campaign's owner; never whoever
holds the account (L20), who has left, or who has signed already. Where nobody may,
the item shows that nobody decides it (L22).
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.models import Account, Campaign, Identity, ReviewItem, SignOff
from uar.models.kinds import PersonStatus
from uar.models.states import CampaignState, ItemState
from uar.notifications import tell
from uar.work import Work


def hand_over_own(work: Work, campaign: Campaign, reviewer_id: int) -> int:
    """Give a reviewer's undecided items to others where the account became her own."""
    own = col(ReviewItem.account_id).in_(
        sa.select(col(Account.id)).where(col(Account.identity_id) == reviewer_id)
    )
    return _hand_over(
        work, campaign, reviewer_id, own, reason="the reviewer is the holder of the account"
    )


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
        _hand_over(work, campaign, reviewer_id, sa.true(), reason="the reviewer has left")
        for reviewer_id in left
        if reviewer_id is not None
    )


def _hand_over(work: Work, campaign: Campaign, reviewer_id: int, which: Any, *, reason: str) -> int:
    hers = sa.and_(
        col(ReviewItem.campaign_id) == campaign.id,
        col(ReviewItem.reviewer_id) == reviewer_id,
        col(ReviewItem.state) == ItemState.PENDING,
        which,
    )
    total = 0
    for stand_in in _stand_ins(work.session, campaign, besides=reviewer_id):
        hers_now = sa.and_(
            hers,
            col(ReviewItem.account_id).not_in(
                sa.select(col(Account.id)).where(col(Account.identity_id) == stand_in)
            ),
            sa.func.coalesce(col(ReviewItem.identity_id), 0) != stand_in,
        )
        total += _give(work, campaign, hers_now, stand_in, reason)
    return total + _give(work, campaign, hers, None, reason)


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


def _give(work: Work, campaign: Campaign, which: Any, to: int | None, reason: str) -> int:
    work.session.flush()
    moved = list(
        work.session.connection().scalars(
            sa.update(ReviewItem).where(which).values(reviewer_id=to).returning(col(ReviewItem.id))
        )
    )
    if not moved:
        return 0
    work.session.expire_all()
    work.record_all(
        "review_item.handed_over",
        [(f"review_item:{item_id}", {"to": to}) for item_id in moved],
        reason=reason,
    )
    if campaign.state is not CampaignState.OPEN:
        return len(moved)  # whoever is asked when it opens is told then
    one = len(moved) == 1
    n = "One row" if one else f"{len(moved)} rows"
    if to is None:
        subject = f"{n} of {campaign.name} {'has' if one else 'have'} no reviewer"
        rest, path = "Nobody is left who may: close them with the campaign.", "/campaigns/{}"
    else:
        subject = f"{n} of {campaign.name} {'falls' if one else 'fall'} to you"
        rest, path = "Please decide.", "/reviews/{}"
    body = f"{n} of access in “{campaign.name}” must be decided by somebody else: {reason}. {rest}"
    to_tell = campaign.owner_id if to is None else to
    tell(work, to_tell, "review_handed_over", subject, body, path.format(campaign.id))
    return len(moved)
