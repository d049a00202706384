"""JumpCloud's administrators, /api/users: a collection apart from people, with ids of its own.

The vendor publishes neither the list nor a list of roles; its PowerShell module and
scripts show both.
"""

from __future__ import annotations

from http import HTTPStatus

from uar.demo.vendors.front import Written
from uar.demo.vendors.jumpcloud_call import Call, event, new_id
from uar.demo.vendors.jumpcloud_lists import v1_list, visible
from uar.demo.vendors.jumpcloud_query import Refusal, bad_request, v1_filter
from uar.demo.vendors.jumpcloud_vendor import JumpCloud
from uar.demo.vendors.server import Response, json_answer
from uar.demo.vendors.store import Op, Row, instant

READ = ("administrators", "administrators.readonly")
ROLES = (
    "Administrator With Billing",
    "Administrator",
    "Manager",
    "Command Runner With Billing",
    "Command Runner",
    "Help Desk",
    "Billing Only",
    "Read Only",
)


def mount(vendor: JumpCloud) -> None:
    """Add the routes of /api/users."""
    every, one = "/api/users", "/api/users/{id}"
    vendor.route("GET", every, administrators, *READ)
    vendor.route("GET", one, administrator, *READ)
    vendor.route("POST", every, create_administrator, "administrators")
    vendor.route("PUT", one, update_administrator, "administrators")
    vendor.route("DELETE", one, delete_administrator, "administrators")


def administrators(call: Call) -> Response:
    """GET /api/users: not in the published specification; limit and skip as PowerShell sends."""
    most, page = call.switches.users_most, call.switches.users_page
    return v1_list(
        call, "users", visible, v1_filter(call.request), most=most, page=page, fixed=True
    )


def administrator(call: Call) -> Response:
    """GET /api/users/{id}: 404 for the id of a person who is no administrator."""
    return json_answer(visible(call.row("users")))


def create_administrator(call: Call) -> Written:
    """POST /api/users, as the vendor's script calls it."""
    body = call.body()
    email = str(body.get("email") or "").lower()
    if "@" not in email:
        raise bad_request("email is required")
    if any(row["email"].lower() == email for row in call.store.table("users").values()):
        raise bad_request("email is already taken")
    key = new_id()
    row = whole_administrator(
        {"created": instant(), **_role(body, call), "email": email, "_id": key}
    )
    row["enableMultiFactor"] = bool(body.get("enableMultiFactor"))
    return Written(json_answer(visible(row)), [["put", "users", key, row], _told("create", row)])


def update_administrator(call: Call) -> Written:
    """PUT /api/users/{id}: roleName or roleNames, names, and a few settings."""
    held, body = call.row("users"), call.body()
    names = ["email", "firstname", "lastname", "enableMultiFactor", "apiKeyAllowed"]
    if call.switches.suspend_administrators:
        names.append("suspended")
    row = {**held, **{name: body[name] for name in names if name in body}, **_role(body, call)}
    ops: list[Op] = [["put", "users", held["_id"], row], _told("update", row)]
    return Written(json_answer(visible(row)), ops)


def delete_administrator(call: Call) -> Written:
    """DELETE /api/users/{id}: in neither specification, so only under a switch."""
    if not call.switches.delete_administrators:
        raise Refusal(HTTPStatus.NOT_FOUND)
    held = call.row("users")
    return Written(
        json_answer(visible(held)), [["del", "users", held["_id"]], _told("delete", held)]
    )


def whole_administrator(values: Row) -> Row:
    """An administrator with every field that the vendor's object has."""
    blank: Row = {
        "_id": "", "email": "", "firstname": "", "lastname": "", "roleName": "Read Only",
        "roleNames": [], "suspended": False, "enableMultiFactor": False, "totpEnrolled": False,
        "created": "", "organization": None, "provider": None, "sessionCount": 0,
        "apiKeyAllowed": True, "apiKeySet": False,
    }  # fmt: skip
    row = blank | values
    row["roleNames"] = row["roleNames"] or [row["roleName"]]
    return row


def _role(body: Row, call: Call) -> Row:
    sent = body.get("roleNames") or body.get("roleName") or []
    names = [str(name) for name in (sent if isinstance(sent, list) else [sent])]
    known = {*ROLES, *(row["roleName"] for row in call.store.table("users").values())}
    if any(name not in known for name in names):
        raise bad_request("there is no such role")
    return {"roleName": names[0], "roleNames": names} if names else {}


def _told(verb: str, row: Row) -> Op:
    resource = {"type": "admin", "id": row["_id"], "email": row["email"].lower()}
    return event(f"admin_{verb}", service="directory", resource=resource)
