"""Turn Percipio's courses and roles into resources and what is held on them.

Nothing here does I/O.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from connectors.base import EntitlementRecord, Ref, ResourceRecord
from connectors.pages import Row

LEARNER, ADMIN = "LEARNER", "ADMIN"
ROLES = {
    LEARNER: "Learner",
    "MANAGER": "Manager",
    "CONTENT_CURATOR": "Content curator",
    "CONTENT_COORDINATOR": "Content coordinator",
    "LEARNING_ADMIN": "Learning administrator",
    ADMIN: "Site administrator",
}
COURSES = ("COURSE", "ASSESSMENT")
IN_PROGRESS, COMPLETED = "in_progress", "completed"
NAMES = {IN_PROGRESS: "In progress", COMPLETED: "Completed"}
LEARNER_WHY = (
    "Everybody in Percipio has one role, and Learner is the least: it is what remains when "
    "another role is taken away. To end it, deactivate the account."
)
ACTIVITY_WHY = (
    "Learning activity is Percipio's record of what somebody did, and nothing changes it. Whoever "
    "should learn no more is deactivated."
)


def slim(item: Row) -> Row:
    """What is kept of an item of the catalogue; raises KeyError if it has no id."""
    kind, lifecycle = _part(item, "contentType"), _part(item, "lifecycle")
    kept: Row = {
        "id": item["id"],
        "type": kind.get("percipioType"),
        "status": lifecycle.get("status"),
    }
    if is_course(kept):
        title, about = _words(item)
        kept["name"] = title or _text(item.get("code")) or _text(item["id"])
        kept["about"] = about
        kept["code"] = _text(item.get("code"))
        kept["compliance"] = _part(item, "characteristics").get("isCompliance") is True
    return kept


def is_course(item: Row) -> bool:
    """Whether a slim item is a course or assessment that can be learnt now."""
    return item["type"] in COURSES and item["status"] != "INACTIVE"


def courses(items: Iterable[Row]) -> Iterator[ResourceRecord]:
    """The courses among slim items."""
    for item in items:
        if not is_course(item):
            continue
        facts = {"kind": str(item["type"]).capitalize()}
        if item["code"]:
            facts["code"] = item["code"]
        if item["compliance"]:
            facts["compliance"] = "yes"
        yield ResourceRecord("course", item["id"], item["name"], item["about"], None, facts)


def roles(held: Iterable[str]) -> Iterator[ResourceRecord]:
    """The known roles, then those that only somebody's account shows: the vendor may add some."""
    observed = sorted(set(held) - ROLES.keys() - {""})
    for identity in (*ROLES, *observed):
        name = ROLES.get(identity) or identity.replace("_", " ").capitalize()
        yield ResourceRecord("role", identity, name, "Role on the Percipio site; everybody has one")


def entitlements(resource: ResourceRecord) -> tuple[EntitlementRecord, ...]:
    """What is held on a course or a role.

    What somebody learns opens nothing and cannot be taken away: it is a fact (L8).
    """
    if resource.type == "role":
        return (role_entitlement(resource.id, resource.name),)
    return tuple(
        EntitlementRecord(
            resource.ref,
            slug,
            NAMES[slug],
            f"{'Is learning' if slug == IN_PROGRESS else 'Has completed'} {resource.name}",
            "fact",
            fixed_why=ACTIVITY_WHY,
        )
        for slug in (IN_PROGRESS, COMPLETED)
    )


def user(identity: str) -> Ref:
    """The account of a user."""
    return Ref("user", identity)


def role_entitlement(role: str, name: str = "") -> EntitlementRecord:
    """Having a role."""
    called = name or ROLES.get(role) or role
    why = LEARNER_WHY if role == LEARNER else ""
    about = f"Has the role {called} on the Percipio site"
    return EntitlementRecord(
        Ref("role", role), "assigned", "Assigned", about, "permission", not why, why, "role"
    )


def _words(item: Row) -> tuple[str, str]:
    """Title and description: in American English, the site's first language, or whatever comes."""
    metadata = item.get("localizedMetadata")
    several = metadata if isinstance(metadata, list) else []
    known = [each for each in several if isinstance(each, dict) and _text(each.get("title"))]
    known.sort(key=lambda each: each.get("localeCode") != "en-US")
    return (_text(known[0]["title"]), _text(known[0].get("description"))) if known else ("", "")


def _part(item: Row, name: str) -> Row:
    part = item.get(name)
    return part if isinstance(part, dict) else {}


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else str(value)
