"""Campaigns: planned, staged (frozen), opened, closed. Who may run them, and their verbs.

A campaign administrator runs the campaigns she owns; a super administrator runs
all. Staging freezes the population for good: to change it, cancel and plan anew.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from uar import decisions
from uar.db import in_batches, is_sqlite
from uar.drafts import Draft, complete_scope, ladder_of, rewrite
from uar.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from uar.freezing import freeze, freeze_sources
from uar.handover import hand_over_leavers
from uar.lifecycle import may_move, move, move_all
from uar.models import Account, Campaign, ReviewItem
from uar.models.kinds import Role, Verdict
from uar.models.states import CampaignState, ItemState
from uar.notifications import tell
from uar.permissions import roles_of
from uar.population import fingerprint
from uar.reminders import remind_due as remind_due
from uar.removals import order_removals
from uar.sources import sources, untrusted
from uar.words import moment, n_rows
from uar.work import Work

READERS = frozenset({Role.SUPER_ADMIN, Role.AUDITOR})


class Leftovers(StrEnum):
    """What becomes of items that nobody decided when a campaign is closed."""

    SKIP = "skip"
    REVOKE = "revoke"


def visible(session: Session, campaign_id: int, viewer_id: int) -> Campaign:
    """Return a campaign to its owner, a super administrator or an auditor; else NotFound."""
    campaign = session.get(Campaign, campaign_id)
    if campaign is not None and (
        _runs(campaign, viewer_id, roles := roles_of(session, viewer_id)) or roles & READERS
    ):
        return campaign
    raise _no_such(campaign_id)


def may_run(session: Session, campaign: Campaign, person_id: int) -> bool:
    """Say whether a person may stage, open, close and cancel a campaign."""
    return _runs(campaign, person_id, roles_of(session, person_id))


def change(work: Work, campaign_id: int, draft: Draft) -> None:
    """Change a draft; once staged it cannot be changed. Raises Conflict then, Invalid by field."""
    campaign = run_by_actor(work, campaign_id)
    if campaign.state is not CampaignState.DRAFT:
        raise Conflict(
            "Its population is frozen: cancel it and plan another.", subject=_of(campaign)
        )
    rewrite(work, campaign, draft)


def stage(work: Work, campaign_id: int) -> int:
    """Freeze the population with its facts, reviewers, sources and hash; return its size.

    Raises Refused when nothing is in scope, Conflict when a sync finished
    meanwhile or the campaign is staged already.
    """
    campaign = run_by_actor(work, campaign_id)
    if not may_move(campaign.state, CampaignState.STAGED):
        raise Conflict(f"This is already {campaign.state.value}.", subject=_of(campaign))
    if not is_sqlite(work.session):  # the usual 30 s are for pages
        work.session.connection().exec_driver_sql("SET LOCAL statement_timeout = '15min'")
    scope = complete_scope(work, campaign_id)
    app_ids = {part.app_id for part in scope}
    judged = {"now": work.now, "stale": _stale(work)}
    read = sources(work.session, app_ids, **judged)  # type: ignore[arg-type]
    freeze(work, campaign, scope, ladder_of(campaign))
    if sources(work.session, app_ids, **judged) != read:  # type: ignore[arg-type]
        raise Conflict("A sync finished while this was staged. Stage it again.")
    frozen = fingerprint(work.session, campaign_id)
    if frozen.count == 0:
        raise Refused("Nothing is in scope: nobody holds anything there.", subject=_of(campaign))
    freeze_sources(work, campaign_id, read, frozen.of_connector)
    move(
        work,
        campaign,
        CampaignState.STAGED,
        details={"items": frozen.count, "sha256": frozen.hash},
        staged_at=work.now,
        population_count=frozen.count,
        population_hash=frozen.hash,
    )
    return frozen.count


def open_(work: Work, campaign_id: int, *, waiver: str = "") -> None:
    """Open a staged campaign and tell each reviewer.

    Reviewers who have left meanwhile are replaced. Raises Refused while an item
    has nobody who may decide it, and when a source is incomplete or stale unless
    ``waiver`` says why it opens all the same; that is signed and kept (L30).
    """
    campaign = run_by_actor(work, campaign_id)
    if not may_move(campaign.state, CampaignState.OPEN):
        raise Conflict(f"This is already {campaign.state.value}.", subject=_of(campaign))
    hand_over_leavers(work, campaign)
    without = undecidable(work.session, campaign_id)
    if without:
        raise Refused(
            f"{without} of the rows have nobody who may decide them: name another fallback person.",
            subject=_of(campaign),
        )
    wrong = untrusted(work.session, campaign_id, now=work.now, stale=_stale(work))
    if wrong and not waiver.strip():
        raise Refused(" ".join([*wrong, "Sign a waiver to open it anyway."]), subject=_of(campaign))
    signed: dict[str, Any] = {
        "waived_by": work.actor.id,
        "waived_at": work.now,
        "waived_why": waiver.strip(),
    }
    move(
        work,
        campaign,
        CampaignState.OPEN,
        action="campaign.opened",
        reason=waiver.strip() if wrong else "",
        details={"waived": wrong} if wrong else {},
        opened_at=work.now,
        **(signed if wrong else {}),
    )
    _tell_reviewers(work, campaign)


def close(
    work: Work,
    campaign_id: int,
    *,
    reason: str = "",
    leftovers: Leftovers = Leftovers.SKIP,
) -> None:
    """Close an open campaign for good; what nobody decided is skipped visibly, or removed.

    Removals that were decided and never ordered are ordered now, signed or not.
    Raises Invalid when something is undecided and there is no reason.
    """
    campaign = run_by_actor(work, campaign_id)
    if not may_move(campaign.state, CampaignState.CLOSED):
        raise Conflict(f"This is already {campaign.state.value}.", subject=_of(campaign))
    ids = _undecided(work.session, campaign_id)
    if ids and not reason.strip():
        raise Invalid("Say why it is closed now.", {"reason": "Not everything is decided: why?"})
    if leftovers is Leftovers.REVOKE:
        ids = _revoke_leftovers(work, ids, reason)
    skipped = move_all(
        work, ReviewItem, ids, before=ItemState.PENDING, to=ItemState.SKIPPED, reason=reason
    )
    move(
        work,
        campaign,
        CampaignState.CLOSED,
        reason=reason,
        details={"skipped": len(skipped)},
        closed_at=work.now,
    )
    order_removals(work, campaign_id)


def cancel(work: Work, campaign_id: int, *, reason: str = "") -> None:
    """Give a campaign up before it is opened; it stays readable."""
    move(work, run_by_actor(work, campaign_id), CampaignState.CANCELLED, reason=reason)


def undecidable(session: Session, campaign_id: int) -> int:
    """Count the undecided items that have nobody who may decide them (L22)."""
    return int(
        session.scalar(
            sa.select(sa.func.count())
            .select_from(ReviewItem)
            .where(
                col(ReviewItem.campaign_id) == campaign_id,
                col(ReviewItem.reviewer_id).is_(None),
                col(ReviewItem.state) == ItemState.PENDING,
            )
        )
        or 0
    )


def run_by_actor(work: Work, campaign_id: int) -> Campaign:
    """Hold a campaign that the actor may run; whoever may not even see it finds nothing."""
    campaign = work.session.get(Campaign, campaign_id, with_for_update=True)
    actor_id = work.actor.id
    if campaign is None or actor_id is None:
        raise _no_such(campaign_id)
    roles = roles_of(work.session, actor_id)
    if _runs(campaign, actor_id, roles):
        return campaign
    if roles & READERS:
        raise Forbidden("You may see this campaign and not run it.", subject=_of(campaign))
    raise _no_such(campaign_id)


def _runs(campaign: Campaign, person_id: int, roles: Collection[Role]) -> bool:
    owns = campaign.owner_id == person_id and Role.CAMPAIGN_ADMIN in roles
    return owns or Role.SUPER_ADMIN in roles


def _undecided(session: Session, campaign_id: int) -> list[int]:
    return list(
        session.scalars(
            sa.select(col(ReviewItem.id)).where(
                col(ReviewItem.campaign_id) == campaign_id,
                col(ReviewItem.state) == ItemState.PENDING,
            )
        )
    )


def _revoke_leftovers(work: Work, ids: list[int], reason: str) -> list[int]:
    """Decide leftovers as removed, as the actor; return those that she holds herself (L20)."""
    hers = set(
        work.session.scalars(
            sa.select(col(Account.id)).where(col(Account.identity_id) == work.actor.id)
        )
    )
    own: list[int] = []
    for batch in in_batches(ids):
        items = list(
            work.session.scalars(sa.select(ReviewItem).where(col(ReviewItem.id).in_(batch)))
        )
        others = [
            item
            for item in items
            if item.account_id not in hers and item.identity_id != work.actor.id
        ]
        decisions.append(work, others, Verdict.REVOKE, reason, bulk=True)
        decided = {item.id for item in others}
        move_all(
            work,
            ReviewItem,
            sorted(decided),
            before=ItemState.PENDING,
            to=ItemState.REVOKED,
            reason=reason,
        )
        own += [item_id for item_id in batch if item_id not in decided]
    return own


def _tell_reviewers(work: Work, campaign: Campaign) -> None:
    asked = work.session.connection().execute(
        sa.select(col(ReviewItem.reviewer_id), sa.func.count())
        .where(
            col(ReviewItem.campaign_id) == campaign.id,
            col(ReviewItem.reviewer_id).is_not(None),
            col(ReviewItem.state) == ItemState.PENDING,
        )
        .group_by(col(ReviewItem.reviewer_id))
        .order_by(col(ReviewItem.reviewer_id))
    )
    due = moment(campaign.due_at, work.settings.zone)
    for reviewer_id, n in asked:
        assert reviewer_id is not None
        tell(
            work,
            reviewer_id,
            "review_assigned",
            f"Please review access: {campaign.name}",
            f"“{campaign.name}” asks you to decide on {n_rows(n)} of access until {due}. "
            f"{campaign.instructions}".strip(),
            f"/reviews/{campaign.id}",
        )


def _stale(work: Work) -> timedelta:
    return timedelta(hours=work.settings.stale_hours)


def _of(campaign: Campaign) -> str:
    return f"campaign:{campaign.id}"


def _no_such(campaign_id: int) -> NotFound:
    return NotFound(
        "There is no such campaign, or it is not yours to see.", subject=f"campaign:{campaign_id}"
    )
