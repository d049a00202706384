"""The organisations that the Percipio tests read, and what is true of them."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from connectors.base import AccountRecord, GrantRecord, ResourceRecord, Unread
from connectors.fields import Secret
from connectors.percipio import Percipio, PercipioConfig
from tests.connectors.loopback import Heard
from uar.demo.vendors.percipio_tokens import ORGANIZATION as ORGANISATION
from uar.demo.vendors.percipio_tokens import token

TOKEN = token()
Company = dict[str, Any]


def an_id(kind: str, n: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"test/{kind}/{n}"))


ADA, MAX, RITA, CAM, SAM, NOOR = (an_id("user", n) for n in range(6))
PRIVACY, PYTHON, EXAM, RETIRED, NAMELESS, ABROAD = (an_id("content", n) for n in range(6))
VIDEO, JOURNEY = an_id("content", 100), an_id("content", 101)
NOWHERE = an_id("nowhere", 0)


def user(n: int, first: str, **more: Any) -> Company:
    email = f"{first.lower()}@example.test"
    return {
        "id": an_id("user", n),
        "externalUserId": email,
        "email": email,
        "firstName": first,
        "lastName": "Byrne",
        **more,
    }


def activity(who: str, what: str, status: str, day: str, **more: str) -> Company:
    at = f"2026-{day}T08:00:00.000Z"
    done = {"completed": at} if status == "Completed" else {}
    return {"user": who, "content": what, "status": status, "first": at, "last": at, **done, **more}


def small_company() -> Company:
    """The usual cast: two administrators, four courses that can be learnt, other content."""
    return {
        "users": [
            user(0, "Ada", jobTitle="SRE", jobRole="Engineer", approvalManager={
                "id": MAX, "email": "max@example.test", "externalUserId": "max@example.test"},
                loginName="ada.b", hasCoaching=True,
                customAttributes=[{"id": an_id("a", 1), "name": "Dept Name", "value": "R&D"},
                                  {"id": an_id("a", 2), "name": "role", "value": "Boss"},
                                  {"id": an_id("a", 3), "name": "Site", "value": None}]),
            user(1, "Max", role="MANAGER", approvalManager={"id": NOWHERE, "email": "x@y.test"}),
            user(2, "Rita", role="ADMIN"),
            user(3, "Cam", role="ADMIN", isActive=False),
            user(4, "Sam", role="ADMIN", firstName="", lastName=""),
            user(5, "Noor", role="BADGE_OFFICER", isInstructor=True),
        ],
        "content": [
            {"id": PRIVACY, "code": "pr_01", "title": "Data protection", "compliance": True},
            {"id": PYTHON, "title": "Python", "code": "py_01"},
            {"id": EXAM, "title": "Python exam", "type": "ASSESSMENT"},
            {"id": RETIRED, "title": "COBOL", "status": "INACTIVE"},
            {"id": NAMELESS, "code": "nn_07"},
            {"id": ABROAD, "localizedMetadata": [
                {"localeCode": "fr-FR", "title": "", "description": ""},
                {"localeCode": "de-DE", "title": "Führung", "description": "Für alle"}]},
            {"id": VIDEO, "title": "A film", "type": "VIDEO"},
            {"id": JOURNEY, "title": "A journey", "type": "JOURNEY"},
        ],
        "activity": [
            activity(ADA, PRIVACY, "Completed", "02-01"),
            activity(MAX, PRIVACY, "Started", "02-02"),
            activity(ADA, PYTHON, "Started", "01-05"),
            activity(ADA, PYTHON, "Completed", "03-05"),
            activity(RITA, PYTHON, "Completed", "01-01"),
            activity(RITA, PYTHON, "Started", "04-01"),
            activity(SAM, EXAM, "Started", "02-03"),
            activity(CAM, EXAM, "Completed", "02-03"),
            activity(ADA, RETIRED, "Completed", "02-03"),
            activity(ADA, VIDEO, "Watched", "02-03"),
        ],
    }  # fmt: skip


GRANTS = {
    (ADA, "LEARNER", "assigned"),
    (MAX, "MANAGER", "assigned"),
    (RITA, "ADMIN", "assigned"),
    (CAM, "ADMIN", "assigned"),
    (SAM, "ADMIN", "assigned"),
    (NOOR, "BADGE_OFFICER", "assigned"),
    (ADA, PRIVACY, "completed"),
    (MAX, PRIVACY, "in_progress"),
    (ADA, PYTHON, "completed"),
    (RITA, PYTHON, "in_progress"),
    (SAM, EXAM, "in_progress"),
    (CAM, EXAM, "completed"),
}
"""(who, what, how) of the small company: of several stretches, the newest counts."""


def large_company() -> Company:
    """2,345 people, of whom each learns one course; 2,300 courses among 3,120 items."""
    courses = range(2300)
    return {
        "users": [user(n, f"P{n}", role="ADMIN" if n == 2300 else "LEARNER") for n in range(2345)],
        "content": [{"id": an_id("content", n), "title": f"Course {n}"} for n in courses]
        + [{"id": an_id("film", n), "title": f"Film {n}", "type": "VIDEO"} for n in range(820)],
        "activity": [
            activity(an_id("user", n), an_id("content", n % len(courses)),
                     "Completed" if n % 3 else "Started", "02-01")
            for n in range(2345)
        ],
    }  # fmt: skip


def pages(rows: Iterable[Any]) -> int:
    return max(1, math.ceil(len(list(rows)) / 1000))


def budget(company: Company, *, polls: int) -> int:
    """The requests of a full read: pages of people and of the catalogue, one report, its polls."""
    return pages(company["users"]) + pages(company["content"]) + 1 + polls


class Read:
    """Everything that one reader found in one run."""

    def __init__(self, reader: Percipio) -> None:
        self.accounts: list[AccountRecord] = list(reader.accounts())
        self.resources: list[ResourceRecord] = list(reader.resources())
        found = list(reader.grants(self.resources))
        self.grants = [each for each in found if isinstance(each, GrantRecord)]
        self.unread = [each for each in found if isinstance(each, Unread)]
        self.requests = reader.requests

    def account(self, identity: str) -> AccountRecord:
        return next(each for each in self.accounts if each.id == identity)

    def resource(self, identity: str) -> ResourceRecord:
        return next(each for each in self.resources if each.id == identity)

    def courses(self) -> set[str]:
        return {each.id for each in self.resources if each.type == "course"}

    def held(self) -> set[tuple[str, str, str]]:
        """(who, what, how) of every grant."""
        return {(each.account.id, each.resource.id, each.slug) for each in self.grants}


def percipio(url: str, heard: Heard, key: str = TOKEN, **settings: Any) -> Percipio:
    """A connector for a vendor server; repeats reads and waits for reports without sleeping."""
    net: Mapping[str, Any] = settings.pop("net", {})
    config = PercipioConfig(Secret(key), **{"base_url": url, **settings})
    return Percipio(config, heard.net(**net))


__all__ = ["ORGANISATION"]
