"""What a Fullstory organisation holds at the start: read from a file, or generated from a seed.

The file is that of the SCIM server (scim_company.py), whose users are the
teammates, with one list more:

    visitors   {"id", "uid", "display_name", "email", "is_being_deleted"}: whose sessions were
               recorded; without `uid` they are anonymous
"""

from __future__ import annotations

import random

from uar.demo.vendors import scim_company
from uar.demo.vendors.scim_company import FIRST, LAST
from uar.demo.vendors.store import Row, Store

# Vendor's article on roles.
ROLES = ("Guest", "Explorer", "Standard", "Architect", "Admin")


def fill(store: Store, company: Row) -> None:
    """Put a company into an empty store. Raises ValueError for a member that is nobody."""
    scim_company.fill(store, company)
    for row in company.get("visitors", []):
        store.table("visitors")[row["id"]] = row


def generated(people: int, groups: int, visitors: int, seed: int) -> Row:
    """A company of these sizes: all five roles, and some teammates who may not sign in."""
    luck = random.Random(seed)
    users = [_teammate(n) for n in range(people)]
    keys = [row["id"] for row in users]
    return {
        "users": users,
        "groups": [
            {"id": f"g{n}", "displayName": f"Team {n}",
             "members": luck.sample(keys, min(people, 5))}
            for n in range(groups)
        ],
        "roles": [{"value": role, "display": role} for role in ROLES],
        "visitors": [_visitor(n) for n in range(visitors)],
    }  # fmt: skip


def _teammate(n: int) -> Row:
    first, last = FIRST[n % len(FIRST)], LAST[n // len(FIRST) % len(LAST)]
    login = f"{first}.{last}.{n}".lower() + "@example.test"
    role = ROLES[n % len(ROLES)]
    return {
        "id": f"t-{n}",
        "userName": login,
        "displayName": f"{first} {last}",
        "name": {"givenName": first, "familyName": last},
        "emails": [{"value": login, "primary": True}],
        "active": n % 7 != 6,
        "roles": [{"value": role, "display": role}],
    }


def _visitor(n: int) -> Row:
    if n % 4 == 3:
        return {"id": str(5000 + n)}
    return {
        "id": str(5000 + n),
        "uid": f"cust-{n}",
        "display_name": f"Customer {n}",
        "email": f"customer.{n}@customer.test",
        "is_being_deleted": n % 9 == 8,
        "properties": {"plan": "paid" if n % 2 else "free"},
    }
