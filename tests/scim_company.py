"""The application that the SCIM tests read and change, and what is true of it."""

from __future__ import annotations

from typing import Any

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
ADA, MAX, RITA, CAM, SAM, NOOR = "101", "102", "103", "104", "105", "106"
SALES, STAFF, EMPTY, LEADS = "201", "202", "203", "204"
MEMBERS = {SALES: [ADA, MAX], STAFF: [SALES, RITA], EMPTY: [], LEADS: [MAX]}
ROLES = {ADA: "admin", MAX: "editor", RITA: "editor", CAM: "viewer"}
SEATS = {ADA: ("pro", "licence"), CAM: ("pro", "licence"), RITA: ("pro", "")}
Company = dict[str, Any]


def user(key: str, first: str, **more: Any) -> Company:
    login = f"{first.lower()}@example.test"
    whole: Company = {
        "id": key,
        "userName": login,
        "displayName": f"{first} Byrne",
        "name": {"givenName": first, "familyName": "Byrne"},
        "active": True,
        "emails": [{"value": login, "type": "work", "primary": True}],
        **more,
    }
    if key in ROLES:
        role = ROLES[key]
        whole["roles"] = [{"value": role, "display": role.capitalize(), "primary": True}]
    if key in SEATS:
        value, sort = SEATS[key]
        whole["entitlements"] = [{"value": value, **({"type": sort} if sort else {})}]
    return whole


def scim_company() -> Company:
    """The usual cast: four groups, one inside another; four roles; two kinds of seat."""
    return {
        "users": [
            user(ADA, "Ada", title="SRE", externalId="hr-1", userType="Employee",
                 emails=[{"value": "ada@home.test", "type": "home"},
                         {"value": "ada@example.test", "type": "work", "primary": True}],
                 **{ENTERPRISE: {"employeeNumber": "E-7", "department": "Engineering",
                                 "costCenter": "C-9", "manager": {"value": MAX}}}),
            user(MAX, "Max", displayName=""),
            user(RITA, "Rita", active=False),
            user(CAM, "Cam", emails=[]),
            user(SAM, "Sam", **{ENTERPRISE: {"manager": {"value": "999"}}}),
            user(NOOR, "Noor", userName="noor", emails=[], displayName="", name={}),
        ],
        "groups": [
            {"id": SALES, "displayName": "Sales", "externalId": "dir-1", "members": MEMBERS[SALES]},
            {"id": STAFF, "displayName": "Staff", "members": MEMBERS[STAFF]},
            {"id": EMPTY, "displayName": "Nobody yet", "members": []},
            {"id": LEADS, "displayName": "Leads", "members": MEMBERS[LEADS]},
        ],
        "roles": [
            {"value": "admin", "display": "Admin"}, {"value": "editor", "display": "Editor"},
            {"value": "viewer", "display": "Viewer"}, {"value": "auditor", "display": "Auditor"},
        ],
        "types": [
            {"name": "Project", "endpoint": "/Projects", "schema": "urn:example:Project",
             "rows": [{"id": "301", "displayName": "Apollo", "members": [ADA, CAM]},
                      {"id": "302", "displayName": "Gemini"}]},
        ],
    }  # fmt: skip


DIRECT = {
    *((SALES, "member", each, "") for each in (ADA, MAX)),
    (STAFF, "member", RITA, ""),
    (LEADS, "member", MAX, ""),
}
NESTED = {(STAFF, "member", each, SALES) for each in (ADA, MAX)}
ASSIGNED = {
    *((role, "assigned", who, "") for who, role in ROLES.items()),
    *((f"{sort}/{v}" if sort else v, "assigned", who, "") for who, (v, sort) in SEATS.items()),
}
OF_PROJECTS = {("Projects/301", "member", each, "") for each in (ADA, CAM)}
TRUE = DIRECT | NESTED | ASSIGNED | OF_PROJECTS
