"""The company's Percipio: everybody learns there, and some who left can still sign in.

Heidi has left and still administers learning, a trainer from outside sees who
learns what, and a machine that synchronised people once is an administrator.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from uar.demo.company import DOMAIN, Company, Employee
from uar.demo.tenant import instant

ROLES = {
    "Frida": "ADMIN", "Sue": "ADMIN", "Heidi": "LEARNING_ADMIN", "Gil": "LEARNING_ADMIN",
    "Derek": "CONTENT_CURATOR", "Max": "MANAGER", "Rita": "MANAGER", "Priya": "MANAGER",
    "Olga": "MANAGER", "Wanda": "MANAGER",
}  # fmt: skip
STILL_ACTIVE = ("Heidi", "Chi")
OTHERS = (
    ("People import", f"svc-learning@{DOMAIN}", "ADMIN"),
    ("Tess Byron", "tess.byron@keentraining.example", "LEARNING_ADMIN"),
    ("Rolf Anker", f"rolf.anker@{DOMAIN}", "LEARNER"),
)
COURSES = (
    ("Working safely beside robots", True),
    ("Protecting personal data", True),
    ("Phishing and what to do about it", True),
    ("Export control for sales", True),
    ("Reading a balance sheet", False),
    ("Python for engineers", False),
    ("Leading a small team", False),
    ("Writing for customers", False),
)


def learning(company: Company, now: datetime) -> dict[str, Any]:
    """Return what the vendor server begins with; learning is counted back from ``now``."""
    return {
        "users": [_learner(person) for person in company.people]
        + [_other(name, email, role) for name, email, role in OTHERS],
        "content": [
            {"id": _id(title), "code": f"tw_crs_{number:03d}", "type": "COURSE", "title": title,
             "status": "ACTIVE", "compliance": is_compliance}
            for number, (title, is_compliance) in enumerate(COURSES, 1)
        ],
        "activity": [
            _activity(person, number, now)
            for person in company.people
            for number in range(len(COURSES))
            if (person.number + number) % 3 == 0
        ],
    }  # fmt: skip


def _learner(person: Employee) -> dict[str, Any]:
    return _user(person.first, person.last, person.email, ROLES.get(person.first, "LEARNER")) | {
        "isActive": not person.has_left or person.first in STILL_ACTIVE,
        "jobTitle": person.title,
    }


def _other(name: str, email: str, role: str) -> dict[str, Any]:
    first, _, last = name.partition(" ")
    return _user(first, last, email, role)


def _user(first: str, last: str, email: str, role: str) -> dict[str, Any]:
    return {
        "id": _id(email),
        "externalUserId": email,
        "email": email,
        "firstName": first,
        "lastName": last,
        "role": role,
    }


def _activity(person: Employee, course: int, now: datetime) -> dict[str, Any]:
    days = 30 + (37 * person.number + 11 * course) % 300
    began, ended = now - timedelta(days=days), now - timedelta(days=days - 2)
    is_done = (person.number + course) % 4 != 0
    row = {
        "user": _id(person.email),
        "content": _id(COURSES[course][0]),
        "status": "Completed" if is_done else "Started",
        "first": instant(began),
        "last": instant(ended),
    }
    return row | ({"completed": instant(ended)} if is_done else {})


def _id(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"tidewheel/{name}"))
