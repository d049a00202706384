"""Messages wait in the transaction that caused them and go out once, over real SMTP."""

from __future__ import annotations

import email
import email.policy
import socket
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from sqlmodel import col

from tests.world import World
from uar import clock
from uar.models import Identity, Notification
from uar.notifications import messages, send_due, tell
from uar.settings import Settings
from uar.site import Site
from uar.vault import Vault


class Sink:
    """A mail server's in-tray; refuses recipients whose name begins with *refused*."""

    def __init__(self) -> None:
        """Begin empty."""
        self.mails: list[EmailMessage] = []
        self.on_mail: Callable[[], None] = lambda: None

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address.startswith("refused"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        self.on_mail()
        self.mails.append(mail)
        return "250 OK"


@pytest.fixture
def sink() -> Iterator[tuple[Sink, str]]:
    handler = Sink()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, f"smtp://127.0.0.1:{port}"
    controller.stop()


def _site(world: World, smtp_url: str) -> Site:
    settings = Settings(smtp_url=smtp_url, base_url="https://uar.example.test")
    return Site(world.engine, settings, Vault(["k"]))


def _tell(world: World, person: Any, subject: str = "Please review") -> None:
    with world.as_(world.cam) as work:
        tell(work, person.id, "review", subject, "38 items wait for you.", "/reviews/7")


def test_a_message_is_mailed_once_with_a_link_to_its_page(
    world: World, sink: tuple[Sink, str]
) -> None:
    tray, url = sink
    _tell(world, world.rita)
    site = _site(world, url)

    assert (send_due(site), send_due(site)) == (1, 0)

    (mail,) = tray.mails
    assert (mail["To"], mail["Subject"]) == ("rita@example.test", "Please review")
    assert "https://uar.example.test/reviews/7" in mail.get_content()
    assert world.all(Notification)[0].sent_at == clock.now()


def test_what_waits_for_one_person_goes_into_one_mail(world: World, sink: tuple[Sink, str]) -> None:
    tray, url = sink
    for subject in ("First", "Second"):
        _tell(world, world.rita, subject)
    _tell(world, world.max, "Third")

    send_due(_site(world, url))

    assert sorted((m["To"], m["Subject"]) for m in tray.mails) == [
        ("max@example.test", "Third"),
        ("rita@example.test", "2 messages from uar"),
    ]


def test_a_refused_mail_is_tried_again_and_holds_up_nobody_else(
    world: World, sink: tuple[Sink, str], noon: datetime
) -> None:
    tray, url = sink
    _tell(world, world.person("Refused Person"))
    _tell(world, world.rita)
    site = _site(world, url)

    send_due(site)

    assert [m["To"] for m in tray.mails] == ["rita@example.test"]
    waiting = world.all(Notification)[0]
    assert waiting.sent_at is None
    assert "no such mailbox" in waiting.trouble
    assert waiting.send_at > noon
    with clock.frozen(noon + timedelta(hours=1)):
        assert send_due(site) == 1


def test_a_mail_server_that_is_down_loses_nothing(world: World, noon: datetime) -> None:
    _tell(world, world.rita)

    send_due(_site(world, "smtp://127.0.0.1:9"))

    waiting = world.all(Notification)[0]
    assert waiting.sent_at is None
    assert waiting.trouble


def test_a_subject_cannot_smuggle_in_a_header(world: World, sink: tuple[Sink, str]) -> None:
    tray, url = sink
    _tell(world, world.rita, "Hello\nBcc: sam@example.test")

    send_due(_site(world, url))

    assert tray.mails[0]["Bcc"] is None
    assert tray.mails[0]["Subject"] == "Hello Bcc: sam@example.test"


def test_a_rolled_back_change_tells_nobody(world: World) -> None:
    with pytest.raises(ZeroDivisionError), world.as_(world.cam) as work:
        tell(work, world.rita.id, "review", "x", "y")
        raise ZeroDivisionError

    assert world.all(Notification) == []


def test_the_mailbox_lists_the_newest_first_and_only_ones_own(world: World) -> None:
    for subject in ("First", "Second"):
        _tell(world, world.rita, subject)
    _tell(world, world.max)

    with world.reading() as session:
        assert [m.subject for m in messages(session, world.rita.id)] == ["Second", "First"]
        assert len(messages(session)) == 3


def test_a_mail_that_is_refused_for_days_is_still_tried_and_holds_up_nobody(
    world: World, sink: tuple[Sink, str], noon: datetime
) -> None:
    tray, url = sink
    _tell(world, world.person("Refused Person"))
    with world.as_(world.cam) as work:
        work.session.connection().execute(sa.update(Notification).values(attempts=5000))
    _tell(world, world.rita)

    send_due(_site(world, url))

    assert [m["To"] for m in tray.mails] == ["rita@example.test"]
    assert world.all(Notification)[0].send_at == noon + timedelta(hours=1)


@pytest.mark.parametrize("address", ["x@example.test\nBcc: sam@example.test", "a b@", "ü@x.test"])
def test_an_address_that_no_mail_can_be_made_for_holds_up_nobody(
    world: World, sink: tuple[Sink, str], address: str
) -> None:
    """Addresses come from vendors, where people may choose their own."""
    tray, url = sink
    with world.as_(world.cam) as work:
        work.session.connection().execute(
            sa.update(Identity).where(col(Identity.id) == world.ada.id).values(email=address)
        )
    _tell(world, world.ada)
    _tell(world, world.rita)

    send_due(_site(world, url))

    assert [(m["To"], m["Bcc"]) for m in tray.mails if m["To"] != address] == [
        ("rita@example.test", None)
    ]
    assert world.all(Notification)[1].sent_at is not None


def test_only_the_mail_that_is_being_sent_is_taken(world: World, sink: tuple[Sink, str]) -> None:
    """Otherwise a slow server lets leases run out in the queue, and another process sends too."""
    tray, url = sink
    for person in (world.ada, world.rita, world.max):
        _tell(world, person)
    taken: list[int] = []
    tray.on_mail = lambda: taken.append(
        sum(note.attempts > 0 and note.sent_at is None for note in world.all(Notification))
    )

    assert send_due(_site(world, url)) == 3

    assert taken == [1, 1, 1]


def test_a_mail_server_with_a_bad_address_says_so_without_its_password(world: World) -> None:
    _tell(world, world.rita)

    send_due(_site(world, "smtp://uar:pa/ss@127.0.0.1:25"))

    trouble = world.all(Notification)[0].trouble
    assert "UAR_SMTP_URL" in trouble
    assert "pa" not in trouble.replace("characters", "")
