"""The site that the tests of Percipio's vendor server begin with, and clients of it."""

from __future__ import annotations

import time
import uuid
from typing import Any

import httpx

from tests.vendor_process import NO_TLS, VendorProcess
from uar.demo.vendors.percipio_tokens import ORGANIZATION, token

USERS = f"/user-management/v1/organizations/{ORGANIZATION}/users"
CATALOGUE = f"/content-discovery/v2/organizations/{ORGANIZATION}/catalog-content"
SEARCH = f"/content-discovery/v1/organizations/{ORGANIZATION}/search-content"
REPORTS = f"/reporting/v1/organizations/{ORGANIZATION}/report-requests"
YEARS = {"start": "2016-01-01T00:00:00Z", "end": "2030-01-01T00:00:00Z"}


def an_id(kind: str, n: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"vendor test/{kind}/{n}"))


ADA, MAX, RITA = (an_id("user", n) for n in range(3))
PRIVACY, PYTHON, EXAM, RETIRED, FILM = (an_id("content", n) for n in range(5))


def site_file() -> dict[str, Any]:
    """Three of the cast and 1,200 others; courses, an assessment, a film."""

    def user(n: int, name: str, **more: Any) -> dict[str, Any]:
        address = f"{name.lower()}@example.test"
        return {"id": an_id("user", n), "externalUserId": address, "email": address,
                "firstName": name, "lastName": "Byrne", **more}  # fmt: skip

    def learnt(who: str, what: str, status: str, day: str) -> dict[str, Any]:
        at = f"2026-{day}T08:00:00.000Z"
        done = {"completed": at} if status == "Completed" else {}
        return {"user": who, "content": what, "status": status, "first": at, "last": at, **done}

    return {
        "users": [
            user(0, "Ada", loginName="ada.b",
                 customAttributes=[{"id": an_id("a", 1), "name": "Dept Name", "value": "R&D"}]),
            user(1, "Max", role="MANAGER"),
            user(2, "Rita", role="ADMIN", isActive=False, updatedAt="2026-03-01T00:00:00.000000Z"),
            *(user(n, f"Other{n}") for n in range(3, 1203)),
        ],
        "content": [
            {"id": PRIVACY, "code": "pr_01", "title": "Data protection", "compliance": True},
            {"id": PYTHON, "title": "Python", "updated": "2026-04-01T00:00:00Z"},
            {"id": EXAM, "title": "Python exam", "type": "ASSESSMENT"},
            {"id": RETIRED, "title": "COBOL", "status": "INACTIVE"},
            {"id": FILM, "title": "A film about Python", "type": "VIDEO"},
            *({"id": an_id("content", n), "title": f"Course {n}"} for n in range(100, 1100)),
        ],
        "activity": [
            learnt(ADA, PRIVACY, "Completed", "02-01"),
            learnt(MAX, PRIVACY, "Started", "02-02"),
            learnt(ADA, PYTHON, "Completed", "01-05"),
            learnt(ADA, PYTHON, "Started", "03-05"),
            learnt(RITA, EXAM, "Completed", "02-03"),
            learnt(ADA, FILM, "Watched", "02-03"),
        ],
    }  # fmt: skip


def client(server: VendorProcess, key: str = "") -> httpx.Client:
    headers = {"authorization": f"Bearer {key or token()}"}
    return httpx.Client(base_url=server.url, headers=headers, timeout=10, verify=NO_TLS)


def ask(api: httpx.Client, **body: Any) -> str:
    """Ask for a report and give its id."""
    asked = api.post(f"{REPORTS}/learning-activity", json={**YEARS, **body})
    assert asked.status_code == 200, asked.text
    return str(asked.json()["id"])


def report(api: httpx.Client, **body: Any) -> list[dict[str, Any]]:
    """Ask for a report, and fetch it until there are rows."""
    key = ask(api, **body)
    for _ in range(50):
        answer = api.get(f"{REPORTS}/{key}").json()
        if isinstance(answer, list):
            return answer
        time.sleep(0.01)
    raise AssertionError("the report is never ready")


def pairs(rows: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(row["userUuid"], row["contentUuid"], row["status"]) for row in rows]


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["id"] for row in rows]
