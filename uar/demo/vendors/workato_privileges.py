"""What Workato's own roles may do: 33 groups of privileges, as the original connector has them.

No endpoint serves this table; members' privileges show it by person. The names are
what goes over the wire.
"""

from __future__ import annotations

from typing import Any

ADMIN, ANALYST, OPERATOR = "Admin", "Analyst", "Operator"
SYSTEM = (ADMIN, ANALYST, OPERATOR)
ENVIRONMENT_ADMIN, ENVIRONMENT_MANAGER, MEMBER = (
    "Environment admin",
    "Environment manager",
    "Member",
)
ENVIRONMENT_SYSTEM = (ENVIRONMENT_ADMIN, ENVIRONMENT_MANAGER, MEMBER)
CRUD = ("read", "create", "update", "delete")
PROPERTIES = ("read", "update_records", "create", "delete")
EVERYTHING: dict[str, tuple[str, ...]] = {
    "Runtime user connections": ("read", "update", "delete"),
    "Event streams": (*CRUD, "view_history"),
    "Lookup tables": ("read", "create", "update_records", "delete", "update_schema"),
    "People task": ("all",),
    "Recipes": (*CRUD, "run", "read_run_history"),
    "Folders": CRUD,
    "Projects": CRUD,
    "Connections": CRUD,
    "Connector SDK": ("all",),
    "Use in recipes": ("all",),
    "On-prem groups & agents": CRUD,
    "Connection - on-prem files": ("all",),
    "Connection - command line scripts": ("all",),
    "Project folder": ("all",),
    "Connection Folders": ("all",),
    "Common data models": CRUD,
    "Message templates": CRUD,
    "Workbot": CRUD,
    "Job History Search": CRUD,
    "Test automation": ("read", "manage_test_cases"),
    "Data masking": ("all",),
    "Environment properties": PROPERTIES,
    "Project properties": PROPERTIES,
    "Secrets management": ("read", "update"),
    "Activity audit": ("all",),
    "Collaborator SAML SSO auth": ("all",),
    "Collaborators": ("all",),
    "Recipe lifecycle management": ("all",),
    "Collaborator roles (non-system)": ("all",),
    "Developer API": ("all",),
    "Workspace settings": ("all",),
    "Debug, Log and Security": ("all",),
    "Network trace": ("all",),
}
OF_ADMIN_ONLY = (
    "Activity audit",
    "Collaborator SAML SSO auth",
    "Collaborators",
    "Recipe lifecycle management",
    "Collaborator roles (non-system)",
    "Developer API",
    "Workspace settings",
    "Debug, Log and Security",
    "Network trace",
)
OF_OPERATOR: dict[str, tuple[str, ...]] = {
    "Recipes": ("read", "run", "read_run_history"),
    "Folders": ("read",),
    "Projects": ("read",),
    "Use in recipes": ("all",),
    "Test automation": ("read",),
}


def of(role: str) -> dict[str, Any]:
    """What one of Workato's own roles may do; nothing for a name that is none of them."""
    if role in (ADMIN, ENVIRONMENT_ADMIN):
        return {group: list(ids) for group, ids in EVERYTHING.items()}
    if role in (ANALYST, ENVIRONMENT_MANAGER):
        kept = {group: list(ids) for group, ids in EVERYTHING.items() if group not in OF_ADMIN_ONLY}
        return {**kept, "Secrets management": ["read"]}
    if role == OPERATOR:
        return {group: list(ids) for group, ids in OF_OPERATOR.items()}
    return {"Projects": ["read"]} if role == MEMBER else {}
