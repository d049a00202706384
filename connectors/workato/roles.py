"""Which roles there are, and who holds them, in both permission models. Nothing here does I/O.

A collaborator has exactly one role in each environment, known by its name and its
role type. So every role is a resource in every environment (Operator in prod), and
whoever holds it holds its one entitlement; the pseudo-role "No access" is none.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.base import EntitlementRecord, Ref, ResourceRecord
from connectors.pages import Row
from connectors.workato.api import row_id

NO_ACCESS = "No access"
LEGACY, NEWER = "role", "environment_role"
"""Types of resources: roles of the model that ended in August 2026, and of its successor."""
WIRE = {LEGACY: "privilege_group", NEWER: "environment"}
KINDS = {wire: kind for kind, wire in WIRE.items()}
SYSTEM = ("Admin", "Analyst", "Operator")  # GET /api/roles lists custom roles only
ADMINS = {LEGACY: "Admin", NEWER: "Environment admin"}
LONGEST_KEY = 200
SLUG = "collaborator-has"


@dataclass(frozen=True, slots=True)
class Held:
    """One role of one collaborator in one environment."""

    environment: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Role:
    """One role. `privileges` and `folders` are None if unknown; no folders means all of them.

    Environment roles reach no folder by themselves; that takes a project role.
    """

    kind: str
    key: str
    name: str
    origin: str
    privileges: Mapping[str, Sequence[str]] | None = None
    folders: tuple[str, ...] | None = None
    twins: tuple[str, ...] = ()

    def ref(self, environment: str) -> Ref:
        """The resource that stands for it in an environment."""
        return Ref(self.kind, f"{self.key}-{environment}")


@dataclass(slots=True)
class Roles:
    """Every role of a workspace by kind and name.

    `unlisted` are the kinds whose list was not read, with why, or "" where it
    was not wanted. `usual` is the kind of a role that is in no list, on older
    servers, which do not say it.
    """

    by_name: dict[tuple[str, str], Role] = field(default_factory=dict)
    unlisted: dict[str, str] = field(default_factory=dict)
    usual: str = LEGACY

    def add(self, kind: str, rows: Iterable[Row], origin: str = "custom") -> None:
        """Add a list of the vendor's. Of roles with the same name only one can be told: the
        vendor names the role that somebody holds, not its id."""
        for row in sorted(rows, key=lambda each: (len(row_id(each)), row_id(each))):
            name = str(row.get("name") or row_id(row))
            known = self.by_name.get((kind, name))
            role = Role(
                kind,
                row_id(row),
                name,
                str(row.get("type") or origin),
                privileges_of(row),
                folders_of(row) if kind == LEGACY else None,
            )
            if known is not None:
                twins = (*known.twins, role.key)
                role = Role(kind, known.key, name, known.origin, twins=twins)
            self.by_name[kind, name] = role

    @classmethod
    def listed(cls, newer: Sequence[Row], legacy: Sequence[Row]) -> "Roles":
        """The roles of both lists, and the system roles of a workspace with legacy roles."""
        roles = cls(usual=NEWER if newer and not legacy else LEGACY)
        roles.add(NEWER, newer)
        if legacy:
            roles.add_system()
            roles.add(LEGACY, legacy)
        return roles

    def add_system(self) -> None:
        """Add the legacy roles that every workspace has."""
        self.add(LEGACY, ({"id": name, "name": name, "type": "system"} for name in SYSTEM))

    def observe(self, held: Iterable[Held]) -> None:
        """Add roles that somebody holds and no list has: a parent workspace's (defect 17)."""
        for each in held:
            if each.kind not in self.unlisted and (each.kind, each.name) not in self.by_name:
                role = Role(each.kind, _key_of(each.name), each.name, "inherited")
                self.by_name[each.kind, each.name] = role

    def find(self, held: Held) -> Role | None:
        """The role that somebody holds; None where its list was not readable."""
        return self.by_name.get((held.kind, held.name))

    def by_key(self, kind: str, key: str) -> Role | None:
        """The role with this id."""
        return next((r for r in self.by_name.values() if (r.kind, r.key) == (kind, key)), None)

    def kind_of(self, name: str) -> str:
        """The kind of a role whose row does not say it."""
        if name in SYSTEM:
            return LEGACY
        listed = (kind for kind in (NEWER, LEGACY) if (kind, name) in self.by_name)
        return next(listed, self.usual)


def held_by(member: Row, roles: Roles) -> Iterator[Held]:
    """The roles that a collaborator really has, one at most in each environment."""
    entries = member.get("roles")
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict):
            continue
        environment, name = entry.get("environment_type"), entry.get("role_name")
        if isinstance(environment, str) and isinstance(name, str) and name not in ("", NO_ACCESS):
            kind = KINDS.get(str(entry.get("role_type"))) or roles.kind_of(name)
            yield Held(environment, kind, name)


def privileges_of(row: Row) -> Mapping[str, Sequence[str]] | None:
    """What a role allows, by group; kinds that are new to us are kept (defect 12)."""
    found = row.get("privileges")
    if not isinstance(found, dict):
        return None
    return {
        str(group): [str(each) for each in ids]
        for group, ids in found.items()
        if isinstance(ids, list)
    }


def folders_of(row: Row) -> tuple[str, ...] | None:
    """The folders that a role is limited to; () if it reaches all of them.

    The vendor's sample of a role created for all folders has an empty list.
    """
    found = row.get("folder_ids")
    return tuple(str(each) for each in found) if isinstance(found, list) else None


def resource(role: Role, environment: str, folders: Mapping[str, str]) -> ResourceRecord:
    """A role in an environment, with what it allows as facts (L8)."""
    facts = {"origin": role.origin, "environment": environment}
    for group, ids in (role.privileges or {}).items():
        facts[f"privileges: {group}"] = ", ".join(ids)
    if role.folders is not None:
        names = (folders.get(each, each) for each in role.folders)
        facts["folders"] = ", ".join(names) or "all"
    if role.twins:
        facts["same name"] = ", ".join(role.twins)
    ref = role.ref(environment)
    about = f"Role of collaborators in the {environment} environment"
    return ResourceRecord(ref.type, ref.id, title(role.name, environment), about, None, facts)


def entitlement(role: Role, environment: str) -> EntitlementRecord:
    """Having the role; one at most in each environment, so giving it replaces another (L6)."""
    ref, name = role.ref(environment), title(role.name, environment)
    why = twins_why(role)
    about = f"Works in the {environment} environment as {role.name}"
    slot = f"role in {environment}"
    return EntitlementRecord(ref, SLUG, name, about, "assignment", not why, why, slot)


def twins_why(role: Role) -> str:
    """Why a role with a name that others have too cannot be given; "" if nobody has it."""
    if not role.twins:
        return ""
    return (
        f"Several roles in Workato are called {role.name}, and Workato knows a collaborator's "
        "role by its name only: rename all but one of them there."
    )


def _key_of(name: str) -> str:
    """An id for a role that has only a name, apart from the numbers that listed roles have."""
    if name.isprintable() and len(name) <= LONGEST_KEY:
        return f"name:{name}" if name.isdigit() else name
    return f"name:{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def title(name: str, environment: str) -> str:
    """A role in an environment, as people say it; `named` reads it back."""
    return f"{name} in {environment}"


def named(entitlement: EntitlementRecord) -> tuple[str, str, str]:
    """(key, environment, name at the last read) of an entitlement that `entitlement` made."""
    key, _, environment = entitlement.resource.id.rpartition("-")
    return key, environment, entitlement.name.removesuffix(f" in {environment}")
