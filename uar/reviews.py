"""Deciding on review items: keep, remove, undo, in bulk, and the signature under it all.

Only the item's reviewer decides, only while the campaign is open, and never about
an account of her own (L20). Decisions are rows; the latest counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.db import in_batches
from uar.decisions import append, decisions_hash
from uar.errors import Conflict, Invalid, NotFound, Refused
from uar.handover import chosen_by_holder, hand_over_own
from uar.lifecycle import move, move_all
from uar.models import Account, Campaign, Grant, ReviewItem, SignOff
from uar.models.kinds import RemovalAt, Risk, Verdict
from uar.models.states import CampaignState, ItemState
from uar.removals import Wanted, call_off, order_removal, order_removals
from uar.work import Work

OUTCOME: Mapping[Verdict, ItemState] = {
    Verdict.CERTIFY: ItemState.CERTIFIED,
    Verdict.REVOKE: ItemState.REVOKED,
}
NOT_YOURS = "There is no such row, or it is not yours."

STATEMENT = (
    "I have reviewed {n} of access in “{name}” and decided each by what the person needs "
    "for their work: {kept} kept, {removed} removed."
)


def decide(work: Work, item_id: int, verdict: Verdict, reason: str = "") -> None:
    """Record the reviewer's verdict on one item; the latest one counts.

    Twice the same is once. Raises NotFound when the item is not hers to decide,
    Refused when the account is her own, Invalid when a reason is missing (for
    every removal, and for keeping high risk), Conflict when the campaign is
    closed, she has signed, or a removal that she would take back has begun.
    """
    _insist_on_verdict(verdict)
    item, campaign = item_for(work, item_id)
    _insist_on_independence(work.session, work.actor.id, [item])
    if item.state is OUTCOME[verdict]:
        return
    _insist_on_reason(item, verdict, reason)
    if item.state is ItemState.REVOKED:
        _take_back(work, item, reason=reason)
    append(work, [item], verdict, reason, bulk=False)
    move(work, item, OUTCOME[verdict], reason=reason)
    if verdict is Verdict.REVOKE and campaign.removal_at is RemovalAt.DECISION:
        order_removal(work, Wanted(item.id, item.grant_id, campaign.id, reason))


def undo(work: Work, item_id: int) -> None:
    """Take a decision back: the item is undecided again, a removal not yet begun is called off.

    Raises NotFound, Refused and Conflict as :func:`decide` does.
    """
    item, _ = item_for(work, item_id)
    _insist_on_independence(work.session, work.actor.id, [item])
    if item.state is ItemState.PENDING:
        return
    _take_back(work, item, reason="undone")
    append(work, [item], Verdict.UNDO, "", bulk=False)
    move(work, item, ItemState.PENDING, action="review_item.undone")


def stop_removal(work: Work, item_id: int) -> None:
    """Call off the removal of an item that she has signed for, while it has not begun (L17).

    The decision and the signature stand; that the access stays is on the record.
    Raises NotFound when the item is not hers, Refused when the account is, Conflict
    once the removal has begun or when there is none.
    """
    item = _hers(work, item_id)
    campaign = work.session.get_one(Campaign, item.campaign_id)
    if campaign.state not in (CampaignState.OPEN, CampaignState.CLOSED):
        raise NotFound(NOT_YOURS, subject=f"review_item:{item_id}")
    _insist_on_independence(work.session, work.actor.id, [item])
    if item.state is not ItemState.REVOKED or not call_off(work, item, reason="called off"):
        raise Conflict("There is no removal to call off.", subject=f"review_item:{item_id}")
    work.record("review_item.removal_called_off", f"review_item:{item_id}")


def decide_many(
    work: Work, campaign_id: int, item_ids: Sequence[int], verdict: Verdict, reason: str
) -> int:
    """Decide undecided items of hers together, with one reason for all; return how many.

    All or nothing. Raises Invalid without a reason or without items, Refused for
    high risk, which is decided one by one, and otherwise as :func:`decide` does.
    """
    _insist_on_verdict(verdict)
    if not reason.strip():
        raise Invalid("Say why, in a sentence for all of them.", {"reason": "Say why."})
    wanted = sorted(set(item_ids))
    if not wanted:
        raise Invalid("Select at least one row.", {"items": "Select at least one row."})
    campaign = open_campaign(work, campaign_id)
    found = [
        item
        for batch in in_batches(wanted)
        for item in work.session.scalars(
            sa.select(ReviewItem)
            .where(
                col(ReviewItem.id).in_(batch),
                col(ReviewItem.campaign_id) == campaign_id,
                col(ReviewItem.reviewer_id) == work.actor.id,
            )
            .with_for_update()
        )
    ]
    if len(found) != len(wanted):
        raise NotFound("One of these rows is not yours to decide.", subject=_of(campaign))
    _insist_on_independence(work.session, work.actor.id, found)
    if any(item.risk is Risk.HIGH for item in found):
        raise Refused("High risk is decided one by one.", subject=_of(campaign))
    undecided = [item for item in found if item.state is not OUTCOME[verdict]]
    if any(item.state is not ItemState.PENDING for item in undecided):
        raise Conflict("One of these rows is decided already. Look again.", subject=_of(campaign))
    append(work, undecided, verdict, reason, bulk=True)
    ids = [item.id for item in undecided]
    move_all(work, ReviewItem, ids, before=ItemState.PENDING, to=OUTCOME[verdict], reason=reason)
    if verdict is Verdict.REVOKE and campaign.removal_at is RemovalAt.DECISION:
        for item in undecided:
            order_removal(work, Wanted(item.id, item.grant_id, campaign_id, reason))
    return len(ids)


def sign(work: Work, campaign_id: int, statement: str) -> SignOff:
    """Sign everything she was asked in a campaign; her decisions are final from now on.

    Where the campaign sends removals at sign-off, they are ordered now. Items that
    turned out to be her own access go to somebody else first. Raises NotFound when
    nothing was asked of her, Conflict when she has signed, Invalid while items are
    undecided or the statement is empty.
    """
    campaign = open_campaign(work, campaign_id, exclusively=True)
    assert work.actor.id is not None
    hand_over_own(work, campaign, work.actor.id)
    counts = tally(work.session, campaign_id, work.actor.id)
    if not counts:
        raise NotFound("Nothing was asked of you here.", subject=_of(campaign))
    if counts.get(ItemState.PENDING):
        raise Invalid(f"{counts[ItemState.PENDING]} still to decide before you can sign.")
    if not statement.strip():
        raise Invalid("The statement is missing.", {"agree": "Say that it is your decision."})
    signed = SignOff(
        campaign_id=campaign_id,
        by=work.actor.id,
        at=work.now,
        statement=statement,
        certified=counts.get(ItemState.CERTIFIED, 0),
        revoked=counts.get(ItemState.REVOKED, 0),
        decisions_hash=decisions_hash(work.session, campaign_id, work.actor.id),
    )
    work.session.add(signed)
    work.session.flush()
    work.record(
        "campaign.signed",
        _of(campaign),
        reason=statement,
        details={"sign_off": signed.id, "certified": signed.certified, "revoked": signed.revoked},
    )
    if campaign.removal_at is RemovalAt.SIGN_OFF:
        order_removals(work, campaign_id, work.actor.id)
    return signed


def tally(session: Session, campaign_id: int, reviewer_id: int) -> dict[ItemState, int]:
    """Count a reviewer's items of a campaign by state. One query, from an index alone."""
    found = session.connection().execute(
        sa.select(col(ReviewItem.state), sa.func.count())
        .where(
            col(ReviewItem.campaign_id) == campaign_id, col(ReviewItem.reviewer_id) == reviewer_id
        )
        .group_by(col(ReviewItem.state))
    )
    return {ItemState(state): n for state, n in found}


