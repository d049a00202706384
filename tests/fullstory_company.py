"""The Fullstory organisation that the tests read and change, and what is true of it."""

from __future__ import annotations

from typing import Any

ADA, MAX, RITA, CAM, SAM, NOOR = (f"t-{n}" for n in range(1, 7))
ROLES = {ADA: "Standard", MAX: "Architect", RITA: "Admin", CAM: "Admin", SAM: "Guest",
         NOOR: "Explorer"}  # fmt: skip
NAMES = {ADA: "Ada", MAX: "Max", RITA: "Rita", CAM: "Cam", SAM: "Sam", NOOR: "Noor"}
INACTIVE = {CAM}
TEAM, EMPTY = "g-1", "g-2"
VISITORS = 60


def fullstory_company() -> dict[str, Any]:
    """Six teammates in all five roles, one of two Admins shut out; two groups; sixty visitors."""
    return {
        "users": [
            {
                "id": key,
                "userName": f"{name.lower()}@example.test",
                "displayName": f"{name} Byrne",
                "name": {"givenName": name, "familyName": "Byrne"},
                "emails": [{"value": f"{name.lower()}@example.test", "primary": True}],
                "active": key not in INACTIVE,
                "roles": [{"value": ROLES[key], "display": ROLES[key]}],
            }
            for key, name in NAMES.items()
        ],
        "groups": [
            {"id": TEAM, "displayName": "Research", "members": [ADA, MAX]},
            {"id": EMPTY, "displayName": "Nobody yet", "members": []},
        ],
        "roles": [{"value": role} for role in dict.fromkeys(ROLES.values())],
        "visitors": [visitor(n) for n in range(VISITORS)],
    }


def visitor(n: int) -> dict[str, Any]:
    """Every third is anonymous, and one is being deleted."""
    if n % 3 == 2:
        return {"id": str(5000 + n)}
    return {
        "id": str(5000 + n), "uid": f"cust-{n}", "email": f"c{n}@customer.test",
        "display_name": f"Customer {n}" if n else "", "is_being_deleted": n == 4,
    }  # fmt: skip


IDENTIFIED = {str(5000 + n) for n in range(VISITORS) if n % 3 != 2}
