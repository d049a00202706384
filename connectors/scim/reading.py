"""One reading of everything that a SCIM server shows."""

from collections.abc import Iterator, Mapping, Sequence

from connectors.base import AccountRecord, GrantRecord, Ref, ResourceRecord, Unread
from connectors.errors import Forbidden, Missing, Rejected, Remote, Unavailable
from connectors.pages import Row
from connectors.scim import access, memberships
from connectors.scim.access import ATTRIBUTE, GROUP, LICENCE, NOT_OURS, OTHER, READ_ONLY, ROLE
from connectors.scim.api import Api
from connectors.scim.config import ScimConfig
from connectors.scim.discovery import Kind
from connectors.scim.people import TYPE, accounts, unreadable
from connectors.scim.values import resource_id

ON_USERS_ONLY = "The server has no list of groups that could be changed: do it in the application."


class Reading:
    """What one run has read so far, so that nothing is read twice.

    Costs three requests for what the server says of itself, one per page of
    users, of groups and of other types, and one per group where the list of
    groups does not show members.
    """

    def __init__(self, api: Api, config: ScimConfig) -> None:
        self._api = api
        self._config = config
        self._users: list[Row] | None = None
        self._groups: list[Row] | None = None
        self._has_resources = False
        self._others: dict[Kind, list[Row]] = {}
        self._unread: list[Unread] = []
        self.fixed: Mapping[str, str] = {OTHER: NOT_OURS}

    def accounts(self) -> Iterator[AccountRecord]:
        """Everybody who has an id."""
        return accounts(self._everybody())

    def resources(self) -> Iterator[ResourceRecord]:
        """Groups, roles, entitlements, other types."""
        self._unread = []
        users, known = self._everybody(), self._api.known
        self._groups = self._read_groups()
        listed: dict[str, list[Row]] = {ROLE: [], LICENCE: []}
        for what, kind in known.catalogues:
            listed[what] += self._read(kind)
        self._others = {kind: self._read(kind) for kind in known.others}
        self.fixed = self._fixed()
        self._has_resources = True
        if self._groups is None:
            yield from access.groups_of_users(users)
        else:
            yield from access.groups(self._groups)
        for what in (ROLE, LICENCE):
            yield from access.values(what, users, known, listed[what])
        for kind, rows in self._others.items():
            yield from access.others(kind, rows)

    def grants(self, resources: Sequence[ResourceRecord]) -> Iterator[GrantRecord | Unread]:
        """Whom and what nobody could read, then who has what."""
        if not self._has_resources:
            list(self.resources())
        users = self._everybody()
        yield from self._unread
        for n, user in enumerate(users, 1):
            why = unreadable(user)
            if why:
                yield Unread(Ref(TYPE, resource_id(user) or f"number {n} of the list"), why)
        known = {identity for user in users if (identity := resource_id(user))}
        yield from self._memberships(resources, known)
        for what in (ROLE, LICENCE):
            yield from _values(what, access.only(what, resources), users)

    def _everybody(self) -> list[Row]:
        if self._users is None:
            self._users = self._api.every(self._api.known.users_path, "users")
        return self._users

    def _read_groups(self) -> list[Row] | None:
        """The groups; None if the server has no list of them."""
        known = self._api.known
        try:
            return self._api.every(known.groups_path, "groups")
        except (Missing, Unavailable, Rejected, Forbidden) as refusal:
            if refusal.retry:
                raise
            if isinstance(refusal, Forbidden) or known.announces_groups:
                self._unread.append(Unread(Ref(GROUP, "all of them"), refusal.sentence))
            else:
                self._api.client.log(f"This server has no groups: {refusal}")
            return None

    def _read(self, kind: Kind) -> list[Row]:
        try:
            return self._api.every(kind.path, kind.name)
        except Remote as refusal:
            if refusal.retry:
                raise
            self._unread.append(Unread(Ref(OTHER, kind.path.strip("/")), refusal.sentence))
            return []

    def _fixed(self) -> Mapping[str, str]:
        """Why what cannot be changed, by type of resource (L7)."""
        names = {GROUP: "members", **ATTRIBUTE}
        read_only = self._api.known.read_only
        fixed = {kind: READ_ONLY.format(name) for kind, name in names.items() if name in read_only}
        if self._groups is None:
            fixed[GROUP] = ON_USERS_ONLY
        return {**fixed, OTHER: NOT_OURS}

    def _memberships(
        self, resources: Sequence[ResourceRecord], known: set[str]
    ) -> Iterator[GrantRecord | Unread]:
        if not any(each.type in (GROUP, OTHER) for each in resources):
            return
        source = "users" if self._groups is None else self._config.membership
        rows = self._groups or [{"id": group.id} for group in access.only(GROUP, resources)]
        groups = memberships.members_of_groups(self._api, rows, self._everybody(), source)
        of_others = {
            access.other_id(kind, {"id": identity}): members
            for kind, rows in self._others.items()
            for identity, members in memberships.members_of_others(
                self._api, kind, rows, set(groups)
            ).items()
        }
        found = [
            (each, (groups if each.type == GROUP else of_others).get(each.id, "It was not read."))
            for each in resources
            if each.type in (GROUP, OTHER)
        ]
        yield from memberships.grants(found, groups, known)
        n_strangers = memberships.strangers(groups, known)
        if n_strangers:
            self._api.client.log(
                f"{n_strangers} members of groups are not among the users that were read; "
                "if they are new, the next sync shows them"
            )


def _values(
    what: str, resources: Sequence[ResourceRecord], users: Sequence[Row]
) -> Iterator[GrantRecord]:
    refs = {resource.id: resource.ref for resource in resources}
    for user in users:
        for each in access.held(what, user) or ():
            if each.id in refs and resource_id(user):
                yield GrantRecord(refs[each.id], "assigned", Ref(TYPE, resource_id(user)))
