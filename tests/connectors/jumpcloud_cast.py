"""The organisations that the JumpCloud tests read, and what is true of them."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.base import AccountRecord, GrantRecord, ResourceRecord, Unread
from connectors.fields import Secret
from connectors.jumpcloud import JumpCloud, JumpCloudConfig
from tests.connectors.loopback import Heard

KEY = "demo-key"
Company = dict[str, Any]


def person_id(n: int) -> str:
    return f"64b0{n:020x}"


def group_id(n: int) -> str:
    return f"64c0{n:020x}"


def app_id(n: int) -> str:
    return f"64a0{n:020x}"


def admin_id(n: int) -> str:
    return f"64e0{n:020x}"


ADA, MAX, RITA, CAM, SAM, NOOR = map(person_id, range(6))
ENGINEERS, EVERYBODY, LEADERS, NIGHT_SHIFT, EMPTY = map(group_id, range(5))
WIKI, VAULT, LEDGER = map(app_id, range(3))
CAM_ADMIN, RITA_ADMIN, ROBOT_ADMIN = map(admin_id, range(3))


def person(n: int, first: str, **more: Any) -> Company:
    login = first.lower()
    return {
        "_id": person_id(n),
        "username": login,
        "email": f"{login}@example.test",
        "firstname": first,
        "lastname": "Byrne",
        "state": "ACTIVATED",
        **more,
    }


def small_company() -> Company:
    """The usual cast: five groups, three applications, three administrators."""
    return {
        "systemusers": [
            person(0, "Ada", manager=MAX, employeeIdentifier="E-7", jobTitle="SRE",
                   department="Engineering", employeeType="FTE", totp_enabled=True,
                   attributes=[{"name": "badge", "value": "77"}],
                   mfaEnrollment={"overallStatus": "ENROLLED"}, displayname="Ada B.",
                   created="2024-01-02T03:04:05.000Z", lastlogin="2026-03-01T08:00:00.000Z"),
            person(1, "Max", mfaEnrollment={"overallStatus": "NOT_ENROLLED"}, totp_enabled=False),
            person(2, "Rita", suspended=True, state="SUSPENDED"),
            person(3, "Cam", account_locked=True, email="Cam@Example.test"),
            person(4, "Sam", state="STAGED"),
            person(5, "Noor", sudo=True),
        ],
        "users": [
            {"_id": CAM_ADMIN, "email": "cam@example.test", "firstname": "Cam",
             "lastname": "Byrne", "roleName": "Administrator", "totpEnrolled": True,
             "apiKeyHash": {"prefix": KEY}},
            {"_id": RITA_ADMIN, "email": "rita.admin@example.test", "_systemuser": RITA,
             "roleName": "Help Desk", "roleNames": ["Help Desk", "Invoice Clerk"]},
            {"_id": ROBOT_ADMIN, "email": "robot@example.test", "suspended": True,
             "roleName": "Billing Only"},
        ],
        "usergroups": [
            {"id": ENGINEERS, "name": "Engineers", "members": [ADA, MAX],
             "description": "Who builds", "email": "eng@example.test"},
            {"id": EVERYBODY, "name": "Everybody", "members": [ADA, MAX, RITA, CAM, SAM, NOOR],
             "membershipMethod": "DYNAMIC_AUTOMATED"},
            {"id": LEADERS, "name": "Leaders", "members": [MAX],
             "membershipMethod": "DYNAMIC_REVIEW_REQUIRED"},
            {"id": NIGHT_SHIFT, "name": "Night shift", "members": [SAM]},
            {"id": EMPTY, "name": "Nobody yet", "members": []},
        ],
        "systemgroups": [{"id": "64d000000000000000000001", "name": "Laptops", "users": [ADA]}],
        "applications": [
            {"_id": WIKI, "name": "wiki", "displayName": "Wiki", "displayLabel": "The Wiki",
             "users": [ADA], "groups": [ENGINEERS]},
            {"_id": VAULT, "name": "vault", "displayName": "Vault", "displayLabel": "",
             "users": [], "groups": [ENGINEERS, EVERYBODY]},
            {"_id": LEDGER, "name": "ledger", "displayLabel": "", "users": [NOOR], "groups": []},
        ],
    }  # fmt: skip


def large_company() -> Company:
    """250 people in at least three of 40 groups each, one of 220 people; 12 applications."""
    people = range(250)
    groups: list[list[str]] = [[] for _ in range(40)]
    for n in people:
        for group in {n % 39, (n * 7 + 13) % 39, (n * 5 + 26) % 39, (n + 1) % 39}:
            groups[group].append(person_id(n))
    groups[0] = [person_id(n) for n in range(220)]
    return {
        "systemusers": [person(n, f"P{n}", manager=person_id(n // 10)) for n in people],
        "users": [
            {"_id": admin_id(n), "email": f"admin.{n}@example.test", "roleName": "Manager"}
            for n in range(7)
        ],
        "usergroups": [
            {"id": group_id(n), "name": f"Group {n}", "members": members}
            for n, members in enumerate(groups)
        ],
        "systemgroups": [{"id": "64d000000000000000000001", "name": "Laptops",
                          "users": [person_id(n) for n in range(0, 250, 3)]}],
        "applications": [
            {"_id": app_id(n), "name": f"app{n}", "displayLabel": f"App {n}",
             "users": [person_id(each) for each in range(n * 12)],
             "groups": [group_id(n), group_id(39)]}
            for n in range(12)
        ],
    }  # fmt: skip


def many_company() -> Company:
    """60 people in one group each and one in twelve; 140 groups, most of them empty."""
    members: list[list[str]] = [[] for _ in range(140)]
    for n in range(1, 61):
        members[n % 39 + 1].append(person_id(n))
    for n in (*range(1, 12), 0):
        members[n].append(person_id(0))
    return {
        "systemusers": [person(n, f"P{n}") for n in range(61)],
        "users": [],
        "usergroups": [
            {"id": group_id(n), "name": f"Group {n}", "members": each}
            for n, each in enumerate(members)
        ],
        "applications": [],
    }


def busy_company() -> Company:
    """The usual cast, who have signed in within the last days, or tried to."""
    signed_in = "user_login_attempt"
    attempts = [
        (ADA, "user", signed_in, 40, True),
        (ADA, "user", signed_in, 5, True),
        (ADA, "user", signed_in, 1, False),
        (MAX, "systemuser", "sso_auth", 30, True),
        (CAM_ADMIN, "admin", "admin_login_attempt", 2, True),
        (NOOR, "user", signed_in, 3, False),
        (SAM, "user", "user_lockout", 3, True),
        ("64b0000000000000000fffff", "user", signed_in, 4, True),
    ]
    now = datetime.now(UTC)  # noqa: TID251  the vendor has a clock of its own
    return {
        **small_company(),
        "events": [
            {
                "timestamp": (now - timedelta(hours=hours)).isoformat(timespec="milliseconds"),
                "event_type": kind,
                "service": "sso" if kind == "sso_auth" else "directory",
                "success": success,
                "initiated_by": {"type": who_type, "id": who},
            }
            for who, who_type, kind, hours, success in attempts
        ],
    }


def true_grants(company: Company) -> set[tuple[str, str, str, str]]:
    """(resource, slug, account, through which group) of every group and application."""
    members = {group["id"]: group["members"] for group in company["usergroups"]}
    grants = {(g, "member", who, "") for g, each in members.items() for who in each}
    for app in company["applications"]:
        grants |= {(app["_id"], "access", who, "") for who in app["users"]}
        grants |= {(app["_id"], "access", who, g) for g in app["groups"] for who in members[g]}
    return grants


def fewest_requests(company: Company) -> int:
    """The vendor's documented minimum, without any bulk read of memberships."""
    lists = [company["systemusers"], company["users"], company["usergroups"],
             company["applications"]]  # fmt: skip
    edges = [group["members"] for group in company["usergroups"]]
    edges += [[*app["users"], *app["groups"]] for app in company["applications"]]
    return sum(max(1, math.ceil(len(each) / 100)) for each in (*lists, *edges))


class Read:
    """Everything that one reader found in one run."""

    def __init__(self, reader: JumpCloud) -> None:
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

    def of(self, resource: str) -> set[tuple[str, str]]:
        """(account, through which group) of one resource."""
        return {
            (each.account.id, each.via.id if each.via else "")
            for each in self.grants
            if each.resource.id == resource
        }

    def shared(self) -> set[tuple[str, str, str, str]]:
        """The grants in the shape of `true_grants`."""
        return {
            (each.resource.id, each.slug, each.account.id, each.via.id if each.via else "")
            for each in self.grants
            if each.account.type == "user"
        }


def jumpcloud(url: str, heard: Heard, key: str = KEY, **settings: Any) -> JumpCloud:
    """A connector for a vendor server; repeats reads without really waiting."""
    net = heard.net(**settings.pop("net", {}))
    return JumpCloud(JumpCloudConfig(Secret(key), **{"base_url": url, **settings}), net)
