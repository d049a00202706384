"""The workspaces that the Workato tests read, and what is true of them."""

from __future__ import annotations

from typing import Any

from connectors.base import AccountRecord, EntitlementRecord, GrantRecord, Ref, Unread
from connectors.fields import Secret
from connectors.workato import Workato, WorkatoConfig
from tests.connectors.loopback import Heard

TOKEN = "demo-token"
HEADERS = {"authorization": f"Bearer {TOKEN}"}
ADA, MAX, RITA, CAM, SAM, NOOR, WEI = (str(n) for n in range(3001, 3008))
P2P, HR = "11", "12"
P2P_ROOT, HR_ROOT, DEEP, DEEPER, OUTSIDE = "1000", "1001", "1100", "1200", "1300"
MANAGER = "478"
Company = dict[str, Any]


def member(n: int, first: str, roles: dict[str, Any], **more: Any) -> Company:
    return {
        "id": n,
        "name": f"{first} Byrne",
        "email": f"{first.lower()}@example.test",
        "roles": roles,
        "created_at": "2024-05-01T09:00:00.000-07:00",
        **more,
    }


def places() -> Company:
    """Two projects; folders three deep, one outside any project, 120 siblings."""
    siblings = [
        {"id": 2000 + n, "name": f"Sibling {n}", "parent_id": 1001, "project_id": 12}
        for n in range(120)
    ]
    return {
        "projects": [
            {"id": 11, "name": "P2P", "description": "Procure to pay", "folder_id": 1000},
            {"id": 12, "name": "HR", "folder_id": 1001},
        ],
        "folders": [
            {"id": 1000, "name": "P2P", "parent_id": 100, "project_id": 11, "is_project": True},
            {"id": 1001, "name": "HR", "parent_id": 100, "project_id": 12, "is_project": True},
            {"id": 1100, "name": "Deep", "parent_id": 1000, "project_id": 11},
            {"id": 1200, "name": "Deeper", "parent_id": 1100, "project_id": 11},
            {"id": 1300, "name": "Outside", "parent_id": 100},
            *siblings,
        ],
    }


LOG = {"id": 991, "event_type": "user_login", "created_at": "2025-01-10T08:00:00.000-08:00"}


def legacy_company() -> Company:
    """System, custom, inherited and same-named roles in three environments."""
    return {
        "workspace": {"model": "legacy", "company_name": "Example"},
        "members": [
            member(3001, "Ada", {"dev": "Admin", "test": "Analyst", "prod": "Operator"},
                   external_id="sso-ada", last_activity_log=LOG),
            member(3002, "Max", {"dev": "Analyst", "prod": "Admin"}),
            member(3003, "Rita", {"dev": "Admin", "prod": "Admin"}),
            member(3004, "Cam", {"dev": "Release manager", "prod": "Release manager"}),
            member(3005, "Sam", {}),
            member(3006, "Noor", {"dev": "Parent auditor"}, grant_type="federation_manager"),
            member(3007, "Wei", {"dev": "Twin"}),
        ],
        "roles": [
            {"id": 478, "name": "Release manager", "folder_ids": [1000, 1200],
             "privileges": {"Workbot": ["read", "update"], "Quantum": ["fold"]}},
            {"id": 500, "name": "Builder", "privileges": {"Recipes": ["read"]}},
            {"id": 600, "name": "Twin", "privileges": {"Recipes": ["read"]}},
            {"id": 601, "name": "Twin", "privileges": {"Recipes": ["delete"]}},
        ],
        "inherited_roles": [
            {"id": 900, "name": "Parent auditor", "folder_ids": [1001],
             "privileges": {"Folders": ["read"]}},
        ],
        "users": [{"email": "lea@example.test", "name": "Lea Byrne"}],
        **places(),
    }  # fmt: skip


