"""The company's support desk, which speaks SCIM: agents, their teams, and who should be gone.

Chi has left and still answers tickets, a machine and an outsourced desk have
accounts, and one is in the name of nobody whom the directory knows.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from uar.demo.company import DOMAIN, Company, Employee
from uar.demo.vendors.scim_names import ENTERPRISE

AGENT, LEAD, ADMIN = "agent", "lead", "admin"
ROLES = ((AGENT, "Agent"), (LEAD, "Team lead"), (ADMIN, "Administrator"))
PEOPLE = {
    "Wanda": LEAD, "Xavier": AGENT, "Yara": AGENT, "Zoe": AGENT, "Arne": AGENT, "Bianca": AGENT,
    "Fay": AGENT, "Chi": AGENT, "Jule": ADMIN, "Kofi": ADMIN, "Hana": ADMIN, "Dan": AGENT,
}  # fmt: skip
SUSPENDED = ("Dan",)
OTHERS = (
    ("t-901", "Robot alerts", f"robot-alerts@{DOMAIN}", ADMIN, "Service"),
    ("t-902", "Nora Quist", "nora.quist@callhaven.example", LEAD, "External"),
    ("t-903", "Bert Aalto", f"bert.aalto@{DOMAIN}", AGENT, "Employee"),
)
TEAMS = (
    ("g-1", "First line", ("Xavier", "Yara", "Zoe"), ("t-902",)),
    ("g-2", "Robots in the field", ("Arne", "Bianca", "Fay", "Chi"), ("t-901",)),
    ("g-3", "Refunds", ("Wanda", "Zoe", "Chi"), ("t-902", "t-903")),
)


def tickets(company: Company, _now: datetime) -> dict[str, Any]:
    """Return what the vendor server begins with."""
    people = [company.person(first) for first in PEOPLE]
    return {
        "users": [_person(person) for person in people] + [_other(*row) for row in OTHERS],
        "groups": [
            {
                "id": key,
                "displayName": name,
                "members": [*(_id(company.person(first)) for first in members), *more],
            }
            for key, name, members, more in TEAMS
        ],
        "roles": [{"value": value, "display": name} for value, name in ROLES],
    }


def _person(person: Employee) -> dict[str, Any]:
    name = f"{person.first} {person.last}"
    row = _other(_id(person), name, person.email, PEOPLE[person.first], "Employee")
    about = {"employeeNumber": f"TW-{person.number:04d}", "department": person.department}
    return row | {
        "name": {"givenName": person.first, "familyName": person.last},
        "title": person.title,
        "active": person.first not in SUSPENDED,
        ENTERPRISE: about,
    }


def _other(key: str, name: str, email: str, role: str, kind: str) -> dict[str, Any]:
    return {
        "id": key,
        "userName": email,
        "displayName": name,
        "userType": kind,
        "active": True,
        "emails": [{"value": email, "type": "work", "primary": True}],
        "roles": [{"value": role, "display": dict(ROLES)[role], "primary": True}],
    }


def _id(person: Employee) -> str:
    return f"t-{person.number:03d}"