def item_for(work: Work, item_id: int) -> tuple[ReviewItem, Campaign]:
    """Load an item that the actor may decide now. Raises NotFound or Conflict."""
    campaign = open_campaign(work, _hers(work, item_id).campaign_id)
    return _hers(work, item_id, lock=True), campaign


def open_campaign(work: Work, campaign_id: int, *, exclusively: bool = False) -> Campaign:
    """Hold a campaign open while deciding in it; closing and signing wait for that."""
    lock = True if exclusively else {"read": True}
    campaign = work.session.get(Campaign, campaign_id, with_for_update=lock)
    if campaign is None or campaign.state not in (CampaignState.OPEN, CampaignState.CLOSED):
        raise NotFound("There is no such campaign, or it is not open to you.")
    if campaign.state is CampaignState.CLOSED:
        raise Conflict("The campaign is closed: nothing can be decided.", subject=_of(campaign))
    signed = work.session.scalars(
        sa.select(SignOff).where(
            col(SignOff.campaign_id) == campaign_id, col(SignOff.by) == work.actor.id
        )
    ).first()
    if signed is not None:
        raise Conflict("You have signed: your decisions are final.", subject=_of(campaign))
    return campaign


def _hers(work: Work, item_id: int, *, lock: bool = False) -> ReviewItem:
    item = work.session.get(
        ReviewItem, item_id, with_for_update=lock or None, populate_existing=lock
    )
    if item is None or work.actor.id is None or item.reviewer_id != work.actor.id:
        raise NotFound(NOT_YOURS, subject=f"review_item:{item_id}")
    return item


