"""A whole installation, started: the demo company's vendor, the web server and a worker.

Each is a process of its own. What the company holds came in through the connector
over HTTP, exactly as `uar demo` fills it.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import sqlalchemy as sa
from sqlmodel import col

from tests.vendor_process import VendorProcess, vendor
from uar import clock, sync
from uar.demo.company import Company, company
from uar.demo.seed import APP, membership, person
from uar.demo.tenant import tenant
from uar.held_by import held_by
from uar.models import Campaign, Connector, GrantCause, Incident, ReviewItem
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import Cause, OrderKind, Verdict
from uar.models.states import IncidentState, OrderState
from uar.reviews import decide, sign
from uar.settings import load
from uar.site import Site, open_site
from uar.work import SYSTEM, Actor

UNDO_SECONDS = 3


@dataclass
class Worker:
    """`uar worker`, which tests kill and start again."""

    environ: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        assert self.process is None
        self.process = _uar("worker", self.environ, self.log)

    def kill(self) -> None:
        """End it as kill -9 does."""
        assert self.process is not None
        self.process.kill()
        code = self.process.wait(10)
        self.process = None
        assert code == -signal.SIGKILL, f"it had ended by itself: {self.log.read_text()}"


@dataclass
class Running:
    """The started installation; ``site`` reads and writes its database beside it."""

    url: str
    vendor: VendorProcess
    site: Site
    worker: Worker
    company: Company = field(default_factory=company)

    def group(self, name: str) -> str:
        """Return the vendor's id of a group."""
        return next(group.id for group in self.company.groups if group.name == name)

    def members(self, group: str) -> list[str]:
        """Ask the vendor who is in a group, as any administrator may; return full names."""
        answer = self.vendor.http.get(
            f"{self.vendor.url}/api/v2/usergroups/{self.group(group)}/members?limit=100",
            headers={"x-api-key": "demo-key"},
        )
        ids = {edge["to"]["id"] for edge in answer.json()}
        return [f"{p.first} {p.last}" for p in self.company.people if p.id in ids]

    def changes(self, group: str, name: str) -> list[tuple[str, str]]:
        """Return what happened to a membership at the vendor: (add or remove, by whom)."""
        who = self.company.person(name.partition(" ")[0]).id
        return [
            (line["body"]["op"], line["by"])
            for line in self.vendor.history()
            if line["path"].endswith(f"{self.group(group)}/members") and line["body"]["id"] == who
        ]

    def actor(self, name: str) -> Actor:
        """Return somebody of the company as an actor."""
        with self.site.reading() as session:
            found = person(session, name)
            return Actor(found.name, found.id)

    def connector_id(self) -> int:
        """Return the id of the one connector."""
        with self.site.reading() as session:
            return session.scalars(
                sa.select(col(Connector.id)).where(col(Connector.name) == APP)
            ).one()

    def campaign(self) -> Campaign:
        """Return the one campaign."""
        with self.site.reading() as session:
            return session.scalars(sa.select(Campaign)).one()

    def remove_by_review(self, reviewer: str, group: str, reason: str) -> None:
        """Let a reviewer remove what she is asked about a group, keep the rest and sign."""
        with self.site.working(self.actor(reviewer)) as work:
            items = work.session.scalars(
                sa.select(ReviewItem).where(col(ReviewItem.reviewer_id) == work.actor.id)
            ).all()
            for item in items:
                is_it = item.resource == group
                decide(work, item.id, Verdict.REVOKE if is_it else Verdict.CERTIFY, reason)
            sign(work, self.campaign().id, "All of it is my own decision.")

    def is_gone(self, group: str) -> bool:
        """Say whether the removals from a group are all proven, and there is one."""
        with self.site.reading() as session:
            states = session.scalars(
                sa.select(col(Order.state)).where(
                    col(Order.kind) == OrderKind.REVOKE,
                    col(Order.entitlement_id) == membership(session, group),
                )
            ).all()
        return bool(states) and set(states) == {OrderState.VERIFIED}

    def holds(self, name: str, group: str) -> bool:
        """Say whether uar knows that a person holds membership of a group."""
        with self.site.reading() as session:
            right, who = membership(session, group), person(session, name).id
            return any(row.entitlement_id == right for row in held_by(session, who))

    def add_by_hand(self, group: str, name: str) -> None:
        """Add a person to a group as the vendor's page does."""
        who = self.company.person(name.partition(" ")[0]).id
        answer = self.vendor.http.post(
            f"{self.vendor.url}/add",
            data={"group": self.group(group), "person": who},
            headers={"Origin": self.vendor.url},
        )
        assert answer.status_code in (302, 303), answer.text
        assert name in self.members(group)

    def sync(self) -> None:
        """Read the vendor now."""
        sync.run(self.site, self.connector_id(), SYSTEM)

    def alarms(self) -> list[str]:
        """Read the sentences of the open alarms."""
        with self.site.reading() as session:
            return list(
                session.scalars(
                    sa.select(col(Incident.sentence)).where(
                        col(Incident.state) == IncidentState.OPEN
                    )
                )
            )

    def end_now(self) -> None:
        """Let the time of everything that was asked for be over, instead of waiting for it."""
        with self.site.working(SYSTEM) as work:
            work.session.connection().execute(
                sa.update(GrantCause)
                .where(col(GrantCause.kind) == Cause.REQUEST, col(GrantCause.ended_at).is_(None))
                .values(ends_at=clock.now())
            )


