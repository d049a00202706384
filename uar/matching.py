"""Which account is whose (L26).

An account belongs to a person when its mail address is unique among the app's
accounts of its type and among people, and employee ids do not disagree; or when
the vendor says that it is another account of somebody matched so. A person may
say otherwise, and then nothing here changes it. A user name alone suggests, and
nothing acts on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.db import AnySelect
from uar.errors import NotFound
from uar.models import Account, App, Identity
from uar.models.kinds import Match
from uar.pouring import amend, table_of
from uar.site import Site
from uar.work import Actor, Work

BATCH = 500
MOST_SUGGESTIONS = 100


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An account without a person whose user name is the first part of one mail address."""

    account_id: int
    account: str
    username: str
    identity_id: int
    identity: str
    email: str


def mail_key(column: Any) -> sa.ColumnElement[str]:
    """Return the address in the form in which two are compared."""
    return sa.func.lower(sa.func.trim(column))


def has_mail(mail: Any) -> sa.ColumnElement[bool]:
    """Return the condition that a person has this address, in a form that uses the index."""
    return sa.and_(col(Identity.email) == mail, col(Identity.email) != "")


def do_not_disagree() -> sa.ColumnElement[bool]:
    """Return the condition that account and person have the same employee id, or one has none."""
    return sa.or_(
        col(Account.employee_id) == "",
        col(Identity.employee_id) == "",
        col(Account.employee_id) == col(Identity.employee_id),
    )


def suggestions(session: Session, app_id: int) -> list[Suggestion]:
    """Suggest people for up to 100 of an app's accounts that have none. Two queries."""
    accounts = (
        session.connection()
        .execute(
            sa.select(col(Account.id), col(Account.name), col(Account.username))
            .where(
                col(Account.app_id) == app_id,
                col(Account.gone_at).is_(None),
                col(Account.identity_id).is_(None),
                col(Account.match) == Match.NONE,
                col(Account.username) != "",
            )
            .order_by(col(Account.id))
            .limit(MOST_SUGGESTIONS)
        )
        .all()
    )
    if not accounts:
        return []
    names = {row.username.lower().partition("@")[0] for row in accounts}
    people: dict[str, list[Identity]] = {}
    for each in session.scalars(
        sa.select(Identity).where(
            sa.or_(*(col(Identity.email).startswith(name + "@", autoescape=True) for name in names))
        )
    ):
        people.setdefault(each.email.partition("@")[0], []).append(each)
    found = []
    for row in accounts:
        fitting = people.get(row.username.lower().partition("@")[0], [])
        if len(fitting) == 1:
            one = fitting[0]
            found.append(Suggestion(row.id, row.name, row.username, one.id, one.name, one.email))
    return found


def set_person(work: Work, account_id: int, identity_id: int | None, *, why: str) -> None:
    """Say by hand whose account it is, or nobody's; syncs leave it so.

    Raises NotFound when there is no such account or person.
    """
    account = work.session.get(Account, account_id)
    if account is None:
        raise NotFound("There is no such account.", subject=f"account:{account_id}")
    if identity_id is not None and work.session.get(Identity, identity_id) is None:
        raise NotFound("There is no such person.", subject=f"identity:{identity_id}")
    _put(work, account, identity_id, Match.HAND, why)


def reset_person(work: Work, account_id: int, *, why: str) -> None:
    """Forget what was said by hand; the next sync matches the account again."""
    account = work.session.get(Account, account_id)
    if account is None:
        raise NotFound("There is no such account.", subject=f"account:{account_id}")
    _put(work, account, None, Match.NONE, why)


def match_accounts(site: Site, actor: Actor, *, app_id: int | None = None) -> int:
    """Match the accounts of one app, or of all, to people; return how many changed.

    One query finds those that differ; they are written a few hundred at a time.
    """
    with site.reading() as session:
        found = session.connection().execute(_differing(app_id)).all()
    for start in range(0, len(found), BATCH):
        batch = found[start : start + BATCH]
        with site.working(actor) as work:
            amend(
                work.session.connection(),
                table_of(Account),
                [
                    {"id": account_id, "identity_id": person, "match": Match(how)}
                    for account_id, person, how, _ in batch
                ],
                col(Account.match) != Match.HAND,
            )
            work.record(
                "account.matched",
                f"app:{app_id}" if app_id else "app:all",
                details={
                    "matched": sum(1 for row in batch if row.identity_id is not None),
                    "unmatched": [row.id for row in batch if row.identity_id is None],
                },
            )
    return len(found)


