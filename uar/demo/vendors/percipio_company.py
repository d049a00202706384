"""What a Percipio site holds at the start: read from a file, or generated from a seed.

The file is a JSON object; every list may be missing, every row may leave out fields:

    users      {"id", "externalUserId", "email", "role", "isActive", ...}
    content    {"id", "code", "type", "title", "status", "compliance", ...}; `type` is a
               percipioType such as COURSE, `status` ACTIVE or INACTIVE
    activity   {"user": id, "content": id, "status": "Started" or "Completed", "first", "last",
               "completed"}; several rows for one pair are several stretches of learning
"""

from __future__ import annotations

import random
import uuid
from datetime import UTC, datetime, timedelta

from uar.demo.vendors.percipio_call import micros
from uar.demo.vendors.percipio_catalogue import whole_content
from uar.demo.vendors.percipio_users import ROLES, whole_user
from uar.demo.vendors.store import Row, Store, instant

BEGINNING = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FIRST = ("Ada", "Max", "Rita", "Cam", "Sam", "Noor", "Wei", "Ines", "Tomas", "Lea", "Omar", "Zoe")
LAST = ("Byrne", "Adler", "Costa", "Duarte", "Evans", "Faber", "Gruber", "Haddad", "Ito", "Kaya")
SUBJECTS = ("Data protection", "Python", "Leadership", "Safety", "Accounting", "Negotiation")
OTHERS = ("VIDEO", "BOOK", "CHANNEL", "JOURNEY")


def fill(store: Store, company: Row) -> None:
    """Put a company into an empty store. Raises ValueError for activity of nobody."""
    users, content = store.table("users"), store.table("content")
    for row in company.get("users", []):
        users[row["id"]] = whole_user({"updatedAt": micros(BEGINNING)} | row)
    for row in company.get("content", []):
        content[row["id"]] = whole_content(row)
    activity = store.table("activity")
    for n, row in enumerate(company.get("activity", [])):
        if row["user"] not in users or row["content"] not in content:
            raise ValueError(f"activity {n} is of somebody or in something that is not there")
        at = row.get("last", instant(BEGINNING))
        activity[str(n)] = {"first": at, "last": at, "status": "Started", **row}


def generated(people: int, courses: int, others: int, activity: int, seed: int) -> Row:
    """A company of these sizes; the same sizes and seed give the same company.

    One person in ten is no learner, one in thirty not active, one course in
    eleven not active; `others` is content that is no course.
    """
    luck = random.Random(seed)
    if activity > people * courses:
        raise ValueError("there is more activity than people times courses")
    ids = [_id("user", n) for n in range(people)]
    items = [_id("content", n) for n in range(courses)]
    pairs = luck.sample(range(people * courses), activity)
    return {
        "users": [_user(luck, n, ids) for n in range(people)],
        "content": [_course(n, items[n]) for n in range(courses)]
        + [{"id": _id("other", n), "type": OTHERS[n % len(OTHERS)], "title": f"Other {n}"}
           for n in range(others)],
        "activity": [
            _activity(luck, ids[pair % people], items[pair // people]) for pair in pairs
        ],
    }  # fmt: skip


def _id(kind: str, n: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{n}"))


def _user(luck: random.Random, n: int, ids: list[str]) -> Row:
    first, last = FIRST[n % len(FIRST)], LAST[n // len(FIRST) % len(LAST)]
    email = f"{first}.{last}.{n}@example.test".lower()
    above = n // 10
    manager = {"id": ids[above], "email": "", "externalUserId": ""} if above != n else {}
    return {
        "id": ids[n], "externalUserId": email, "email": email, "firstName": first,
        "lastName": last, "isActive": n % 30 != 29, "approvalManager": manager,
        "role": ROLES[n // 10 % len(ROLES)] if n % 10 == 0 else "LEARNER",
        "jobTitle": luck.choice(("Analyst", "Engineer", "Lead")),
        "customAttributes": [
            {"id": _id("attribute", 1), "name": "Dept Name", "value": luck.choice(SUBJECTS)}
        ],
    }  # fmt: skip


def _course(n: int, key: str) -> Row:
    subject = SUBJECTS[n % len(SUBJECTS)]
    return {
        "id": key, "code": f"it_crs_{n:05d}", "title": f"{subject} {n}",
        "type": "ASSESSMENT" if n % 9 == 8 else "COURSE",
        "status": "INACTIVE" if n % 11 == 10 else "ACTIVE", "compliance": n % 6 == 0,
    }  # fmt: skip


def _activity(luck: random.Random, user: str, content: str) -> Row:
    began = BEGINNING - timedelta(minutes=luck.randrange(60 * 24 * 700))
    ended = instant(began + timedelta(minutes=luck.randrange(1, 10_000)))
    done = luck.random() < 0.7
    return {
        "user": user, "content": content, "status": "Completed" if done else "Started",
        "first": instant(began), "last": ended, **({"completed": ended} if done else {}),
    }  # fmt: skip
