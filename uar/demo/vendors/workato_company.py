"""What a Workato workspace holds at the start: read from a file, or generated from a seed.

The file is a JSON object; every list may be missing, every row may leave out fields:

    workspace          {"model": legacy, mixed or migrated, "environments": ["dev", ...],
                       "company_name", "root_folder_id", ...}
    members            collaborators: {"id", "name", "email", ..., "roles": {"dev": "Admin",
                       "prod": ["Developer", "environment"]}}; other environments: No access
    roles              custom roles: {"id", "name", "privileges", "folder_ids"}
    inherited_roles    the same from a parent workspace, which no endpoint lists
    environment_roles  {"id", "name", "type", "privileges"}
    projects           {"id", "name", "folder_id"}; "_environment" unless dev
    folders            {"id", "name", "parent_id", "project_id", "is_project"}
    groups             collaborator groups: {"id", "name", "members": [member id, ...]}
    project_roles      {"id", "name"}
    project_grants     {"id", "project", "role", "user" or "user_group"}
    users              people with a Workato account who are no members: {"email", "name"}
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from uar.demo.vendors import workato_privileges
from uar.demo.vendors.store import Row, Store, instant
from uar.demo.vendors.workato_groups import whole_group
from uar.demo.vendors.workato_members import HELD, default_type, link, whole_member
from uar.demo.vendors.workato_places import whole_folder, whole_project
from uar.demo.vendors.workato_roles import whole_environment_role, whole_role

BEGINNING = datetime(2024, 5, 1, 9, 0, tzinfo=UTC)
HOME = 100
FIRST = ("Ada", "Max", "Rita", "Cam", "Sam", "Noor", "Wei", "Ines", "Tomas", "Lea", "Omar", "Zoe")
LAST = ("Byrne", "Adler", "Costa", "Duarte", "Evans", "Faber", "Gruber", "Haddad", "Ito", "Kaya")
AREAS = ("Finance", "Sales", "People", "Support", "Legal", "Marketing", "Data", "Billing")


def fill(store: Store, company: Row) -> None:
    """Put a company into an empty store. Raises ValueError for a link to nobody."""
    own = {
        "id": 17, "name": "Example", "email": "owner@example.test", "company_name": "Example",
        "created_at": instant(BEGINNING), "last_seen": instant(BEGINNING), "plan_id": "oem",
        "root_folder_id": HOME, "recipes_count": 0, "active_recipes_count": 0,
        "environments": ["dev", "test", "prod"], "model": "legacy",
        **company.get("workspace", {}),
    }  # fmt: skip
    store.table("workspace")["own"] = own
    began = {"created_at": instant(BEGINNING), "updated_at": instant(BEGINNING)}
    _put(store, "roles", (whole_role(began | row) for row in company.get("roles", [])))
    inherited = company.get("inherited_roles", [])
    _put(store, "inherited_roles", (whole_role(began | row) for row in inherited))
    _put(store, "environment_roles", _environment_roles(own, company, began))
    _put(store, "projects", map(whole_project, company.get("projects", [])))
    _put(store, "folders", (whole_folder(began | row) for row in company.get("folders", [])))
    _put(store, "project_roles", company.get("project_roles", []))
    store.table("users").update((row["email"].lower(), row) for row in company.get("users", []))
    for row in company.get("members", []):
        _put(store, "members", [whole_member(_without(began | row, "roles", "updated_at"))])
        _hold(store, str(row["id"]), row.get("roles", {}))
    for row in company.get("groups", []):
        _put(store, "groups", [whole_group(_without(began | row, "members"))])
        for key in map(str, row.get("members", ())):
            if key not in store.table("members"):
                raise ValueError(f"group {row['id']} names {key}, who is no member")
            store.relation("groups").add(row["id"], key)
    for row in company.get("project_grants", []):
        ends = {name: str(row[name]) for name in ("project", "user") if row.get(name)}
        _put(store, "project_grants", [{"user": None, "user_group": None, **row, **ends}])


def generated(sizes: dict[str, int], model: str, seed: int) -> Row:
    """A workspace of these sizes; the same sizes, model and seed give the same workspace."""
    luck = random.Random(seed)
    migrated = model == "migrated"
    roles = [_role(luck, n, sizes) for n in range(sizes["roles"])]
    names = [row["name"] for row in roles]
    system = workato_privileges.ENVIRONMENT_SYSTEM if migrated else workato_privileges.SYSTEM
    members = [_member(luck, n, [*system, *names]) for n in range(sizes["people"])]
    ids = [row["id"] for row in members]
    projects = [
        {"id": 11 + n, "name": f"{AREAS[n % len(AREAS)]} {n:03d}", "folder_id": 1000 + n}
        for n in range(sizes["projects"])
    ]
    return {
        "workspace": {"model": model},
        "members": members,
        "roles": [] if migrated else roles,
        "environment_roles": roles if migrated else [],
        "projects": projects,
        "folders": _folders(luck, projects, sizes["folders"]),
        "groups": [
            {"id": f"am-{n:06d}-g", "name": f"Group {n:02d}",
             "members": luck.sample(ids, min(len(ids), 5))}
            for n in range(sizes["groups"])
        ],
        "project_roles": [
            {"id": "pr-000001-a", "name": "Project admin"},
            {"id": "pr-000002-o", "name": "Project operator"},
        ],
        "project_grants": _grants(luck, projects, ids, sizes["groups"]) if migrated else [],
    }  # fmt: skip


def _role(luck: random.Random, n: int, sizes: dict[str, int]) -> Row:
    groups = luck.sample(sorted(workato_privileges.EVERYTHING), 4)
    projects = sizes["projects"]
    limited = [1000 + luck.randrange(projects)] if projects and n % 2 else []
    return {
        "id": 400 + n,
        "name": f"{AREAS[n % len(AREAS)]} builder {n:03d}",
        "folder_ids": limited,
        "privileges": {group: list(workato_privileges.EVERYTHING[group]) for group in groups},
    }


def _member(luck: random.Random, n: int, roles: list[str]) -> Row:
    first, last = FIRST[n % len(FIRST)], LAST[n // len(FIRST) % len(LAST)]
    held = {"dev": luck.choice(roles), "test": luck.choice(roles)}
    if n % 3 == 0:
        held["prod"] = luck.choice(roles)
    seen = instant(BEGINNING + timedelta(hours=n))
    log = {"id": 900 + n, "event_type": "user_login", "created_at": seen} if n % 5 else None
    return {
        "id": 3000 + n, "name": f"{first} {last}",
        "email": f"{first}.{last}.{n}@example.test".lower(), "roles": held,
        "external_id": None if n % 2 else f"sso-{n}", "last_activity_log": log,
    }  # fmt: skip


def _folders(luck: random.Random, projects: list[Row], n_folders: int) -> list[Row]:
    """Each project's root, some folders outside of any project, and the others below those."""
    rows = [
        {"id": row["folder_id"], "name": row["name"], "parent_id": HOME, "is_project": True,
         "project_id": row["id"]}
        for row in projects[:n_folders]
    ]  # fmt: skip
    while len(rows) < n_folders:
        n = len(rows)
        above: Row = luck.choice(rows) if rows and n % 10 else {"id": HOME, "project_id": None}
        rows.append(
            {"id": 1000 + n, "name": f"Folder {n:03d}", "parent_id": above["id"],
             "project_id": above["project_id"]}
        )  # fmt: skip
    return rows


