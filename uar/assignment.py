"""Who reviews what, worked out for a whole population in one statement.

The rule's person reviews, unless she is the holder or owner of the account (L20),
has left, or there is none; then the fallback person, then the campaign's owner;
and where neither may, nobody does, and the campaign does not open (L22).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from uar.models import Account, AppOwner, Grant, Identity
from uar.models.kinds import PersonStatus, ReviewerRule


class Why(StrEnum):
    """How an item came to its reviewer; everything but RULE deserves a look."""

    RULE = "rule"
    NO_PERSON = "no_person"
    NO_MANAGER = "no_manager"
    MANAGER_LEFT = "manager_left"
    NO_OWNER = "no_owner"
    OWN_ACCESS = "own_access"


@dataclass(frozen=True, slots=True)
class Ladder:
    """Who reviews under a campaign: the rule first, then two people who stand in."""

    rule: ReviewerRule
    fallback_id: int
    owner_id: int


@dataclass(frozen=True, slots=True)
class Assigned:
    """The joins and columns that assignment adds to a statement over grants and accounts."""

    statement: Any
    reviewer_id: Any
    why: Any


def assign(statement: Any, holder: Any, ladder: Ladder) -> Assigned:
    """Add to a statement over Grant, Account and the holder's Identity who reviews each row.

    Several owners of an app share its items evenly. An account that belongs to
    nobody goes to the owners of its app, whatever the rule.
    """
    manager = sa.orm.aliased(Identity)
    owners = _owners()
    first, second = owners.alias("first_owner"), owners.alias("second_owner")
    turn = col(Grant.id) % first.c.n
    joined = (
        statement.outerjoin(manager, col(manager.id) == col(holder.manager_id))
        .outerjoin(first, sa.and_(first.c.app_id == col(Grant.app_id), first.c.position == turn))
        .outerjoin(
            second,
            sa.and_(
                second.c.app_id == col(Grant.app_id),
                second.c.position == (first.c.position + 1) % first.c.n,
            ),
        )
    )
    account_of = col(Account.identity_id)
    independent_manager = sa.case(
        (
            sa.and_(
                col(manager.status) == PersonStatus.ACTIVE,
                col(manager.id) != account_of,
            ),
            col(manager.id),
        ),
    )
    independent_owner = sa.case(
        (sa.or_(account_of.is_(None), first.c.identity_id != account_of), first.c.identity_id),
        (second.c.identity_id != account_of, second.c.identity_id),
    )
    ruled = independent_owner
    if ladder.rule is ReviewerRule.MANAGER:
        ruled = sa.case((account_of.is_(None), independent_owner), else_=independent_manager)
    reviewer = sa.func.coalesce(ruled, _stand_in(ladder.fallback_id), _stand_in(ladder.owner_id))
    return Assigned(joined, reviewer, _why(ladder.rule, manager, first, ruled))


def _why(rule: ReviewerRule, manager: Any, first: Any, ruled: Any) -> Any:
    """Say why the rule's own person does not review, in the order in which one would look."""
    account_of = col(Account.identity_id)
    no_owner = sa.case(
        (first.c.identity_id.is_(None), Why.NO_OWNER.value), else_=Why.OWN_ACCESS.value
    )
    if rule is ReviewerRule.APP_OWNER:
        return sa.case((ruled.is_not(None), Why.RULE.value), else_=no_owner)
    return sa.case(
        (sa.and_(account_of.is_(None), ruled.is_not(None)), Why.NO_PERSON.value),
        (account_of.is_(None), Why.NO_OWNER.value),
        (ruled.is_not(None), Why.RULE.value),
        (col(manager.id).is_(None), Why.NO_MANAGER.value),
        (col(manager.status) != PersonStatus.ACTIVE, Why.MANAGER_LEFT.value),
        else_=Why.OWN_ACCESS.value,
    )


def _stand_in(identity_id: int) -> Any:
    """Be this person where she works here and the account is not hers; otherwise nobody."""
    person = sa.orm.aliased(Identity)
    works_here = (
        sa.select(col(person.id))
        .where(col(person.id) == identity_id, col(person.status) == PersonStatus.ACTIVE)
        .scalar_subquery()
    )
    hers = sa.func.coalesce(col(Account.identity_id), 0) == identity_id
    return sa.case((sa.not_(hers), works_here))


def _owners() -> Any:
    """Number the active owners of each app from 0, lowest id first, with how many there are."""
    of_app: dict[str, Any] = {"partition_by": col(AppOwner.app_id)}
    return (
        sa.select(
            col(AppOwner.app_id),
            col(AppOwner.identity_id),
            (sa.func.row_number().over(order_by=col(AppOwner.identity_id), **of_app) - 1).label(
                "position"
            ),
            sa.func.count().over(**of_app).label("n"),
        )
        .join(Identity, col(Identity.id) == col(AppOwner.identity_id))
        .where(col(Identity.status) == PersonStatus.ACTIVE)
        .cte("owners")
    )