def newer_company() -> Company:
    """Environment roles, groups and project grants only."""
    return {
        "workspace": {"model": "migrated", "company_name": "Example"},
        "members": [
            member(3001, "Ada", {"dev": "Environment admin", "test": "Developer",
                                 "prod": "Member"}),
            member(3002, "Max", {"dev": "Developer", "prod": "Environment admin"}),
            member(3003, "Rita", {"dev": "Environment admin", "prod": "Environment admin"}),
            member(3004, "Cam", {"prod": "From above"}),
            member(3005, "Sam", {}),
        ],
        "environment_roles": [
            {"id": 20, "name": "Developer", "privileges": {"Recipes": ["read", "update"]}},
        ],
        "groups": [
            {"id": "am-1", "name": "Builders", "members": [3001, 3002]},
            {"id": "am-2", "name": "Nobody yet"},
        ],
        "project_roles": [
            {"id": "pr-1", "name": "Project admin"},
            {"id": "pr-2", "name": "Project operator"},
        ],
        "project_grants": [
            {"id": "pg-1", "project": 11, "role": "pr-1", "user": 3003},
            {"id": "pg-2", "project": 11, "role": "pr-2", "user_group": "am-1"},
            {"id": "pg-3", "project": 11, "role": "pr-2", "user": 3001},
        ],
        **places(),
    }  # fmt: skip


def mixed_company() -> Company:
    """In the middle of the migration: some have legacy roles, some environment roles."""
    company = newer_company()
    company["workspace"]["model"] = "mixed"
    company["roles"] = legacy_company()["roles"][:1]
    for row in company["members"]:
        row["roles"] = {e: [name, "environment"] for e, name in row["roles"].items()}
    company["members"][3]["roles"] = {
        "dev": ["Release manager", "privilege_group"],
        "prod": ["Operator", "privilege_group"],
    }
    return company


class Read:
    """Everything that one reader found in one run."""

    def __init__(self, reader: Workato) -> None:
        self.scope = reader.scope
        self.accounts: list[AccountRecord] = list(reader.accounts())
        self.resources = list(reader.resources())
        self.rights: list[EntitlementRecord] = [
            each for resource in self.resources for each in reader.entitlements(resource)
        ]
        found = list(reader.grants(self.resources))
        self.grants = [each for each in found if isinstance(each, GrantRecord)]
        self.unread = [each for each in found if isinstance(each, Unread)]
        self.requests = reader.requests

    def account(self, identity: str) -> AccountRecord:
        return next(each for each in self.accounts if each.id == identity)

    def resource(self, kind: str, identity: str) -> Any:
        return next(each for each in self.resources if each.ref == Ref(kind, identity))

    def ids(self, kind: str) -> list[str]:
        return [each.id for each in self.resources if each.type == kind]

    def of(self, kind: str, identity: str, slug: str = "") -> set[tuple[str, str]]:
        """(account, through what) of one resource."""
        return {
            (each.account.id, each.via.id if each.via else "")
            for each in self.grants
            if each.resource == Ref(kind, identity) and slug in ("", each.slug)
        }

    def roles_of(self, account: str) -> set[str]:
        """The role resources that somebody holds."""
        return {
            each.resource.id
            for each in self.grants
            if each.account.id == account and each.resource.type in ("role", "environment_role")
        }


def workato(url: str, heard: Heard, key: str = TOKEN, **settings: Any) -> Workato:
    """A connector for a vendor server; repeats reads without really waiting."""
    net = heard.net(**settings.pop("net", {}))
    return Workato(WorkatoConfig(Secret(key), **{"base_url": url, **settings}), net)


def someone(identity: str, name: str = "Ada Byrne") -> AccountRecord:
    return AccountRecord("collaborator", identity, name, f"{name.split()[0].lower()}@example.test")


def role(key: str, environment: str, name: str = "", kind: str = "role") -> EntitlementRecord:
    """A role as an order names it: by its id, and by its name at the last read."""
    title = f"{name or key} in {environment}"
    return EntitlementRecord(
        Ref(kind, f"{key}-{environment}"), "collaborator-has", title, can_provision=True
    )
