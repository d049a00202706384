"""Facts about many grants at once, as SQL: why held, given by whom, who else holds it.

Each function returns a subquery or a scalar to join to the grants at hand, so that
a population of any size is one statement. Nothing here writes or decides.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from uar.models import (
    Account,
    ApprovalStep,
    Campaign,
    Decision,
    Grant,
    GrantCause,
    Identity,
    Resource,
    ReviewItem,
)
from uar.models.kinds import PersonStatus, Verdict
from uar.models.states import CampaignState, ItemState, StepState

FEWEST_PEERS = 2
"""A team of one says nothing about what its members usually hold."""


def paths(app_ids: Collection[int]) -> sa.CTE:
    """Say for each open grant of these apps: direct or through what, until when, given by whom.

    Columns: grant_id, direct (0 or 1), via ("" or names of resources), ends_at
    (None when any reason for the grant has no end), step_id (of the last approval
    of a request behind it, or None).
    """
    # A grant is inherited through a resource once, so counting rows counts resources.
    n_via = sa.func.count(col(Resource.id))
    first_via = sa.func.min(col(Resource.name))
    more = sa.cast(n_via - 1, sa.String)
    return (
        sa.select(
            col(GrantCause.grant_id),
            sa.func.max(sa.case((col(GrantCause.via_id) == 0, 1), else_=0)).label("direct"),
            sa.case(
                (n_via == 0, ""),
                (n_via == 1, first_via),
                else_=first_via + " and " + more + " more",
            ).label("via"),
            sa.case(
                (
                    sa.func.count(col(GrantCause.ends_at)) == sa.func.count(),
                    sa.func.max(col(GrantCause.ends_at)),
                ),
            ).label("ends_at"),
            sa.func.max(col(ApprovalStep.id)).label("step_id"),
        )
        .join(Grant, col(Grant.id) == col(GrantCause.grant_id))
        .outerjoin(Resource, col(Resource.id) == col(GrantCause.via_id))
        .outerjoin(
            ApprovalStep,
            sa.and_(
                col(ApprovalStep.request_id) == col(GrantCause.request_id),
                col(ApprovalStep.state) == StepState.APPROVED,
            ),
        )
        .where(col(GrantCause.ended_at).is_(None), col(Grant.app_id).in_(app_ids))
        .group_by(col(GrantCause.grant_id))
        .cte("paths")
    )


def last_decision(account_id: Any, entitlement_id: Any, not_in: int) -> sa.ScalarSelect[int]:
    """Find the decision that counts most lately on the same access, outside one campaign.

    ``account_id`` and ``entitlement_id`` are columns of the statement around it.
    It walks the index of an access's review history: one probe for each row.
    """
    item, campaign, decision = (
        sa.orm.aliased(ReviewItem),
        sa.orm.aliased(Campaign),
        sa.orm.aliased(Decision),
    )
    return (
        sa.select(sa.func.max(col(decision.id)))
        .select_from(item)
        .join(campaign, col(campaign.id) == col(item.campaign_id))
        .join(decision, col(decision.item_id) == col(item.id))
        .where(
            col(item.account_id) == account_id,
            col(item.entitlement_id) == entitlement_id,
            col(item.campaign_id) != not_in,
            col(item.state).in_((ItemState.CERTIFIED, ItemState.REVOKED)),
            col(campaign.state).in_((CampaignState.OPEN, CampaignState.CLOSED)),
            col(decision.verdict) != Verdict.UNDO,
        )
        .correlate_except(item, campaign, decision)
        .scalar_subquery()
    )


def peers() -> sa.CTE:
    """Say whom each active person is compared with. Columns: identity_id, kind, label, n.

    Her manager's team where that has two people or more, else her department,
    else those of the same title; nobody who has none of these. She counts herself.
    ``kind`` is the column of Identity that they have in common.
    """
    team, department, title = (_sizes(column) for column in _shared())
    manager = sa.orm.aliased(Identity)
    size = sa.func.coalesce(team.c.n, department.c.n, title.c.n)
    return (
        sa.select(
            col(Identity.id).label("identity_id"),
            sa.case(
                (team.c.n > 0, "manager_id"), (department.c.n > 0, "department"), else_="title"
            ).label("kind"),
            sa.case(
                (team.c.n > 0, col(manager.name) + "’s team"),
                (department.c.n > 0, col(Identity.department)),
                else_=col(Identity.title),
            ).label("label"),
            size.label("n"),
        )
        .outerjoin(team, team.c.of == col(Identity.manager_id))
        .outerjoin(manager, col(manager.id) == col(Identity.manager_id))
        .outerjoin(department, department.c.of == col(Identity.department))
        .outerjoin(title, title.c.of == col(Identity.title))
        .where(col(Identity.status) == PersonStatus.ACTIVE, size.is_not(None))
        .cte("peers")
    )


def join_peers(source: Any, holder: Any, app_ids: Collection[int]) -> tuple[Any, Any, Any]:
    """Join to grants who the holder's peers are and how many of them hold the same.

    Returns the join, the peers (columns as in :func:`peers`) and the number that
    hold the entitlement. Each comparison is counted only for groups that
    somebody is compared by: usually there are only teams.
    """
    compared = peers()
    joined = source.outerjoin(compared, compared.c.identity_id == col(holder.id))
    counts = []
    for column in _shared():
        kind = column.key
        used = (
            sa.select(column)
            .join(compared, compared.c.identity_id == col(Identity.id))
            .where(compared.c.kind == kind)
        )
        holding = (
            sa.select(
                column.label("of"),
                col(Grant.entitlement_id),
                sa.func.count(sa.distinct(col(Identity.id))).label("n"),
            )
            .select_from(Grant)
            .join(Account, col(Account.id) == col(Grant.account_id))
            .join(Identity, col(Identity.id) == col(Account.identity_id))
            .where(
                col(Grant.ended_at).is_(None),
                col(Grant.app_id).in_(app_ids),
                col(Identity.status) == PersonStatus.ACTIVE,
                column.in_(used),
            )
            .group_by(column, col(Grant.entitlement_id))
            .cte(f"held_by_{kind}")
        )
        joined = joined.outerjoin(
            holding,
            sa.and_(
                compared.c.kind == kind,
                holding.c.of == getattr(holder, kind),
                holding.c.entitlement_id == col(Grant.entitlement_id),
            ),
        )
        counts.append(holding.c.n)
    return joined, compared, sa.func.coalesce(*counts, 0)


def _shared() -> tuple[Any, Any, Any]:
    return col(Identity.manager_id), col(Identity.department), col(Identity.title)


def _sizes(column: Any) -> sa.Subquery:
    return (
        sa.select(column.label("of"), sa.func.count().label("n"))
        .where(
            col(Identity.status) == PersonStatus.ACTIVE,
            sa.cast(column, sa.String) != "",
        )
        .group_by(column)
        .having(sa.func.count() >= FEWEST_PEERS)
        .subquery()
    )