@contextmanager
def running(folder: Path) -> Iterator[Running]:
    """Start everything in a folder, and stop it afterwards."""
    (folder / "company.json").write_text(json.dumps(tenant(company(), clock.now())))
    port = free_port()
    environ = _environ(folder, port)
    with vendor("--company", folder / "company.json", "--state", folder / "state") as server:
        subprocess.run(
            [sys.executable, "-m", "uar.demo.seed", server.url], env=environ, check=True,
            stdout=subprocess.DEVNULL, timeout=60,
        )  # fmt: skip
        site = open_site(load({k: v for k, v in environ.items() if k.startswith("UAR_")}))
        worker = Worker(environ, folder / "worker.log")
        web = _uar("serve", environ, folder / "web.log")
        url = f"http://127.0.0.1:{port}"
        try:
            worker.start()
            eventually(lambda: _answers(web, f"{url}/healthz", folder / "web.log"), within=30)
            yield Running(url, server, site, worker)
        finally:
            if worker.process is not None:
                worker.kill()
            web.terminate()
            web.wait(20)
            site.engine.dispose()


def eventually(condition: Callable[[], Any], *, within: float = 20) -> None:
    """Wait in real time until a condition holds; fail when it does not."""
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, f"not within {within} s"
        time.sleep(0.05)


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _environ(folder: Path, port: int) -> dict[str, str]:
    ours = {k: v for k, v in os.environ.items() if not k.startswith(("UAR_", "PYTEST_"))}
    ours.pop("PYTHONDONTWRITEBYTECODE", None)  # three processes start: compile once
    return ours | {
        "UAR_DATA_DIR": str(folder / "var"),
        "UAR_LISTEN": f"127.0.0.1:{port}",
        "UAR_BASE_URL": f"http://127.0.0.1:{port}",
        "UAR_DEMO": "yes",
        "UAR_SCHEDULER": "off",
        "UAR_ALLOW_PRIVATE_HOSTS": "127.0.0.1",
        "UAR_UNDO_SECONDS": str(UNDO_SECONDS),
    }


def _uar(command: str, environ: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "uar.cli", command], env=environ, stdout=out, stderr=out
        )


def _answers(web: subprocess.Popen[bytes], url: str, log: Path) -> bool:
    assert web.poll() is None, log.read_text()
    try:
        with urlopen(url, timeout=5) as answer:
            return int(answer.status) == 200
    except OSError:
        return False
