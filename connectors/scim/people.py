"""Turn SCIM users into accounts, whatever shape they come in.

A user that has no usable id is no account: it is reported, and the rest are
read. Nothing here does I/O.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.base import AccountRecord, AccountStatus
from connectors.pages import Row
from connectors.scim.discovery import ENTERPRISE
from connectors.scim.values import elements, flag, get, instant, resource_id, text, value_of

TYPE = "user"
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
PROFILE = (
    ("user_type", "userType"),
    ("external_id", "externalId"),
    ("nick_name", "nickName"),
    ("locale", "locale"),
    ("time_zone", "timezone"),
)
COMPANY = (
    ("organization", "organization"),
    ("division", "division"),
    ("cost_center", "costCenter"),
)


def accounts(rows: Sequence[Row]) -> Iterator[AccountRecord]:
    """The accounts of those rows that have an id, in their order."""
    names = {resource_id(row): text(get(row, "displayName")) for row in rows}
    for row in rows:
        if resource_id(row):
            yield account(row, names)


def unreadable(row: Row) -> str:
    """What is wrong with a user so that she or her access is not known; "" if nothing."""
    if not resource_id(row):
        return f"A user without an id: {text(get(row, 'userName')) or 'nothing names her'}."
    for name in ("roles", "entitlements", "groups"):
        found = elements(get(row, name))
        if found is None or not all(value_of(each) for each in found):
            return f"The {name} of this user are of no known shape."
    return ""


def account(row: Row, names: Mapping[str, str]) -> AccountRecord:
    """One user as an account; `names` has everybody's display name by id."""
    extension = get(row, ENTERPRISE)
    username = text(get(row, "userName"))
    manager = _manager(get(extension, "manager"))
    return AccountRecord(
        TYPE,
        resource_id(row),
        _name(row) or username,
        _email(row, username),
        username,
        *_status(row),
        created_at=instant(get(get(row, "meta"), "created")),
        employee_id=text(get(extension, "employeeNumber")),
        manager_id=manager if manager in names else "",
        department=text(get(extension, "department")),
        title=text(get(row, "title")),
        profile=_profile(row, extension, names.get(manager, manager)),
    )


def _status(row: Row) -> tuple[AccountStatus, str]:
    active = get(row, "active")
    if active is None:  # it is optional (RFC 7643, 4.1.1), so silence is no suspension
        return AccountStatus.ENABLED, ""
    match flag(active):
        case True:
            return AccountStatus.ENABLED, ""
        case False:
            return AccountStatus.DISABLED, "inactive"
    return AccountStatus.UNSPECIFIED, f"active is {text(active) or 'of no known shape'}"


def _name(row: Row) -> str:
    name = get(row, "name")
    halves = (text(get(name, "givenName")), text(get(name, "familyName")))
    both = " ".join(half for half in halves if half)
    return text(get(row, "displayName")) or text(get(name, "formatted")) or both


def _email(row: Row, username: str) -> str:
    """The primary address, else the one for work, else the first, else a user name that is one."""
    mails = [each for each in elements(get(row, "emails")) or () if value_of(each)]
    ranked = sorted(
        mails,
        key=lambda each: (
            flag(get(each, "primary")) is not True,
            text(get(each, "type")).lower() != "work",
        ),
    )
    if ranked:
        return value_of(ranked[0])
    return username if ADDRESS.fullmatch(username) else ""


def _manager(manager: Any) -> str:
    """The id of the manager: RFC 7643 has an object with `value`; text and managerId are seen."""
    return text(manager) or text(get(manager, "managerId"))


def _profile(row: Row, extension: Any, manager: str) -> dict[str, str]:
    pairs = [(name, text(get(row, key))) for name, key in PROFILE]
    pairs += [(name, text(get(extension, key))) for name, key in COMPANY]
    pairs.append(("manager", manager))
    mails = [value_of(each) for each in elements(get(row, "emails")) or ()]
    if len(mails) > 1:
        pairs.append(("all_emails", ", ".join(filter(None, mails))))
    pairs.append(("last_modified", text(get(get(row, "meta"), "lastModified"))))
    return {name: said for name, said in pairs if said}
