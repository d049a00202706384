"""One reading of a workspace, each list once; everything else is worked out from it.

What it costs does not grow with collaborators: what a role allows is the same for
everybody who has it in an environment, so a few of them are asked, and nobody else.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from connectors.errors import Forbidden, Missing, Remote
from connectors.pages import Row
from connectors.workato import places
from connectors.workato.api import Api, row_id
from connectors.workato.config import ALL, WorkatoConfig
from connectors.workato.roles import (
    LEGACY,
    NEWER,
    SYSTEM,
    Held,
    Role,
    Roles,
    folders_of,
    held_by,
    privileges_of,
)
from connectors.workato.samples import sampled

NAMED = 10
WHAT_ROLES_ALLOW = "what inherited and system roles allow"
GROUPS = "collaborator groups"
PROJECTS = "projects"


@dataclass(slots=True)
class Snapshot:
    """A workspace as one reading found it.

    `held` are everybody's roles by member id, in the environments that are
    read. `left_out` are kinds of things that the API client may not read, with
    why: they narrow what the population covers (L9).
    """

    members: list[Row]
    roles: Roles
    environments: list[str]
    held: dict[str, list[Held]]
    allowed: Mapping[Held, Row] = field(default_factory=dict)
    projects: list[Row] = field(default_factory=list)
    tree: places.Tree = field(default_factory=places.Tree)
    groups: list[Row] = field(default_factory=list)
    group_members: Mapping[str, list[Row] | Remote] = field(default_factory=dict)
    project_grants: Mapping[str, list[Row] | Remote] = field(default_factory=dict)
    project_roles: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    def role(self, held: Held) -> Role | None:
        """A role with what it allows in an environment; None where it cannot be told."""
        role = self.roles.find(held)
        row = self.allowed.get(held)
        if role is None or row is None:
            return role
        folders = folders_of(row) if role.kind == LEGACY else None
        if role.origin == "system":
            folders = () if role.kind == LEGACY else None
        return replace(role, privileges=privileges_of(row), folders=folders)

    def every_role(self) -> Iterable[tuple[Role, str]]:
        """Each role in each environment."""
        for kind, name in self.roles.by_name:
            for environment in self.environments:
                role = self.role(Held(environment, kind, name))
                if role is not None:
                    yield role, environment


def take(api: Api, config: WorkatoConfig) -> Snapshot:
    """Read a workspace. Raises Unauthorised, or Forbidden without the list of members."""
    reading = _Reading(api, config)
    members = api.members()
    roles, newer = reading.roles(members)
    held = reading.held(members, roles)
    snapshot = Snapshot(
        members,
        roles,
        _environments(config, members),
        held,
        left_out=reading.left_out,
    )
    allowed = sampled(api, roles, held)
    if isinstance(allowed, Forbidden):
        reading.leave_out(WHAT_ROLES_ALLOW, allowed)
    else:
        snapshot.allowed = allowed
    snapshot.projects = reading.listed(PROJECTS, api.projects)
    reading.folders(snapshot)
    if newer:
        reading.groups(snapshot)
    return snapshot


def scope(config: WorkatoConfig, snapshot: Snapshot) -> str:
    """What the population is narrowed to, in words that stay the same while it does (L9)."""
    parts = [] if config.environment == ALL else [f"roles in {config.environment}"]
    rows = sorted(snapshot.projects, key=row_id)
    if rows:
        names = [str(row.get("name") or row_id(row)) for row in rows]
        shown = ", ".join(names[:NAMED])
        if len(names) > NAMED:
            ids = hashlib.sha256(" ".join(map(row_id, rows)).encode()).hexdigest()
            shown += f" and {len(names) - NAMED} more ({ids[:8]})"
        parts.append(f"projects that the API client may see: {shown}")
    elif PROJECTS not in snapshot.left_out:
        parts.append("no projects, for the API client may see none")
    if config.disable_custom_roles_sync:
        parts.append("without legacy custom roles")
    parts += [f"without {what}" for what in sorted(snapshot.left_out)]
    return "; ".join(parts)


class _Reading:
    def __init__(self, api: Api, config: WorkatoConfig) -> None:
        self._api = api
        self._config = config
        self.left_out: dict[str, str] = {}

    def roles(self, members: list[Row]) -> tuple[Roles, bool]:
        """Every role, and whether the workspace has any of the newer model."""
        without = self._config.disable_custom_roles_sync
        newer = self._tried(self._api.environment_roles)
        legacy = [] if without else self._tried(self._api.roles)
        listed = legacy if isinstance(legacy, list) else []
        roles = Roles.listed(newer if isinstance(newer, list) else [], listed)
        if without:
            roles.unlisted[LEGACY] = ""
        held = {each for member in members for each in held_by(member, roles)}
        if isinstance(legacy, Remote) and any(map(_is_custom, held)):
            roles.unlisted[LEGACY] = legacy.sentence
        if isinstance(newer, Remote) and any(each.kind == NEWER for each in held):
            roles.unlisted[NEWER] = newer.sentence
        is_newer = bool(newer) if isinstance(newer, list) else NEWER in roles.unlisted
        if not listed and (not is_newer or any(each.kind == LEGACY for each in held)):
            roles.add_system()
        roles.observe(each for each in held if self._config.reads(each.environment))
        return roles, is_newer

    def held(self, members: list[Row], roles: Roles) -> dict[str, list[Held]]:
        """Everybody's roles in the environments that are read."""
        reads = self._config.reads
        return {
            row_id(row): [each for each in held_by(row, roles) if reads(each.environment)]
            for row in members
        }

    def listed(self, what: str, read: Callable[[], list[Row]]) -> list[Row]:
        """A list that the API client may do without."""
        found = self._tried(read)
        if isinstance(found, Remote):
            self.leave_out(what, found)
            return []
        return found

    def folders(self, snapshot: Snapshot) -> None:
        """The tree, and what roles name beside it."""
        try:
            snapshot.tree = places.read_tree(self._api, snapshot.projects)
            named = (role.folders or () for role, _ in snapshot.every_role())
            wanted = (each for folders in named for each in folders)
            places.add_referenced(self._api, snapshot.tree, wanted)
        except (Forbidden, Missing) as refusal:
            self.leave_out("folders", refusal)

    def groups(self, snapshot: Snapshot) -> None:
        """Collaborator groups, project roles and who has which on a project (defect 19)."""
        api, projects = self._api, [row_id(row) for row in snapshot.projects]
        snapshot.groups = self.listed(GROUPS, api.groups)
        groups = [row_id(row) for row in snapshot.groups]
        snapshot.group_members = dict(api.client.map(api.group_members, groups))
        if any(isinstance(each, Forbidden) for each in snapshot.group_members.values()):
            self.leave_out(GROUPS, next(iter(snapshot.group_members.values())))
            snapshot.groups, snapshot.group_members = [], {}
        grants = dict(api.client.map(api.project_grants, projects))
        if any(isinstance(each, Forbidden) for each in grants.values()):
            self.leave_out("project grants", next(iter(grants.values())))
            return
        snapshot.project_grants = grants
        for row in self.listed("project roles that nobody has", api.project_roles):
            snapshot.project_roles[row_id(row)] = str(row.get("name") or row_id(row))
        for rows in grants.values():
            for row in rows if isinstance(rows, list) else ():
                role = row.get("project_role")
                if isinstance(role, dict) and role.get("id"):
                    name = str(role.get("name") or role["id"])
                    snapshot.project_roles.setdefault(str(role["id"]), name)

    def leave_out(self, what: str, why: object) -> None:
        """Note what the API client may not read."""
        self.left_out[what] = str(why)
        self._api.client.log(f"Left out: {what}. {why}")

    def _tried(self, read: Callable[[], list[Row]]) -> list[Row] | Remote:
        try:
            return read()
        except (Forbidden, Missing) as refusal:
            return refusal


def _is_custom(held: Held) -> bool:
    return held.kind == LEGACY and held.name not in SYSTEM


def _environments(config: WorkatoConfig, members: list[Row]) -> list[str]:
    found = dict.fromkeys(
        str(entry["environment_type"])
        for member in members
        for entry in member.get("roles") or ()
        if isinstance(entry, dict) and entry.get("environment_type")
    )
    return [each for each in found if config.reads(each)]
