"""The rules of JumpCloud's system users: what a new one needs, which changes are refused."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from uar.demo.vendors.jumpcloud_call import Call, event, new_id
from uar.demo.vendors.jumpcloud_query import Refusal, bad_request
from uar.demo.vendors.store import Op, Row, instant

STATES = ("STAGED", "ACTIVATED", "SUSPENDED")
UNIQUE = ("username", "email", "employeeIdentifier")
DERIVED = ("_id", "id", "admin", "memberof", "organization", "created", "password")
LONGEST = {"username": 1024, "email": 1024, "employeeIdentifier": 256}
MFA_STATES = ("overallStatus", "totpStatus", "pushStatus", "webAuthnStatus", "jcGoStatus")


def whole_person(values: Row) -> Row:
    """A system user with every field that the vendor's object has, given the known ones."""
    enrolled = "ENROLLED" if values.get("totp_enabled") else "NOT_ENROLLED"
    blank: Row = {
        "_id": "", "username": "", "email": "", "alternateEmail": "", "firstname": "",
        "middlename": "", "lastname": "", "displayname": "", "state": "ACTIVATED",
        "suspended": False, "activated": True, "account_locked": False,
        "account_locked_date": None, "badLoginAttempts": 0, "password_expired": False,
        "password_date": None, "password_expiration_date": None, "password_never_expires": False,
        "totp_enabled": False, "enable_user_portal_multifactor": False,
        "mfa": {"configured": bool(values.get("totp_enabled")), "exclusion": False},
        "mfaEnrollment": dict.fromkeys(MFA_STATES, "NOT_ENROLLED")
        | {"overallStatus": enrolled, "totpStatus": enrolled},
        "department": "", "jobTitle": "", "company": "", "costCenter": "", "location": "",
        "description": "", "employeeIdentifier": None, "employeeType": "", "manager": None,
        "attributes": [], "addresses": [], "phoneNumbers": [], "relationships": [],
        "sudo": False, "passwordless_sudo": False, "ldap_binding_user": False,
        "samba_service_user": False, "unix_uid": None, "unix_guid": None,
        "enable_managed_uid": False, "externally_managed": False, "external_source_type": "",
        "external_dn": "", "restrictedFields": [], "creationSource": "jumpcloud:manual",
        "created": "", "organization": "", "ssh_keys": [], "allow_public_key": True,
        "lastlogin": None,
    }  # fmt: skip
    person = blank | values
    person["suspended"] = person["state"] == "SUSPENDED"
    return person


def create(call: Call) -> tuple[Row, list[Op]]:
    """A new person. Raises Refusal 400 for what is missing, invalid or taken."""
    body = _writable(call.body())
    organization = next(iter(call.store.table("organizations").values()), {})
    defaults = organization.get("settings", {}).get("newSystemUserStateDefaults", {})
    body.setdefault("state", defaults.get("manualEntry", "ACTIVATED"))
    missing = [name for name in ("username", "email") if not body.get(name)]
    _insist_on_valid(call, body, "", missing)
    key = new_id()
    known = {"_id": key, "organization": organization.get("_id", ""), "created": instant()}
    person = whole_person({**body, **known, "activated": "password" in call.body()})
    return person, [["put", "systemusers", key, person], _told("user_create", person)]


def update(call: Call) -> tuple[Row, list[Op]]:
    """A person with some fields changed, the others kept. Raises Refusal 404, 400."""
    held = call.row("systemusers")
    body = _writable(call.body())
    state = body.get("state")
    if "suspended" in body:
        implied = body["suspended"] is True
        contradicts = state is not None and implied != (state == "SUSPENDED")
        if contradicts and call.switches.conflicting_state:
            raise bad_request("conflicting state and suspended fields")
        if state is None and implied != held["suspended"]:
            state = "SUSPENDED" if implied else "ACTIVATED"
    _insist_on_valid(call, body, held["_id"], [])
    if body.get("account_locked") is False:
        body |= {"account_locked_date": None, "badLoginAttempts": 0}
    person = {**held, **body, "state": state or held["state"]}
    person["suspended"] = person["state"] == "SUSPENDED"
    ops: list[Op] = [["put", "systemusers", held["_id"], person], _told("user_update", person)]
    if person["suspended"] != held["suspended"]:
        ops.append(_told("user_suspended" if person["suspended"] else "user_unsuspended", person))
    return person, ops