def _insist_on_independence(
    session: Session, actor_id: int | None, items: Sequence[ReviewItem]
) -> None:
    """Refuse whoever holds one of the accounts now, whatever the item says (L20).

    And whoever decides in the place of the holder, who passed the item on to her.
    """
    own = {item.id for item in items if item.identity_id == actor_id}
    for batch in in_batches(sorted({item.account_id for item in items})):
        hers = set(
            session.scalars(
                sa.select(col(Account.id)).where(
                    col(Account.id).in_(batch), col(Account.identity_id) == actor_id
                )
            )
        )
        own |= {item.id for item in items if item.account_id in hers}
    if own:
        raise Refused(
            "This is your own access: somebody else must decide.", subject=f"review_item:{min(own)}"
        )
    for batch in in_batches(sorted(item.id for item in items)):
        chosen = sa.select(col(ReviewItem.id)).where(
            col(ReviewItem.id).in_(batch), chosen_by_holder()
        )
        if (item_id := session.scalars(chosen).first()) is not None:
            raise Refused(
                "Whoever holds this access chose you to decide: pass it on to somebody else.",
                subject=f"review_item:{item_id}",
            )


def _insist_on_verdict(verdict: Verdict) -> None:
    if verdict not in OUTCOME:  # undoing has a verb of its own
        raise Invalid("Keep it or remove it.", {"verdict": "Keep it or remove it."})


def _insist_on_reason(item: ReviewItem, verdict: Verdict, reason: str) -> None:
    if reason.strip():
        return
    if verdict is Verdict.REVOKE:
        raise Invalid("Say why it is removed.", {"reason": "Say why it is removed."})
    if item.risk is Risk.HIGH:
        raise Invalid(
            "Say why high risk is kept.", {"reason": "This is high risk: say why it is kept."}
        )


def _take_back(work: Work, item: ReviewItem, *, reason: str) -> None:
    """Make sure that a decision can still be taken back, and call its removal off."""
    grant = work.session.get_one(Grant, item.grant_id)
    if item.state is ItemState.REVOKED:
        call_off(work, item, reason=reason)
    if grant.ended_at is not None:
        raise Conflict(
            "This access is gone already: the decision is final.", subject=f"review_item:{item.id}"
        )


def _of(campaign: Campaign) -> str:
    return f"campaign:{campaign.id}"
