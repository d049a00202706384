"""Reassigning review items: who runs a campaign gives them on, or their reviewer passes them on.

Only what is undecided moves. Nobody is asked about her own access (L20), and nobody
chooses who decides about hers; what cannot go to the chosen person is left where it
is and counted. Authority is looked up when it is used (L27).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.campaigns import run_by_actor
from uar.colleagues import Colleague, colleague
from uar.errors import Conflict, Invalid, NotFound, Refused
from uar.handover import hand_over, is_about, undecided_of
from uar.models import Campaign, Identity, ReviewItem, SignOff
from uar.models.kinds import PersonStatus
from uar.models.states import CampaignState
from uar.notifications import tell
from uar.reviews import NOT_YOURS, open_campaign
from uar.words import moment, n_rows
from uar.work import Work

MOST = 500
"""How many items a reviewer passes on together."""
CAN = (CampaignState.STAGED, CampaignState.OPEN)


@dataclass(frozen=True, slots=True)
class Reassigned:
    """What became of it: ``moved`` items are the taker's now, the others are left where they are.

    ``theirs`` are the taker's own access, ``own`` the actor's, ``decided`` decided already.
    """

    taker: str
    moved: int
    theirs: int = 0
    own: int = 0
    decided: int = 0

    @property
    def left(self) -> str:
        """Say what is left and why, in a sentence; empty when everything moved."""
        why = (
            (self.theirs, f"{self.taker}’s own access"),
            (self.own, "your own access, for which you choose nobody"),
            (self.decided, "decided already"),
        )
        parts = [f"{n_rows(n)} {'is' if n == 1 else 'are'} {words}" for n, words in why if n]
        return f"Left where it is: {'; '.join(parts)}." if parts else ""


def n_undecided(
    session: Session,
    campaign_id: int,
    reviewer_id: int | None,
    which: sa.ColumnElement[bool] | None = None,
) -> int:
    """Count what a reviewer, or nobody (None), has still to decide. One query."""
    conditions = [undecided_of(campaign_id, reviewer_id), *([] if which is None else [which])]
    counted = sa.select(sa.func.count()).select_from(ReviewItem).where(*conditions)
    return int(session.scalar(counted) or 0)


def reassign(
    work: Work, campaign_id: int, reviewer_id: int | None, taker_id: int, reason: str
) -> Reassigned:
    """Give what a reviewer has not decided to somebody else; None means items without a reviewer.

    For whoever runs the campaign, once it is staged. Raises NotFound and Forbidden
    for everybody else, Conflict when it cannot be now or nothing is undecided, Refused
    when the taker is the actor or may take none of it, Invalid by field, also when
    she has signed.
    """
    campaign = run_by_actor(work, campaign_id)
    if campaign.state not in CAN:
        raise Conflict(f"The campaign is {campaign.state.value}.", subject=_of(campaign))
    if not n_undecided(work.session, campaign.id, reviewer_id):
        raise Conflict("Nothing is undecided there any more.", subject=_of(campaign))
    return _move(work, campaign, sa.true(), reviewer_id, taker_id, reason)


def pass_on(
    work: Work, campaign_id: int, item_ids: Sequence[int], taker_id: int, reason: str
) -> Reassigned:
    """Pass some of the actor's own undecided items on to somebody else.

    Raises NotFound when one of them is not hers, Conflict when she has signed or
    the campaign is closed, Invalid as :func:`reassign` does, and without items.
    """
    wanted = sorted(set(item_ids))
    if not wanted:
        raise Invalid("Select at least one row.", {"items": "Select at least one row."})
    if len(wanted) > MOST:
        raise Invalid("Too many.", {"items": f"Pass on at most {MOST} rows together."})
    chosen = col(ReviewItem.id).in_(wanted)
    hers = work.session.scalar(
        sa.select(sa.func.count())
        .select_from(ReviewItem)
        .where(
            chosen,
            col(ReviewItem.campaign_id) == campaign_id,
            col(ReviewItem.reviewer_id) == work.actor.id,
        )
    )
    if work.actor.id is None or hers != len(wanted):
        raise NotFound(NOT_YOURS, subject=f"campaign:{campaign_id}")
    campaign = open_campaign(work, campaign_id, exclusively=True)
    undecided = n_undecided(work.session, campaign.id, work.actor.id, chosen)
    if not undecided:
        raise Conflict("They are decided already.", subject=_of(campaign))
    decided = len(wanted) - undecided
    return _move(work, campaign, chosen, work.actor.id, taker_id, reason, decided=decided)


def _move(
    work: Work,
    campaign: Campaign,
    which: sa.ColumnElement[bool],
    giver_id: int | None,
    taker_id: int,
    reason: str,
    *,
    decided: int = 0,
) -> Reassigned:
    taker = _taker(work, campaign, giver_id, taker_id, reason)
    actor_id = work.actor.id or 0
    theirs = n_undecided(work.session, campaign.id, giver_id, sa.and_(which, is_about(taker.id)))
    own = n_undecided(
        work.session, campaign.id, giver_id, sa.and_(which, is_about(actor_id), ~is_about(taker.id))
    )
    moved = hand_over(
        work,
        campaign,
        sa.and_(which, ~is_about(taker.id), ~is_about(actor_id)),
        giver_id=giver_id,
        taker_id=taker.id,
        reason=reason.strip(),
        by=work.actor.id,
    )
    done = Reassigned(taker.name, moved, theirs, own, decided)
    if not moved:
        raise Refused(done.left, subject=_of(campaign))
    if campaign.state is CampaignState.OPEN:  # else whoever is asked when it opens is told then
        _tell(work, campaign, giver_id, taker, moved, reason.strip())
    return done


def _taker(
    work: Work, campaign: Campaign, giver_id: int | None, taker_id: int, reason: str
) -> Colleague:
    taker = colleague(work.session, taker_id)
    if taker is None:
        raise _cannot("Choose somebody who works here.")
    if taker.id == giver_id:
        raise _cannot(f"{taker.name} has them already.")
    if taker.id == work.actor.id:
        raise Refused("You cannot give them to yourself.", subject=_of(campaign))
    signed = sa.select(col(SignOff.id)).where(
        col(SignOff.campaign_id) == campaign.id, col(SignOff.by) == taker.id
    )
    if work.session.scalars(signed).first() is not None:
        raise _cannot(f"{taker.name} has signed in this campaign already.")
    if not reason.strip():
        raise Invalid("Say why.", {"reason": "Say why."})
    return taker


def _tell(
    work: Work, campaign: Campaign, giver_id: int | None, taker: Colleague, n: int, reason: str
) -> None:
    """Tell the taker, and whoever had them unless she did it herself or has left."""
    giver = work.session.get(Identity, giver_id) if giver_id is not None else None
    is_hers = giver_id == work.actor.id
    whose = "" if is_hers else f" of {giver.name if giver else 'nobody'}"
    path, due = f"/reviews/{campaign.id}", moment(campaign.due_at, work.settings.zone)
    tell(
        work,
        taker.id,
        "review_handed_over",
        f"{n_rows(n).capitalize()} of {campaign.name} {'falls' if n == 1 else 'fall'} to you",
        f"{work.actor.name} gives you {n_rows(n)}{whose} in “{campaign.name}”: {reason}\n"
        f"Please decide until {due}.",
        path,
    )
    if giver is not None and not is_hers and giver.status is PersonStatus.ACTIVE:
        tell(
            work,
            giver.id,
            "review_taken_over",
            f"{n_rows(n).capitalize()} of {campaign.name} {'is' if n == 1 else 'are'} "
            "not yours to decide any more",
            f"{work.actor.name} gave {n_rows(n)} in “{campaign.name}” that you had not decided "
            f"to {taker.name}: {reason}",
            path,
        )


def _cannot(sentence: str) -> Invalid:
    return Invalid(sentence, {"to": sentence})


def _of(campaign: Campaign) -> str:
    return f"campaign:{campaign.id}"