def _grants(luck: random.Random, projects: list[Row], ids: list[int], groups: int) -> list[Row]:
    rows: list[Row] = []
    for row in projects:
        role = luck.choice(("pr-000001-a", "pr-000002-o"))
        some = luck.sample(ids, min(3, len(ids)))
        rows += [{"project": row["id"], "role": role, "user": member} for member in some]
        if groups:
            group = f"am-{luck.randrange(groups):06d}-g"
            rows.append({"project": row["id"], "role": "pr-000002-o", "user_group": group})
    return [{"id": f"pg-{n:06d}", **row} for n, row in enumerate(rows)]


def _environment_roles(own: Row, company: Row, began: Row) -> Iterable[Row]:
    if own["model"] == "legacy":
        return
    for n, name in enumerate(workato_privileges.ENVIRONMENT_SYSTEM):
        yield whole_environment_role(began | {"id": 1 + n, "name": name, "type": "system"})
    for row in company.get("environment_roles", []):
        yield whole_environment_role(_without(began | row, "folder_ids", "inheritable"))


def _hold(store: Store, key: str, roles: Row) -> None:
    for environment, held in roles.items():
        name, kind = (held, default_type(store)) if isinstance(held, str) else held
        store.relation(HELD).add(key, link(environment, name, kind))


def _put(store: Store, table: str, rows: Iterable[Row]) -> None:
    store.table(table).update((str(row["id"]), row) for row in rows)


def _without(row: Row, *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}
