"""Messages to people: queued in the transaction that caused them, sent by a job.

``tell`` only writes a row. ``send_due`` puts what waits for one person into one
mail. Without a mail server nothing is sent and nothing is lost: the rows stay
readable in uar, and mail begins with what is written once a server is set.
"""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.db import AnySelect, rows
from uar.errors import Invalid
from uar.models import Identity, Notification
from uar.site import Site
from uar.work import Work

log = logging.getLogger(__name__)

BATCH = 100
PEOPLE = 100
LEASE = timedelta(minutes=2)
TIMEOUT = 20.0
LATEST_RETRY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Message:
    """One message as the mailbox page and a mail show it."""

    id: int
    identity_id: int
    to: str
    name: str
    kind: str
    subject: str
    body: str
    path: str
    created_at: datetime
    sent_at: datetime | None
    attempts: int


def tell(work: Work, identity_id: int, kind: str, subject: str, body: str, path: str = "") -> None:
    """Queue a message for one person; ``path`` is the page of ours that it is about."""
    work.session.add(
        Notification(
            identity_id=identity_id,
            kind=kind,
            subject=" ".join(subject.split())[:200],
            body=body,
            path=path,
            created_at=work.now,
            send_at=work.now,
        )
    )


def messages(
    session: Session, identity_id: int | None = None, *, after: int | None = None, limit: int = 100
) -> list[Message]:
    """List messages, newest first, of one person or of everybody; ``after`` is the last id seen."""
    statement = _select().order_by(col(Notification.id).desc()).limit(limit)
    if identity_id is not None:
        statement = statement.where(col(Notification.identity_id) == identity_id)
    if after is not None:
        statement = statement.where(col(Notification.id) < after)
    return rows(session, Message, statement)


def send_due(site: Site) -> int:
    """Send what is due, one mail for each person; return how many messages were handled.

    A message that the server refuses, or that no mail can be made of, is tried again
    later, at most an hour apart, and holds up nobody else's. A process that dies
    between the server's answer and the record sends that one mail twice; it never
    loses one.
    """
    handled = 0
    for _ in range(PEOPLE):
        group = _claimed(site)
        if not group:
            break
        _send_one(site, group)
        handled += len(group)
    return handled


def _claimed(site: Site) -> list[Message]:
    """Take what is due for the person who has waited longest, for two minutes.

    One person at a time, so that a slow mail server lets no lease run out before
    its mail is sent, and no other process sends it again.
    """
    with site.working() as work:
        due = sa.and_(col(Notification.sent_at).is_(None), col(Notification.send_at) <= work.now)
        longest = (
            sa.select(col(Notification.identity_id))
            .where(due)
            .order_by(col(Notification.send_at), col(Notification.id))
            .limit(1)
        )
        found = rows(
            work.session,
            Message,
            _select()
            .where(due, col(Notification.identity_id) == longest.scalar_subquery())
            .order_by(col(Notification.id))
            .limit(BATCH),
        )
        if not found:
            return []
        claimed = set(
            work.session.connection().scalars(
                sa.update(Notification)
                .where(col(Notification.id).in_([message.id for message in found]), due)
                .values(send_at=work.now + LEASE, attempts=col(Notification.attempts) + 1)
                .returning(col(Notification.id))
            )
        )
    return [message for message in found if message.id in claimed]


def _send_one(site: Site, group: Sequence[Message]) -> None:
    trouble = ""
    if site.settings.smtp_url and group[0].to:
        try:
            _post(site, _mail(site, group))
        except Exception as error:  # an address may be such that no mail can be made for it
            trouble = f"{type(error).__name__}: {error}"[:300]
            log.warning("mail for identity:%d was not sent: %s", group[0].identity_id, trouble)
    with site.working() as work:
        ids = [message.id for message in group]
        if trouble:
            wait = min(timedelta(minutes=2 ** min(group[0].attempts, 6)), LATEST_RETRY)
            values = {"send_at": work.now + wait, "trouble": trouble}
        else:
            values = {"sent_at": work.now, "trouble": ""}
        work.session.connection().execute(
            sa.update(Notification).where(col(Notification.id).in_(ids)).values(**values)
        )


def _mail(site: Site, group: Sequence[Message]) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = site.settings.mail_from
    mail["To"] = group[0].to
    mail["Subject"] = group[0].subject if len(group) == 1 else f"{len(group)} messages from uar"
    mail["Message-ID"] = make_msgid(domain="uar.invalid")
    mail["Date"] = formatdate()
    parts = []
    for message in group:
        link = f"\n{site.settings.base_url}{message.path}" if message.path else ""
        title = f"{message.subject}\n\n" if len(group) > 1 else ""
        parts.append(f"{title}{message.body}{link}")
    mail.set_content(f"Hello {group[0].name},\n\n" + "\n\n--\n\n".join(parts) + "\n")
    return mail


def _post(site: Site, mail: EmailMessage) -> None:
    server = urlsplit(site.settings.smtp_url)
    if server.scheme not in ("smtp", "smtps", "smtp+starttls") or not server.hostname:
        raise Invalid("UAR_SMTP_URL begins with smtp://, smtps:// or smtp+starttls://.")
    try:
        port = server.port
    except ValueError:  # whose words may hold a part of a password
        raise Invalid("UAR_SMTP_URL has no usable port: quote special characters.") from None
    secure = ssl.create_default_context()
    if server.scheme == "smtps":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(
            server.hostname, port or 465, timeout=TIMEOUT, context=secure
        )
    else:
        smtp = smtplib.SMTP(server.hostname, port or 25, timeout=TIMEOUT)
    with smtp:
        if server.scheme == "smtp+starttls":
            smtp.starttls(context=secure)
        if server.username:
            smtp.login(unquote(server.username), unquote(server.password or ""))
        smtp.send_message(mail)


def _select() -> AnySelect:
    return sa.select(
        col(Notification.id),
        col(Notification.identity_id),
        col(Identity.email).label("to"),
        col(Identity.name).label("name"),
        col(Notification.kind),
        col(Notification.subject),
        col(Notification.body),
        col(Notification.path),
        col(Notification.created_at),
        col(Notification.sent_at),
        col(Notification.attempts),
    ).join(Identity, col(Identity.id) == col(Notification.identity_id))
