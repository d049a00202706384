"""Workato as a connector: collaborators, their roles by environment, and what those reach."""

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from connectors.accounts import Added
from connectors.base import (
    AccountRecord,
    EntitlementRecord,
    Granted,
    GrantRecord,
    Net,
    Ref,
    ResourceRecord,
    ResourceType,
    Revoked,
    SignedIn,
    Unread,
    Verb,
)
from connectors.steps import Guide
from connectors.workato import holdings, places
from connectors.workato import roles as shapes
from connectors.workato.api import Api, row_id
from connectors.workato.changes import Changes
from connectors.workato.config import WorkatoConfig
from connectors.workato.people import account
from connectors.workato.signing_in import signed_in
from connectors.workato.snapshot import Snapshot, scope, take
from connectors.workato.steps import GUIDE

PRIVILEGES_TOO = "entitlements"


class Workato:
    """Reads a Workato workspace and changes collaborators' roles, one environment at a time."""

    kind: ClassVar[str] = "workato"
    title: ClassVar[str] = "Workato"
    summary: ClassVar[str] = (
        "Reads collaborators, roles by environment, privileges, folders, projects and groups; "
        "sets roles in each environment."
    )
    is_directory: ClassVar[bool] = False
    is_beta: ClassVar[bool] = False
    guide: ClassVar[Guide] = GUIDE
    Config: ClassVar[type[WorkatoConfig]] = WorkatoConfig
    resource_types: ClassVar[tuple[ResourceType, ...]] = (
        ResourceType("role", "Role", can_provision=True),
        ResourceType("environment_role", "Environment role", can_provision=True),
        ResourceType("privilege", "Privilege"),
        ResourceType("folder", "Folder"),
        ResourceType("project", "Project"),
        ResourceType("group", "Collaborator group"),
    )

    def __init__(self, config: WorkatoConfig, net: Net) -> None:
        self._config = config
        self._api = Api(config, net)
        self._changes = Changes(self._api)
        self._taken: Snapshot | None = None
        self._rights: dict[Ref, EntitlementRecord] = {}

    @property
    def requests(self) -> int:
        """How many requests were sent so far, repeated ones included."""
        return self._api.client.requests

    @property
    def scope(self) -> str:
        """What the population is narrowed to (L9); reads the workspace."""
        return scope(self._config, self._snapshot())

    def close(self) -> None:
        """Give back connections."""
        self._api.client.close()

    def check(self) -> SignedIn:
        """Say which workspace this token opens and which endpoints are not ticked."""
        return signed_in(self._api, self._config)

    def accounts(self) -> Iterator[AccountRecord]:
        """Collaborators. Whoever has not accepted an invitation is none yet."""
        return map(account, self._snapshot().members)

    def resources(self) -> Iterator[ResourceRecord]:
        """Roles in environments, then privileges, projects, folders and groups."""
        snapshot = self._snapshot()
        names = snapshot.tree.names()
        for role, environment in snapshot.every_role():
            yield shapes.resource(role, environment, names)
        yield from holdings.privilege_resources(snapshot)
        yield from places.project_resources(snapshot.projects)
        yield from places.folder_resources(snapshot.tree, snapshot.projects)
        for row in snapshot.groups:
            name, about = str(row.get("name") or row_id(row)), str(row.get("description") or "")
            yield ResourceRecord("group", row_id(row), name, about)

    def entitlements(self, resource: ResourceRecord) -> Iterable[EntitlementRecord]:
        """A role's and a group's holders, project roles; privileges only where switched on."""
        match resource.type:
            case shapes.LEGACY | shapes.NEWER:
                return (self._role_rights()[resource.ref],)
            case "folder":
                return (places.folder_entitlement(resource),)
            case "project":
                roles = self._snapshot().project_roles
                return places.project_entitlements(resource, roles)
            case "group":
                about = f"Member of the collaborator group {resource.name}"
                return (EntitlementRecord(resource.ref, "member", "Member", about),)
        if self._config.privileges == PRIVILEGES_TOO:
            return (holdings.privilege_entitlement(resource),)
        return ()

    def grants(self, resources: Sequence[ResourceRecord]) -> Iterator[GrantRecord | Unread]:
        """Roles, folders through roles, groups, and project roles by every way."""
        wanted = {resource.ref for resource in resources}
        for found in self._found():
            if isinstance(found, Unread) or found.resource in wanted:
                yield found

    def holds(self, account: AccountRecord, entitlement: EntitlementRecord) -> bool | None:
        """Whether the collaborator has the role now; None for anything but roles."""
        return self._changes.holds(account, entitlement)

    def current(
        self, account: AccountRecord, entitlement: EntitlementRecord
    ) -> EntitlementRecord | None:
        """The role that the collaborator has in the entitlement's environment now."""
        return self._changes.current(account, entitlement)

    def grant(self, account: AccountRecord, entitlement: EntitlementRecord) -> Granted:
        """Set the collaborator's role in one environment."""
        return self._changes.grant(account, entitlement)

    def revoke(self, account: AccountRecord, entitlement: EntitlementRecord) -> Revoked:
        """Set "No access" in one environment."""
        return self._changes.revoke(account, entitlement)

    def obstacle(self, entitlement: EntitlementRecord) -> str:
        """Read the roles again: the name may be ambiguous by now."""
        return self._changes.obstacle(entitlement)

    def call(self, verb: Verb, account: AccountRecord, entitlement: EntitlementRecord) -> str:
        """The request that sets the role."""
        return self._changes.call(verb, account, entitlement)

    def add_account(
        self, name: str, email: str, entitlements: Sequence[EntitlementRecord]
    ) -> Added:
        """Invite a collaborator."""
        return self._changes.add_account(name, email, entitlements)

    def remove_account(self, account: AccountRecord) -> Revoked:
        """Remove a collaborator."""
        return self._changes.remove_account(account)

    def _found(self) -> Iterator[GrantRecord | Unread]:
        snapshot = self._snapshot()
        yield from holdings.role_grants(snapshot)
        if self._config.privileges == PRIVILEGES_TOO:
            yield from holdings.privilege_grants(snapshot)
        yield from holdings.folder_grants(snapshot)
        yield from holdings.group_grants(snapshot)
        yield from holdings.project_grants(snapshot)

    def _role_rights(self) -> dict[Ref, EntitlementRecord]:
        if not self._rights:
            for role, environment in self._snapshot().every_role():
                right = shapes.entitlement(role, environment)
                self._rights[right.resource] = right
        return self._rights

    def _snapshot(self) -> Snapshot:
        if self._taken is None:
            self._taken = take(self._api, self._config)
        return self._taken
