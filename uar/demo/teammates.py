"""The company's Fullstory: who may watch recorded visits, among them some who should not.

Jonas has left and still may, an agency's designer is Architect, and a machine
and somebody whom the directory does not know have accounts.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from uar.demo.company import DOMAIN, Company

PEOPLE = {
    "Carla": "Admin", "Derek": "Standard", "Edith": "Explorer", "Max": "Explorer",
    "Hana": "Architect", "Fay": "Standard", "Iris": "Architect", "Jonas": "Admin",
    "Una": "Explorer", "Wanda": "Explorer", "Yara": "Guest", "Sue": "Admin",
}  # fmt: skip
OTHERS = (
    ("Session export", f"svc-sessions@{DOMAIN}", "Architect"),
    ("Milo Santoro", "milo@northpixel.example", "Architect"),
    ("Ilka Dorn", f"ilka.dorn@{DOMAIN}", "Standard"),
)
ROLES = ("Guest", "Explorer", "Standard", "Architect", "Admin")


def teammates(company: Company, _now: datetime) -> dict[str, Any]:
    """Return what the vendor server begins with."""
    people = [(company.person(first), role) for first, role in PEOPLE.items()]
    rows = [(f"{person.first} {person.last}", person.email, role) for person, role in people]
    return {
        "users": [_user(f"fs-{n}", *row) for n, row in enumerate([*rows, *OTHERS], 1)],
        "roles": [{"value": role, "display": role} for role in ROLES],
    }


def _user(key: str, name: str, email: str, role: str) -> dict[str, Any]:
    first, _, last = name.partition(" ")
    return {
        "id": key,
        "userName": email,
        "displayName": name,
        "name": {"givenName": first, "familyName": last},
        "emails": [{"value": email, "primary": True}],
        "active": True,
        "roles": [{"value": role, "display": role}],
    }