def delete(call: Call) -> tuple[Row, list[Op]]:
    """The person who goes, with every link. Raises Refusal 404, 400, 409 for a manager."""
    held = call.row("systemusers")
    key, people = held["_id"], call.store.table("systemusers")
    reports = [row for row in people.values() if row["manager"] == key]
    cascade = call.request.first("cascade_manager")
    if reports and not cascade and call.switches.delete_manager:
        raise Refusal(HTTPStatus.CONFLICT, "the user is a manager; send cascade_manager")
    if cascade not in ("", "null") and (cascade not in people or cascade == key):
        raise bad_request("cascade_manager is not another user")
    heir = None if cascade in ("", "null") else cascade
    ops: list[Op] = [
        ["put", "systemusers", row["_id"], {**row, "manager": None if heir == row["_id"] else heir}]
        for row in reports
    ]
    for relation in ("members", "app_users", "device_users"):
        ops += [
            ["unlink", relation, a, key] for a in call.store.relation(relation).back.get(key, {})
        ]
    return held, [*ops, ["del", "systemusers", key], _told("user_delete", held)]


def unlock(call: Call) -> list[Op]:
    """Clear the lock and the count of bad attempts. Raises Refusal 404."""
    held = call.row("systemusers")
    clear = {"account_locked": False, "account_locked_date": None, "badLoginAttempts": 0}
    return [["put", "systemusers", held["_id"], held | clear], _told("user_unlocked", held)]


def activate(call: Call) -> tuple[Row, list[Op]]:
    """A staged person becomes active. Raises Refusal 404, 400 for any other state."""
    held = call.row("systemusers")
    email = call.body().get("email", True)
    if not isinstance(email, (bool, str)):
        raise bad_request("email must be a boolean or an address")
    if held["state"] != "STAGED":
        raise bad_request("the user is not staged")
    person = held | {"state": "ACTIVATED"}
    return person, [["put", "systemusers", held["_id"], person], _told("user_update", person)]


def _writable(body: Row) -> Row:
    return {name: value for name, value in body.items() if name not in DERIVED}


def _insist_on_valid(call: Call, body: Row, key: str, missing: list[str]) -> None:
    problems = [(name, "is required") for name in missing]
    if body.get("state", "ACTIVATED") not in STATES:
        problems.append(("state", f"must be one of {', '.join(STATES)}"))
    problems += [
        (name, f"is longer than {most}")
        for name, most in LONGEST.items()
        if len(str(body.get(name) or "")) > most
    ]
    manager = body.get("manager")
    if manager and (str(manager) not in call.store.table("systemusers") or manager == key):
        problems.append(("manager", "is not another user"))
    problems += [(name, "is already taken") for name in _taken(call, body, key)]
    if problems:
        raise _refused(problems, "fullValidationDetails" in call.request.query_string)


def _taken(call: Call, body: Row, key: str) -> list[str]:
    sought = {name: str(body[name]).lower() for name in UNIQUE if body.get(name)}
    others = (row for row in call.store.table("systemusers").values() if row["_id"] != key)
    return sorted(
        {n for row in others for n, text in sought.items() if str(row.get(n) or "").lower() == text}
    )


def _refused(problems: list[tuple[str, str]], everything: bool) -> Refusal:
    shown = problems if everything else problems[:1]
    details: list[Any] = [
        {
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{"field": name, "description": text} for name, text in shown],
        }
    ]
    return bad_request("; ".join(f"{name} {text}" for name, text in shown), details)


def _told(kind: str, person: Row) -> Op:
    resource = {"type": "user", "id": person["_id"], "username": person["username"].lower()}
    return event(kind, service="directory", resource=resource, organization=person["organization"])
