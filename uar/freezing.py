"""Freezing a population: every grant in scope becomes a review item with its facts.

It is one INSERT ... SELECT whatever the size; reviewers, rank and what has not
changed since the last review are worked out in the same statement.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from uar import insights
from uar.assignment import Ladder, assign
from uar.models import (
    Account,
    App,
    ApprovalStep,
    Campaign,
    CampaignSource,
    Decision,
    Entitlement,
    Grant,
    Identity,
    Resource,
    ReviewItem,
)
from uar.models.kinds import PersonStatus, Risk, Verdict
from uar.models.states import ItemState
from uar.population import Scope, held, joined
from uar.sources import Source
from uar.work import Work

USED_LATELY = timedelta(days=90)
"""Access that was used within this time counts as used, for what has not changed."""


@dataclass(frozen=True, slots=True)
class Joined:
    """What an item's facts are joined from, beside the tables themselves."""

    source: Any
    holder: Any
    paths: sa.CTE
    giver: Any
    peers: Any
    peers_hold: Any
    before: Any
    before_item: Any
    before_by: Any
    before_campaign: Any


def freeze(work: Work, campaign: Campaign, scope: Collection[Scope], ladder: Ladder) -> int:
    """Write a campaign's items with their facts and reviewers; return how many."""
    columns = items(campaign.id, scope, ladder, work.now)
    work.session.flush()
    done = work.session.connection().execute(
        sa.insert(ReviewItem).from_select(
            list(columns.selected_columns.keys()), columns, include_defaults=False
        )
    )
    return int(done.rowcount)


def freeze_sources(
    work: Work, campaign_id: int, found: Collection[Source], counted: Mapping[int, int]
) -> None:
    """Write down which read each part of a population came from, with its number of items."""
    work.session.add_all(
        CampaignSource(
            campaign_id=campaign_id,
            connector_id=source.connector_id,
            run_id=source.run_id,
            completeness=source.completeness,
            read_at=source.read_at,
            items=counted.get(source.connector_id, 0),
        )
        for source in found
    )
    work.session.flush()


def items(campaign_id: int, scope: Collection[Scope], ladder: Ladder, now: datetime) -> Any:
    """Make the statement that yields a campaign's items, labelled with their columns."""
    tables = _tables(campaign_id, scope)
    holder = tables.holder
    assigned = assign(tables.source, holder, ladder)
    unchanged = _unchanged(tables, now)
    person = sa.func.coalesce(col(holder.name), col(Account.name))
    rank = sa.func.row_number().over(
        order_by=(
            sa.case((col(Entitlement.risk) == Risk.HIGH, 0), else_=1),
            sa.case((col(Entitlement.risk) == Risk.MEDIUM, 0), else_=1),
            col(App.name),
            col(Resource.name),
            col(Entitlement.name),
            col(Entitlement.id),
            col(tables.before.id).is_not(None),
            person,
            col(Grant.id),
        )
    )
    values: dict[str, Any] = {
        "campaign_id": sa.literal(campaign_id, sa.Integer),
        "reviewer_id": assigned.reviewer_id,
        "grant_id": col(Grant.id),
        "account_id": col(Grant.account_id),
        "entitlement_id": col(Grant.entitlement_id),
        "app_id": col(Grant.app_id),
        "identity_id": col(Account.identity_id),
        "state": sa.literal(ItemState.PENDING.value, sa.String),
        "rank": rank,
        "unchanged": unchanged,
        "person": person,
        **_facts_of_access(tables),
        **_facts_of_history(tables),
    }
    chosen = sa.select(*(value.label(name) for name, value in values.items()))
    return held(chosen, scope, source=assigned.statement)


