"""Reminders: 7, 3 and 1 days before a campaign is due, on the day, and daily once it is over.

At most one for each reviewer and day, however often and by however many processes
the job runs. Whoever has signed is left alone.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, tzinfo

import sqlalchemy as sa
from sqlmodel import col

from uar.handover import hand_over_holders, hand_over_leavers
from uar.models import Campaign, Notification, ReviewItem, SignOff
from uar.models.states import CampaignState, ItemState
from uar.notifications import tell
from uar.site import Site
from uar.words import moment
from uar.work import Work

DAYS_BEFORE = frozenset({7, 3, 1, 0})
NOT_BEFORE = time(7)
"""Nobody is reminded in the night."""

KIND = "review_reminder"
BATCH = 100


def remind_due(site: Site) -> int:
    """Remind reviewers of the first campaign that has some to remind today; return how many.

    Items of reviewers who have left, or whose own access they are, go to others on the way.
    """
    with site.reading() as session:
        open_ones = session.scalars(
            sa.select(col(Campaign.id))
            .where(col(Campaign.state) == CampaignState.OPEN)
            .order_by(col(Campaign.id))
        ).all()
    for campaign_id in open_ones:
        with site.working() as work:
            n = _remind(work, campaign_id)
        if n:
            return n
    return 0


def is_time_to_remind(due_at: datetime, now: datetime, zone: tzinfo) -> bool:
    """Say whether reviewers are reminded at this hour of this day in the organisation's zone."""
    local = now.astimezone(zone)
    days = (due_at.astimezone(zone).date() - local.date()).days
    return (days in DAYS_BEFORE or days < 0) and local.time() >= NOT_BEFORE


def _remind(work: Work, campaign_id: int) -> int:
    # Locked, so that a second process finds what the first has sent.
    campaign = work.session.get(Campaign, campaign_id, with_for_update=True)
    if campaign is None or campaign.state is not CampaignState.OPEN:
        return 0
    handed_over = hand_over_leavers(work, campaign) + hand_over_holders(work, campaign)
    if not is_time_to_remind(campaign.due_at, work.now, work.settings.zone):
        return handed_over
    path = f"/reviews/{campaign_id}"
    waiting = list(
        work.session.connection().execute(
            sa.select(
                col(ReviewItem.reviewer_id),
                sa.func.sum(sa.case((col(ReviewItem.state) == ItemState.PENDING, 1), else_=0)),
            )
            .where(
                col(ReviewItem.campaign_id) == campaign_id,
                col(ReviewItem.reviewer_id).is_not(None),
                col(ReviewItem.state) != ItemState.VOID,
                ~sa.exists().where(
                    col(SignOff.campaign_id) == campaign_id,
                    col(SignOff.by) == col(ReviewItem.reviewer_id),
                ),
                ~sa.exists().where(
                    col(Notification.identity_id) == col(ReviewItem.reviewer_id),
                    col(Notification.kind) == KIND,
                    col(Notification.path) == path,
                    col(Notification.created_at) >= _start_of_day(work),
                ),
            )
            .group_by(col(ReviewItem.reviewer_id))
            .order_by(col(ReviewItem.reviewer_id))
            .limit(BATCH)
        )
    )
    for reviewer_id, undecided in waiting:
        _tell(work, campaign, reviewer_id, int(undecided), path)
    return len(waiting) + handed_over


def _tell(work: Work, campaign: Campaign, reviewer_id: int, undecided: int, path: str) -> None:
    over = work.now > campaign.due_at
    what = "Please sign" if undecided == 0 else f"{undecided} still to decide"
    left = (
        "Everything is decided, only your signature is missing."
        if undecided == 0
        else (f"{undecided} rows of access wait for your decision.")
    )
    due = moment(campaign.due_at, work.settings.zone)
    tell(
        work,
        reviewer_id,
        KIND,
        f"{what}: {campaign.name}",
        f"{left} “{campaign.name}” {'was' if over else 'is'} due {due}.",
        path,
    )


def _start_of_day(work: Work) -> datetime:
    zone = work.settings.zone
    today = work.now.astimezone(zone).date()
    return datetime.combine(today, time(0), tzinfo=zone).astimezone(UTC)