def _differing(app_id: int | None) -> AnySelect:
    """Select the open accounts whose person or kind of match is not what the rules say."""
    by_mail = _by_mail(app_id).cte("by_mail")
    by_link = _by_link(by_mail).cte("by_link")
    person = sa.func.coalesce(by_link.c.identity_id, by_mail.c.identity_id)
    how = sa.case(
        (by_link.c.identity_id.is_not(None), Match.LINK.value),
        (by_mail.c.identity_id.is_not(None), Match.MAIL.value),
        else_=Match.NONE.value,
    )
    return (
        sa.select(
            col(Account.id), person.label("identity_id"), how.label("how"), col(Account.app_id)
        )
        .select_from(Account)
        .join(App, sa.and_(col(App.id) == col(Account.app_id), col(App.is_own).is_(False)))
        .outerjoin(by_mail, by_mail.c.account_id == col(Account.id))
        .outerjoin(by_link, by_link.c.account_id == col(Account.id))
        .where(
            *_open(app_id),
            col(Account.match) != Match.HAND,
            sa.or_(
                col(Account.identity_id).is_distinct_from(person),
                sa.cast(col(Account.match), sa.String) != how,
            ),
        )
        .order_by(col(Account.id))
    )


def _by_mail(app_id: int | None) -> AnySelect:
    alone = (
        sa.select(
            mail_key(col(Account.email)).label("mail"), sa.func.min(col(Account.id)).label("id")
        )
        .where(*_open(app_id), col(Account.email) != "")
        .group_by(col(Account.app_id), col(Account.type), mail_key(col(Account.email)))
        .having(sa.func.count() == 1)
        .subquery()
    )
    return (
        sa.select(col(Account.id).label("account_id"), col(Identity.id).label("identity_id"))
        .select_from(alone)
        .join(Account, col(Account.id) == alone.c.id)
        .join(Identity, has_mail(alone.c.mail))
        .where(do_not_disagree())
    )


def _by_link(by_mail: sa.CTE) -> AnySelect:
    """Select administrators' accounts that the vendor says belong to a matched person."""
    # A table of its own, which both databases index or hash: the inventory's index
    # has the type between connector and id, and a link does not name the type.
    other = (
        sa.select(
            col(Account.connector_id),
            col(Account.vendor_id),
            sa.case(
                (col(Account.match) == Match.HAND, col(Account.identity_id)),
                else_=by_mail.c.identity_id,
            ).label("identity_id"),
        )
        .outerjoin(by_mail, by_mail.c.account_id == col(Account.id))
        .where(col(Account.is_person), col(Account.gone_at).is_(None))
        .cte("linked_to")
        .prefix_with("MATERIALIZED")
    )
    return (
        sa.select(
            col(Account.id).label("account_id"), sa.func.min(col(Identity.id)).label("identity_id")
        )
        .select_from(Account)
        .join(
            other,
            sa.and_(
                other.c.connector_id == col(Account.connector_id),
                other.c.vendor_id == col(Account.linked_vendor_id),
            ),
        )
        .join(Identity, col(Identity.id) == other.c.identity_id)
        .where(
            col(Account.linked_vendor_id) != "",
            col(Account.is_person).is_(False),
            col(Account.gone_at).is_(None),
            do_not_disagree(),
        )
        .group_by(col(Account.id))
        .having(sa.func.count(sa.distinct(col(Identity.id))) == 1)
    )


def _open(app_id: int | None) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = [col(Account.gone_at).is_(None)]
    if app_id is not None:
        conditions.append(col(Account.app_id) == app_id)
    return conditions


def _put(work: Work, account: Account, identity_id: int | None, how: Match, why: str) -> None:
    work.session.connection().execute(
        sa.update(Account)
        .where(col(Account.id) == account.id)
        .values(identity_id=identity_id, match=how)
    )
    work.record(
        "account.person_set",
        f"account:{account.id}",
        reason=why,
        details={"before": account.identity_id, "after": identity_id, "match": how.value},
    )
