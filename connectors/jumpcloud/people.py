"""Turn JumpCloud's people and administrators into accounts of one identity each.

They are separate collections with separate ids and separate sign-in: somebody
who is both has two accounts. Nothing here does I/O.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.base import AccountRecord, AccountStatus
from connectors.pages import Row

PROFILE = (
    ("job_title", "jobTitle"),
    ("department", "department"),
    ("organization", "organization"),
    ("company", "company"),
    ("cost_center", "costCenter"),
    ("location", "location"),
    ("description", "description"),
    ("employee_id", "employeeIdentifier"),
    ("employee_type", "employeeType"),
    ("username", "username"),
    ("alternate_email", "alternateEmail"),
    ("manager_id", "manager"),
    ("external_source_type", "external_source_type"),
)
# Rights on devices and directories that no group shows.
FLAGS = (
    "sudo",
    "passwordless_sudo",
    "ldap_binding_user",
    "password_never_expires",
    "externally_managed",
)
STATES = {
    "": AccountStatus.ENABLED,
    "ACTIVATED": AccountStatus.ENABLED,
    "STAGED": AccountStatus.DISABLED,
    "SUSPENDED": AccountStatus.DISABLED,
}


def accounts(
    people: Sequence[Row], administrators: Sequence[Row], sign_ins: Mapping[str, datetime]
) -> Iterator[AccountRecord]:
    """People first, then administrators, each linked to the other where that is certain.

    `sign_ins` gives the last sign-in by account id and wins over the rows.
    """
    admin_of = _links(people, administrators)
    person_of = {admin: person for person, admin in admin_of.items()}
    mails = {row["_id"]: _text(row.get("email")) for row in people}
    for row in people:
        yield _person(row, mails, sign_ins, admin_of.get(row["_id"], ""))
    for row in administrators:
        yield _administrator(row, sign_ins, person_of.get(row["_id"], ""))


def instant(value: Any) -> datetime | None:
    """The vendor's timestamp, always UTC; None if there is none or it is unreadable."""
    if not isinstance(value, str) or not value:
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _person(
    row: Row, mails: Mapping[str, str], sign_ins: Mapping[str, datetime], admin: str
) -> AccountRecord:
    status, detail = _status(row)
    username = _text(row.get("username"))
    manager = _text(row.get("manager"))
    return AccountRecord(
        "user",
        row["_id"],
        _text(row.get("displayname")) or _full_name(row) or username,
        _text(row.get("email")),
        username,
        status,
        detail,
        sign_ins.get(row["_id"]) or instant(row.get("lastlogin")),
        instant(row.get("created")),
        _mfa(row),
        _text(row.get("employeeIdentifier")),
        manager,
        _text(row.get("department")),
        _text(row.get("jobTitle")),
        _profile(row, mails.get(manager, "")),
        admin,
        True,
    )


def _administrator(row: Row, sign_ins: Mapping[str, datetime], person: str) -> AccountRecord:
    email = _text(row.get("email"))
    is_suspended = row.get("suspended") is True
    enrolled = row.get("totpEnrolled")
    return AccountRecord(
        "admin",
        row["_id"],
        _full_name(row) or email,
        email,
        email,
        AccountStatus.DISABLED if is_suspended else AccountStatus.ENABLED,
        "suspended" if is_suspended else "",
        sign_ins.get(row["_id"]),
        instant(row.get("created")),
        enrolled if isinstance(enrolled, bool) else None,
        linked_id=person,
    )


def _status(row: Row) -> tuple[AccountStatus, str]:
    state = _text(row.get("state"))
    if row.get("suspended") is True:
        return AccountStatus.DISABLED, "suspended"
    if row.get("account_locked") is True:
        return AccountStatus.DISABLED, "locked"
    status = STATES.get(state.upper(), AccountStatus.UNSPECIFIED)
    return status, "" if status is AccountStatus.ENABLED else state.lower()


def _mfa(row: Row) -> bool | None:
    enrolment = row.get("mfaEnrollment")
    if isinstance(enrolment, dict) and enrolment.get("overallStatus"):
        return bool(enrolment["overallStatus"] == "ENROLLED")
    mfa = row.get("mfa")
    known = [row.get("totp_enabled"), mfa.get("configured") if isinstance(mfa, dict) else None]
    flags = [flag for flag in known if isinstance(flag, bool)]
    return any(flags) if flags else None


def _profile(row: Row, manager_mail: str) -> dict[str, str]:
    profile = {
        name: value if type(value) is str else _text(value)
        for name, key in PROFILE
        if (value := row.get(key))
    }
    if manager_mail:
        profile["manager"] = manager_mail
    for flag in FLAGS:
        if row.get(flag) is True:
            profile[flag] = "yes"
    for attribute in row.get("attributes") or ():
        if isinstance(attribute, dict) and attribute.get("name"):
            profile[f"attributes.{attribute['name']}"] = _text(attribute.get("value"))
    return profile


def _links(people: Sequence[Row], administrators: Sequence[Row]) -> dict[str, str]:
    """Administrator by person. The vendor's own link counts first, then a unique mail (L26)."""
    known = {row["_id"] for row in administrators}
    claims = [(row["_id"], _admin_id(row)) for row in people]
    claimed = Counter(admin for _, admin in claims)
    links = {person: admin for person, admin in claims if admin in known and claimed[admin] == 1}
    people_by_mail = _by_unique_mail(people)
    for mail, admin in _by_unique_mail(administrators).items():
        person = people_by_mail.get(mail)
        if person and admin not in claimed and person not in links:
            links[person] = admin
    return links


def _admin_id(row: Row) -> str:
    admin = row.get("admin")
    return _text(admin.get("id")) if isinstance(admin, dict) else ""


def _by_unique_mail(rows: Iterable[Row]) -> dict[str, str]:
    pairs = [(_text(row.get("email")).strip().lower(), row["_id"]) for row in rows]
    seen = Counter(mail for mail, _ in pairs)
    return {mail: account for mail, account in pairs if mail and seen[mail] == 1}


def _full_name(row: Row) -> str:
    return f"{_text(row.get('firstname'))} {_text(row.get('lastname'))}".strip()


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else str(value)
