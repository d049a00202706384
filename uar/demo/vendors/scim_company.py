"""What the server holds at the start: read from a file, or generated from a seed.

The file is a JSON object; every list may be missing:

    users    SCIM users with an `id` each, as RFC 7643 has them
    groups   SCIM groups with an `id` each; `members` is a list of ids of users and groups
    roles    {"value", "display"}: the roles that can be given, assigned or not
    types    {"name", "endpoint", "schema", "rows": [...]}: further resource types; rows with
             `members` have them as groups do
"""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

from uar.demo.vendors.scim_names import ENTERPRISE
from uar.demo.vendors.store import Row, Store, instant

BEGINNING = instant(datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC))
FIRST = ("Ada", "Max", "Rita", "Cam", "Sam", "Noor", "Wei", "Ines", "Tomas", "Lea", "Omar", "Zoe")
LAST = ("Byrne", "Adler", "Costa", "Duarte", "Evans", "Faber", "Gruber", "Haddad", "Ito", "Kaya")
DEPARTMENTS = ("Engineering", "Finance", "Sales", "Support", "Legal", "Marketing", "People")
ROLES = ("member", "editor", "admin")


def fill(store: Store, company: Row) -> None:
    """Put a company into an empty store. Raises ValueError for a member that is nobody."""
    for row in company.get("users", []):
        store.table("Users")[str(row["id"])] = whole(row)
    for row in company.get("groups", []):
        store.table("Groups")[str(row["id"])] = whole(_without(row))
    for row in company.get("roles", []):
        role = {"display": row["value"], **row}
        store.table("roles")[row["value"]] = role
        store.table("Roles")[row["value"]] = whole({"id": row["value"], **role})
    for kind in company.get("types", []):
        table = kind["endpoint"].strip("/")
        store.table("types")[kind["name"]] = {k: v for k, v in kind.items() if k != "rows"}
        for row in kind["rows"]:
            inner = {"_schema": kind["schema"], "_type": kind["name"]}
            more = {**inner, "_has_members": "members" in row}
            store.table(table)[str(row["id"])] = whole({**_without(row), **more})
            _link(store, row)
    for row in company.get("groups", []):
        _link(store, row)


def whole(row: Row) -> Row:
    """A row with what the server adds: its version and its instants."""
    return {"_version": 1, "_created": BEGINNING, "_modified": BEGINNING, **row}


def generated(people: int, groups: int, memberships: int, seed: int) -> Row:
    """A company of these sizes; the same sizes and seed give the same company.

    Everybody has one role; every third has a licence; the first group has the second inside.
    """
    luck = random.Random(seed)
    ids = [f"u{n:05d}" for n in range(people)]
    held: list[dict[str, None]] = [{} for _ in range(groups)]
    for _ in range(min(memberships, people * groups)):
        group = luck.choice(held)
        while len(group) == people:  # full: there are enough places in all
            group = luck.choice(held)
        group[_somebody_else(luck, ids, group)] = None
    members: list[list[str]] = [list(each) for each in held]
    if groups > 1:
        members[0].append("g00001")
    return {
        "users": [_user(n, ids) for n in range(people)],
        "groups": [
            {"id": f"g{n:05d}", "displayName": f"Team {n:03d}", "members": each}
            for n, each in enumerate(members)
        ],
        "roles": [{"value": role, "display": role.capitalize()} for role in ROLES],
    }


def _somebody_else(luck: random.Random, ids: list[str], group: dict[str, None]) -> str:
    person = luck.choice(ids)
    while person in group:
        person = luck.choice(ids)
    return person


def _user(n: int, ids: list[str]) -> Row:
    first, last = FIRST[n % len(FIRST)], LAST[n // len(FIRST) % len(LAST)]
    login = f"{first}.{last}.{n}".lower() + "@example.test"
    extension: dict[str, Any] = {
        "employeeNumber": f"E-{n:05d}",
        "department": DEPARTMENTS[n % len(DEPARTMENTS)],
    }
    if n:
        extension["manager"] = {"value": ids[n // 10]}
    role = ROLES[0] if n % 10 else ROLES[2]
    user: Row = {
        "id": ids[n],
        "userName": login,
        "displayName": f"{first} {last}",
        "name": {"givenName": first, "familyName": last},
        "active": n % 17 != 16,
        "title": "Analyst",
        "emails": [{"value": login, "type": "work", "primary": True}],
        "roles": [{"value": role, "display": role.capitalize(), "primary": True}],
        ENTERPRISE: extension,
    }
    if n % 3 == 0:
        user["entitlements"] = [{"value": "seat", "display": "Seat", "type": "licence"}]
    return user


def _without(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "members"}


def _link(store: Store, row: Row) -> None:
    for member in row.get("members", []):
        if str(member) not in store.table("Users") | store.table("Groups"):
            raise ValueError(f"group {row['id']} names {member}, who is nobody")
        store.relation("members").add(str(row["id"]), str(member))
