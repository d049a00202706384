"""The company as its JumpCloud tenant: the file that the vendor server begins with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from uar.demo.company import NAME, Administrator, Application, Company, Employee, Group, object_id

KEY = "demo-key"
"""The API key of the administrator that uar signs in as; the server knows it by default."""
FOUNDED = datetime(2021, 4, 12, 8, 0, tzinfo=UTC)


def tenant(company: Company, now: datetime) -> dict[str, Any]:
    """Return the tenant's rows; sign-ins are counted back from ``now``."""
    return {
        "organization": {"_id": object_id("00", 1), "displayName": NAME},
        "systemusers": [_person(person) for person in company.people],
        "users": [_administrator(admin) for admin in company.administrators],
        "usergroups": [_group(group) for group in company.groups],
        "applications": [_application(app) for app in company.applications],
        "events": [_sign_in(p, now) for p in company.people if p.days is not None],
    }


def _person(person: Employee) -> dict[str, Any]:
    return {
        "_id": person.id,
        "username": f"{person.first}.{person.last}".lower(),
        "email": person.email,
        "firstname": person.first,
        "lastname": person.last,
        "displayname": f"{person.first} {person.last}",
        "state": "SUSPENDED" if person.has_left else "ACTIVATED",
        "department": person.department,
        "jobTitle": person.title,
        "company": NAME,
        "employeeIdentifier": f"TW-{person.number:04d}",
        "employeeType": "Employee",
        "manager": person.manager or None,
        "totp_enabled": person.number % 7 != 0,
        "created": instant(FOUNDED + timedelta(days=23 * person.number)),
    }


def _administrator(admin: Administrator) -> dict[str, Any]:
    row: dict[str, Any] = {
        "_id": admin.id,
        "email": admin.email,
        "firstname": admin.first,
        "lastname": admin.last,
        "roleName": admin.role,
        "enableMultiFactor": True,
        "totpEnrolled": admin.person is not None,
        "created": instant(FOUNDED),
    }
    if admin.email.startswith("uar@"):
        row |= {"apiKeySet": True, "apiKeyHash": {"prefix": KEY[:5], "createdAt": instant(FOUNDED)}}
    return row


def _group(group: Group) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": group.id,
        "name": group.name,
        "description": group.description,
        "membershipMethod": "DYNAMIC_AUTOMATED" if group.rule else "STATIC",
        "members": [person.id for person in group.members],
    }
    if group.rule:
        value = group.rule.removeprefix("department is ")
        query = {"field": "department", "operator": "eq", "value": value}
        row["memberQuery"] = {"queryType": "FilterQuery", "filters": [query]}
    return row


def _application(app: Application) -> dict[str, Any]:
    return {
        "_id": app.id,
        "name": app.name.lower().replace(" ", "-"),
        "displayName": app.name,
        "displayLabel": app.name,
        "description": app.description,
        "groups": [group.id for group in app.groups],
        "users": [person.id for person in app.people],
    }


def _sign_in(person: Employee, now: datetime) -> dict[str, Any]:
    earlier = timedelta(days=person.days or 0, minutes=11 * person.number % 480 + 9)
    about = {"type": "user", "id": person.id, "username": f"{person.first}.{person.last}".lower()}
    return {
        "timestamp": instant(now - earlier),
        "event_type": "user_login_attempt",
        "service": "directory",
        "success": True,
        "initiated_by": about,
        "resource": about,
    }


def instant(at: datetime) -> str:
    """Return an instant in UTC as vendors write it."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
