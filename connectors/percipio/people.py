"""Turn Percipio's users into accounts. Nothing here does I/O."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from connectors.base import AccountRecord, AccountStatus
from connectors.pages import Row

FLAGS = (
    ("instructor", "isInstructor"),
    ("coaching", "hasCoaching"),
    ("enterprise_coaching", "hasEnterpriseCoaching"),
    ("enterprise_coaching_dashboard", "hasEnterpriseCoachingDashboard"),
)


def accounts(users: Iterable[Row], known: Mapping[str, str]) -> Iterator[AccountRecord]:
    """One account for each user; `known` has the ids of everybody who was read."""
    for row in users:
        manager = _named(row.get("approvalManager"), "id")
        yield _account(row, manager if manager in known else "")


def role_of(row: Row) -> str:
    """A user's role in the vendor's own word; "" if it is not told."""
    return _text(row.get("role"))


def is_active(row: Row) -> bool | None:
    """Whether a user may enter the site; None if it is not told."""
    active = row.get("isActive")
    return active if isinstance(active, bool) else None


def _account(row: Row, manager: str) -> AccountRecord:
    email, external = _text(row.get("email")), _text(row.get("externalUserId"))
    name = f"{_text(row.get('firstName'))} {_text(row.get('lastName'))}".strip()
    active = is_active(row)
    status = AccountStatus.UNSPECIFIED
    if active is not None:
        status = AccountStatus.ENABLED if active else AccountStatus.DISABLED
    return AccountRecord(
        "user",
        row["id"],
        name or email or external or row["id"],
        email,
        # People who come by single sign-on have no login name; what joins them is the
        # customer's own key. It may be an address, so it is no employee id (L26).
        _text(row.get("loginName")) or external,
        status,
        "not active" if active is False else "",
        title=_text(row.get("jobTitle")),
        manager_id=manager,
        profile=_profile(row),
    )


def _profile(row: Row) -> dict[str, str]:
    known = {
        "external_id": _text(row.get("externalUserId")),
        "role": role_of(row),
        "job_title": _text(row.get("jobTitle")),
        "job_role": _text(row.get("jobRole")),
        "manager": _named(row.get("approvalManager"), "email"),
        "hr_manager": _named(row.get("directHrManager"), "email"),
    }
    profile = {name: value for name, value in known.items() if value}
    profile |= {name: "yes" for name, key in FLAGS if row.get(key) is True}
    attributes = row.get("customAttributes")
    for attribute in attributes if isinstance(attributes, list) else ():
        # Their names are free text, and some are those of standard fields.
        if isinstance(attribute, dict) and attribute.get("name") and attribute.get("value"):
            profile[f"attributes.{attribute['name']}"] = _text(attribute["value"])
    return profile


def _named(person: Any, key: str) -> str:
    return _text(person.get(key)) if isinstance(person, dict) else ""


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else str(value)
