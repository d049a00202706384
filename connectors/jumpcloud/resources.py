"""Turn JumpCloud's groups, applications and roles into resources and what is held on them.

Nothing here does I/O.
"""

import re
from collections.abc import Iterable, Iterator

from connectors.base import EntitlementRecord, ResourceRecord
from connectors.pages import Row

# No route lists roles, so: the names in the vendor's PowerShell module, and
# whatever else administrators turn out to have.
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
METHOD = "membershipMethod"


def role_id(name: str) -> str:
    """The id of a role, which the vendor knows by its name only."""
    return "role_" + re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def roles_of(administrator: Row) -> list[str]:
    """The names of an administrator's roles: one in older organisations, several in newer."""
    several = administrator.get("roleNames")
    names = [administrator.get("roleName"), *(several if isinstance(several, list) else ())]
    return list(dict.fromkeys(name for name in names if isinstance(name, str) and name))


def groups(rows: Iterable[Row]) -> Iterator[ResourceRecord]:
    """User groups, with how their members come about as a fact."""
    for row in rows:
        facts = {METHOD: method_of(row)}
        if row.get("email"):
            facts["email"] = str(row["email"])
        name, about = str(row.get("name") or row["id"]), str(row.get("description") or "")
        yield ResourceRecord("group", row["id"], name, about, None, facts)


def applications(rows: Iterable[Row]) -> Iterator[ResourceRecord]:
    """Applications, called what people see in their portal."""
    for row in rows:
        names = (row.get("displayLabel"), row.get("displayName"), row.get("name"), row["_id"])
        facts = {"template": str(row["name"])} if row.get("name") else {}
        if isinstance(row.get("active"), bool):
            facts["active"] = "yes" if row["active"] else "no"
        sso = row.get("sso")
        if isinstance(sso, dict) and sso.get("type"):
            facts["sso"] = str(sso["type"])
        name = next(str(name) for name in names if name)
        yield ResourceRecord(
            "app", row["_id"], name, str(row.get("description") or ""), None, facts
        )


def roles(administrators: Iterable[Row]) -> Iterator[ResourceRecord]:
    """The known administrator roles, then those that only somebody's account shows."""
    observed = sorted({name for row in administrators for name in roles_of(row)})
    found: dict[str, str] = {}
    for name in (*ROLES, *observed):
        found.setdefault(role_id(name), name)
    for identity, name in found.items():
        yield ResourceRecord("role", identity, name, "Role of JumpCloud administrators")


def entitlement(resource: ResourceRecord) -> EntitlementRecord:
    """The one thing that is held on a resource, in the vendor's own words where it has any."""
    ref, name, about = resource.ref, resource.name, resource.description
    if resource.type == "group":
        why = fixed_why(name, resource.facts.get(METHOD, ""))
        return EntitlementRecord(
            ref,
            "member",
            "Member",
            about or f"Member of the group {name}",
            "assignment",
            not why,
            why,
        )
    if resource.type == "app":
        return EntitlementRecord(ref, "access", "Access", about or f"May open {name}", "assignment")
    return EntitlementRecord(
        ref, "member", "Member", f"Administers JumpCloud as {name}", "permission"
    )


def method_of(group: Row) -> str:
    """How members come into a group: NOTSET, STATIC, DYNAMIC_REVIEW_REQUIRED, DYNAMIC_AUTOMATED."""
    method = str(group.get(METHOD) or "").upper()
    if method in ("", "NOTSET") and group.get("membershipAutomated") is True:
        return "DYNAMIC_AUTOMATED"  # how organisations said it before the method existed
    return method or "NOTSET"


def fixed_why(name: str, method: str) -> str:
    """Why nobody adds or removes members by hand; "" if one can (L7)."""
    if method == "DYNAMIC_AUTOMATED":
        return (
            f"A rule in JumpCloud decides who is in {name}: change the rule, or the attribute of "
            "the person that it looks at. A change by hand would be undone."
        )
    if method.startswith("DYNAMIC"):
        return (
            f"A rule in JumpCloud proposes who is in {name}, and an administrator confirms it "
            "there: change the rule or the person's attribute, then confirm the proposal."
        )
    return ""