def _facts_of_access(tables: Joined) -> dict[str, Any]:
    return {
        "person_title": _title(tables.holder),
        "department": _department(tables.holder),
        "person_left_at": col(tables.holder.left_at),
        "account": sa.case(
            (col(Account.username) != "", col(Account.username)),
            (col(Account.email) != "", col(Account.email)),
            else_=col(Account.name),
        ),
        "account_status": col(Account.status),
        "app": col(App.name),
        "resource": col(Resource.name),
        "resource_type": col(Resource.type),
        "entitlement": col(Entitlement.name),
        "entitlement_slug": col(Entitlement.slug),
        "description": sa.case(
            (col(Entitlement.description) != "", col(Entitlement.description)),
            else_=col(Resource.description),
        ),
        "risk": col(Entitlement.risk),
        "direct": _direct(tables),
        "via": _via(tables),
        "granted_at": col(Grant.began_at),
        "given_by": sa.func.coalesce(col(tables.giver.name), ""),
        "ends_at": tables.paths.c.ends_at,
        "last_used_at": col(Account.last_login_at),
    }


def _facts_of_history(tables: Joined) -> dict[str, Any]:
    return {
        "previous_verdict": sa.func.coalesce(sa.cast(col(tables.before.verdict), sa.String), ""),
        "previous_at": col(tables.before.at),
        "previous_by": sa.func.coalesce(col(tables.before_by.name), ""),
        "previous_campaign": sa.func.coalesce(col(tables.before_campaign.name), ""),
        "peer_group": sa.func.coalesce(tables.peers.c.label, ""),
        "peers_hold": tables.peers_hold,
        "peers": sa.func.coalesce(tables.peers.c.n, 0),
    }


def _tables(campaign_id: int, scope: Collection[Scope]) -> Joined:
    app_ids = sorted({part.app_id for part in scope})
    paths = insights.paths(app_ids)
    step = sa.orm.aliased(ApprovalStep)
    holder, giver, before_by = (sa.orm.aliased(Identity) for _ in range(3))
    before, item, before_campaign = (
        sa.orm.aliased(Decision),
        sa.orm.aliased(ReviewItem),
        sa.orm.aliased(Campaign),
    )
    last = insights.last_decision(
        col(Grant.account_id), col(Grant.entitlement_id), not_in=campaign_id
    )
    source = (
        joined(holder)
        .outerjoin(paths, paths.c.grant_id == col(Grant.id))
        .outerjoin(step, col(step.id) == paths.c.step_id)
        .outerjoin(giver, col(giver.id) == col(step.decided_by))
        .outerjoin(before, col(before.id) == last)
        .outerjoin(item, col(item.id) == col(before.item_id))
        .outerjoin(before_by, col(before_by.id) == col(before.by))
        .outerjoin(before_campaign, col(before_campaign.id) == col(item.campaign_id))
    )
    source, peers, peers_hold = insights.join_peers(source, holder, app_ids)
    return Joined(
        source, holder, paths, giver, peers, peers_hold, before, item, before_by, before_campaign
    )


def _unchanged(tables: Joined, now: datetime) -> Any:
    """Say whether access was kept last time and looks exactly as it did then.

    High risk never counts, nor does access of somebody who left or moved, nor a
    grant that began after that decision, nor one known to be unused.
    """
    before, item, holder = tables.before, tables.before_item, tables.holder
    used = col(Account.last_login_at)
    same = sa.and_(
        col(before.verdict) == Verdict.CERTIFY,
        col(Grant.began_at) < col(before.at),
        col(Entitlement.risk) != Risk.HIGH,
        sa.or_(used.is_(None), used >= now - USED_LATELY),
        sa.or_(col(holder.id).is_(None), col(holder.status) == PersonStatus.ACTIVE),
        col(item.person_title) == _title(holder),
        col(item.department) == _department(holder),
        col(item.account_status) == sa.cast(col(Account.status), sa.String),
        col(item.direct) == _direct(tables),
        col(item.via) == _via(tables),
    )
    return sa.case((same, sa.true()), else_=sa.false())


def _title(holder: Any) -> Any:
    return sa.func.coalesce(sa.func.nullif(col(holder.title), ""), col(Account.title))


def _department(holder: Any) -> Any:
    return sa.func.coalesce(sa.func.nullif(col(holder.department), ""), col(Account.department))


def _direct(tables: Joined) -> Any:
    return sa.case((tables.paths.c.direct == 1, sa.true()), else_=sa.false())


def _via(tables: Joined) -> Any:
    return sa.func.coalesce(tables.paths.c.via, "")
