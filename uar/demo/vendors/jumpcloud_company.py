"""What a JumpCloud tenant holds at the start: read from a file, or generated from a seed.

The file is a JSON object; every list may be missing, every row may leave out fields:

    organization   {"_id", "displayName", "settings"}; `organizations` adds other tenants
    systemusers    people: {"_id", "username", "email", "manager": _id, "state", ...}
    users          administrators: {"_id", "email", "roleName", ...}; "_systemuser": _id links
                   one to a person whose address differs
    usergroups     {"id", "name", "membershipMethod", ..., "members": [person _id, ...]}
    systemgroups   device groups: {"id", "name", "users": [person _id, ...]}
    applications   {"_id", "name", "displayLabel", ..., "users": [_id], "groups": [id]}
    directories    {"id", "name", "type"}
    events         Directory Insights: {"timestamp", "event_type", "service", ...}
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from uar.demo.vendors.jumpcloud_admins import ROLES, whole_administrator
from uar.demo.vendors.jumpcloud_groups import whole_group
from uar.demo.vendors.jumpcloud_people import whole_person
from uar.demo.vendors.store import Row, Store, instant

BEGINNING = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
ORGANIZATION = "5f0000000000000000000001"
FIRST = ("Ada", "Max", "Rita", "Cam", "Sam", "Noor", "Wei", "Ines", "Tomas", "Lea", "Omar", "Zoe")
LAST = ("Byrne", "Adler", "Costa", "Duarte", "Evans", "Faber", "Gruber", "Haddad", "Ito", "Kaya")
DEPARTMENTS = ("Engineering", "Finance", "Sales", "Support", "Legal", "Marketing", "People")
TITLES = ("Analyst", "Engineer", "Lead", "Specialist", "Associate", "Consultant")
APPS = ("Payroll", "Ledger", "Wiki", "Tracker", "CRM", "Deploys", "Warehouse", "Mail", "Vault")


def fill(store: Store, company: Row) -> None:
    """Put a company into an empty store. Raises ValueError for a link to nobody."""
    own = {
        "_id": ORGANIZATION,
        "displayName": "Example",
        "logoUrl": "",
        **company.get("organization", {}),
    }
    own.setdefault("created", instant(BEGINNING))
    own.setdefault("settings", {"newSystemUserStateDefaults": {"manualEntry": "ACTIVATED"}})
    _put(store, "organizations", "_id", [own, *company.get("organizations", [])])
    known = {"organization": own["_id"], "created": instant(BEGINNING)}
    _put(
        store,
        "systemusers",
        "_id",
        (whole_person(known | row) for row in company.get("systemusers", [])),
    )
    _put(
        store,
        "users",
        "_id",
        (
            whole_administrator({"created": instant(BEGINNING)} | row)
            for row in company.get("users", [])
        ),
    )
    for row in company.get("usergroups", []):
        _put(store, "usergroups", "id", [whole_group(_without(row, "members"))])
        _link(store, "members", row["id"], "systemusers", row.get("members", []))
    for row in company.get("systemgroups", []):
        _put(store, "systemgroups", "id", [{"type": "system_group", **_without(row, "users")}])
        _link(store, "device_users", row["id"], "systemusers", row.get("users", []))
    for row in company.get("applications", []):
        _put(
            store,
            "applications",
            "_id",
            [_whole_application(_without(row, "users", "groups"), own["_id"])],
        )
        _link(store, "app_users", row["_id"], "systemusers", row.get("users", []))
        _link(store, "app_groups", row["_id"], "usergroups", row.get("groups", []))
    default = [
        {"id": "5d0000000000000000000001", "name": "G Suite", "type": "g_suite", "oAuthStatus": {}}
    ]
    _put(store, "directories", "id", company.get("directories", default))
    for n, row in enumerate(company.get("events", [])):
        event = {"id": f"5e{n:022x}", "service": "directory", "success": True, **row}
        _put(store, "events", "id", [event])


def generated(people: int, groups: int, memberships: int, apps: int, admins: int, seed: int) -> Row:
    """A company of these sizes; the same sizes and seed give the same company.

    Every 20th group is dynamic, half of the administrators are also people, and
    each application has a few people and a few groups.
    """
    luck = random.Random(seed)
    ids = [f"64b0{n:020x}" for n in range(people)]
    group_ids = [f"64c0{n:020x}" for n in range(groups)]
    wanted = [luck.choice(group_ids) for _ in range(memberships)] if groups and people else []
    held: dict[str, dict[str, None]] = {key: {} for key in group_ids}
    for group in wanted:
        _one_more(luck, held, group, ids, group_ids)
    return {
        "systemusers": [_person(luck, n, ids) for n in range(people)],
        "users": [_administrator(n, ids) for n in range(admins)],
        "usergroups": [
            {"id": key, "name": f"Group {n:04d} {DEPARTMENTS[n % len(DEPARTMENTS)]}",
             "description": "Generated", "members": list(held[key]),
             "membershipMethod": "DYNAMIC_AUTOMATED" if n % 20 == 19 else "STATIC"}
            for n, key in enumerate(group_ids)
        ],
        "systemgroups": [{"id": f"64d0{0:020x}", "name": "Laptops", "users": ids[:50]}],
        "organizations": [{"_id": f"5f00{2:020x}", "displayName": "Another tenant"}],
        "applications": [
            {"_id": f"64a0{n:020x}", "name": APPS[n % len(APPS)].lower(),
             "displayName": APPS[n % len(APPS)], "displayLabel": f"{APPS[n % len(APPS)]} {n:02d}",
             "users": luck.sample(ids, min(5, people)),
             "groups": luck.sample(group_ids, min(3, groups))}
            for n in range(apps)
        ],
        "events": _events(luck, ids),
    }  # fmt: skip


def _one_more(
    luck: random.Random,
    held: dict[str, dict[str, None]],
    group: str,
    ids: list[str],
    groups: list[str],
) -> None:
    while len(held[group]) == len(ids):  # full: try another, there are enough places in all
        if all(len(members) == len(ids) for members in held.values()):
            raise ValueError("there are more memberships than people times groups")
        group = luck.choice(groups)
    person = luck.choice(ids)
    while person in held[group]:
        person = luck.choice(ids)
    held[group][person] = None


def _person(luck: random.Random, n: int, ids: list[str]) -> Row:
    first, last = FIRST[n % len(FIRST)], LAST[n // len(FIRST) % len(LAST)]
    login = f"{first}.{last}.{n}".lower()
    state = "STAGED" if n % 97 == 96 else "SUSPENDED" if n % 53 == 52 else "ACTIVATED"
    return {
        "_id": ids[n], "username": login, "email": f"{login}@example.test",
        "firstname": first, "lastname": last, "displayname": f"{first} {last}", "state": state,
        "department": DEPARTMENTS[n % len(DEPARTMENTS)], "jobTitle": luck.choice(TITLES),
        "company": "Example", "employeeIdentifier": f"E-{n:05d}", "employeeType": "FTE",
        "manager": ids[n // 10] if n and n // 10 != n else None,
        "totp_enabled": n % 3 != 0, "created": instant(BEGINNING + timedelta(hours=n)),
        "attributes": [{"name": "badge", "value": str(n)}],
    }  # fmt: skip


def _administrator(n: int, ids: list[str]) -> Row:
    both = n % 2 == 0 and n < len(ids)
    first, last = FIRST[n % len(FIRST)], LAST[n // len(FIRST) % len(LAST)]
    login = f"{first}.{last}.{n}".lower() if both else f"admin.{n}"
    return {
        "_id": f"64e0{n:020x}", "email": f"{login}@example.test", "firstname": first,
        "lastname": last, "roleName": ROLES[n % len(ROLES)], "totpEnrolled": n % 3 != 0,
        "enableMultiFactor": True,
    }  # fmt: skip


def _events(luck: random.Random, ids: list[str]) -> list[Row]:
    now = datetime.now(UTC)
    return [
        {
            "timestamp": instant(now - timedelta(minutes=luck.randrange(60 * 24 * 60))),
            "event_type": "user_login_attempt",
            "initiated_by": {"type": "user", "id": key},
            "resource": {"type": "user", "id": key},
        }
        for key in ids[:200]
    ]


def _whole_application(row: Row, organization: str) -> Row:
    blank: Row = {
        "_id": "", "name": "", "displayName": "", "displayLabel": "", "description": "",
        "active": True, "beta": False, "color": "", "logo": {"url": "", "color": ""},
        "learnMore": "", "ssoUrl": "", "sso": {"type": "saml", "jit": False, "hidden": False},
        "config": {}, "organization": organization, "created": instant(BEGINNING),
        "databaseAttributes": [],
    }  # fmt: skip
    return blank | row


def _put(store: Store, table: str, key: str, rows: Iterable[Row]) -> None:
    store.table(table).update((row[key], row) for row in rows)


def _link(store: Store, relation: str, key: str, table: str, ends: Iterable[str]) -> None:
    for end in ends:
        if end not in store.table(table):
            raise ValueError(f"{relation} of {key} names {end}, which is not in {table}")
        store.relation(relation).add(key, end)


def _without(row: Row, *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}
