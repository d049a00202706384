"""Who holds what in Workato, worked out from a snapshot. Nothing here does I/O."""

from collections.abc import Iterator, Mapping, Sequence

from connectors.base import EntitlementRecord, GrantRecord, Ref, ResourceRecord, Unread
from connectors.errors import Remote
from connectors.workato import roles as shapes
from connectors.workato.people import TYPE
from connectors.workato.roles import Held, Role
from connectors.workato.snapshot import GROUPS, WHAT_ROLES_ALLOW, Snapshot

Rows = Iterator[GrantRecord | Unread]


def role_grants(snapshot: Snapshot) -> Rows:
    """Everybody's role in each environment; a kind whose list is missing is unread."""
    refused = {kind: why for kind, why in snapshot.roles.unlisted.items() if why}
    unread: dict[Ref, str] = {}
    for member, held in snapshot.held.items():
        account = Ref(TYPE, member)
        for each in held:
            role = snapshot.roles.find(each)
            if role is not None:
                yield GrantRecord(role.ref(each.environment), shapes.SLUG, account)
            elif each.kind in refused:
                unread[Ref(each.kind, f"{each.name}-{each.environment}")] = refused[each.kind]
    for ref, why in unread.items():
        yield Unread(ref, why)


def folder_grants(snapshot: Snapshot) -> Rows:
    """Who reaches which folder through a role that is limited to some.

    A role that reaches all folders says so as a fact, instead of a row for each
    collaborator and folder (defect 15). Where it is not known what a role that
    somebody holds reaches, every folder is unread.
    """
    for key, why in snapshot.tree.unread.items():
        yield Unread(Ref("folder", key), why)
    known = {each: snapshot.role(each) for held in snapshot.held.values() for each in held}
    asked = WHAT_ROLES_ALLOW not in snapshot.left_out
    if asked and any(_is_unknown(role) for role in known.values()):
        why = "What an inherited role reaches could not be read; the next sync tries again."
        for key in snapshot.tree.folders:
            yield Unread(Ref("folder", key), why)
    for member, held in snapshot.held.items():
        account = Ref(TYPE, member)
        for each in held:
            role = known[each]
            for folder in (role.folders or ()) if role else ():
                if role and folder in snapshot.tree.folders:
                    via = role.ref(each.environment)
                    yield GrantRecord(Ref("folder", folder), "collaborator-access", account, via)


def privilege_resources(snapshot: Snapshot) -> Iterator[ResourceRecord]:
    """Each privilege in each environment, with the roles that have it as a fact."""
    by_privilege: dict[tuple[str, str, str], list[str]] = {}
    for role, environment in snapshot.every_role():
        for group, actions in (role.privileges or {}).items():
            for action in dict.fromkeys(actions):
                by_privilege.setdefault((group, action, environment), []).append(role.name)
    for (group, action, environment), names in by_privilege.items():
        facts = {"environment": environment, "roles": ", ".join(dict.fromkeys(names))}
        ref = privilege_ref(group, action, environment)
        name = f"{group}: {action} in {environment}"
        yield ResourceRecord(ref.type, ref.id, name, "", None, facts)


def privilege_ref(group: str, action: str, environment: str) -> Ref:
    """The resource of a privilege in an environment."""
    return Ref("privilege", f"{group}-{action}-{environment}")


def privilege_entitlement(privilege: ResourceRecord) -> EntitlementRecord:
    """Having a privilege, which only ever comes with a role (L8)."""
    environment = privilege.facts.get("environment", "")
    return EntitlementRecord(
        privilege.ref,
        "assigned",
        privilege.name,
        "",
        "assignment",
        fixed_why=f"It follows from the role that somebody has in {environment}: change the role.",
    )


def privilege_grants(snapshot: Snapshot) -> Rows:
    """Everybody's privileges, each through the role that it follows from."""
    refs: dict[Held, list[Ref]] = {}
    for member, held in snapshot.held.items():
        account = Ref(TYPE, member)
        for each in held:
            role = snapshot.role(each)
            if role is None:
                continue
            via = role.ref(each.environment)
            for ref in refs.setdefault(each, _privileges(role, each.environment)):
                yield GrantRecord(ref, "assigned", account, via)


def group_grants(snapshot: Snapshot) -> Rows:
    """Members of collaborator groups."""
    for key, members in snapshot.group_members.items():
        ref = Ref("group", key)
        if isinstance(members, Remote):
            yield Unread(ref, members.sentence)
            continue
        for member in _people(snapshot, members):
            yield GrantRecord(ref, "member", member)


def project_grants(snapshot: Snapshot) -> Rows:
    """Project roles, given to a collaborator or through a group."""
    for key, rows in snapshot.project_grants.items():
        project = Ref("project", key)
        if isinstance(rows, Remote):
            yield Unread(project, rows.sentence)
            continue
        for row in rows:
            yield from _project_grant(snapshot, project, row)


def _project_grant(snapshot: Snapshot, project: Ref, row: Mapping[str, object]) -> Rows:
    role, group, user = row.get("project_role"), row.get("user_group"), row.get("user")
    slug = str(role["id"]) if isinstance(role, dict) else ""
    if isinstance(user, dict):
        for member in _people(snapshot, [user]):
            yield GrantRecord(project, slug, member)
    if not isinstance(group, dict):
        return
    via = Ref("group", str(group["id"]))
    members = snapshot.group_members.get(via.id)
    if members is None and GROUPS in snapshot.left_out:
        return
    if not isinstance(members, list):
        why = members.sentence if members else "It is new; the next sync reads it."
        yield Unread(project, f"Some have it through group {via.id}. {why}")
        return
    for member in _people(snapshot, members):
        yield GrantRecord(project, slug, member, via)


def _people(snapshot: Snapshot, rows: Sequence[Mapping[str, object]]) -> list[Ref]:
    ids = dict.fromkeys(str(row.get("id")) for row in rows)
    return [Ref(TYPE, each) for each in ids if each in snapshot.held]


def _privileges(role: Role, environment: str) -> list[Ref]:
    pairs = ((group, each) for group, ids in (role.privileges or {}).items() for each in ids)
    return [privilege_ref(group, action, environment) for group, action in dict.fromkeys(pairs)]


def _is_unknown(role: Role | None) -> bool:
    if role is None or role.kind != shapes.LEGACY:
        return False
    return role.origin == "inherited" and role.folders is None
