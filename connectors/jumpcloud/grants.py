"""Who holds what in JumpCloud: members of groups, users of applications, administrators' roles."""

from collections.abc import Iterator, Mapping, Sequence

from connectors.base import GrantRecord, Ref, ResourceRecord, Unread
from connectors.errors import Remote
from connectors.jumpcloud.api import Api
from connectors.jumpcloud.memberships import memberships
from connectors.jumpcloud.resources import role_id, roles_of
from connectors.pages import Row

Links = list[tuple[str, str]]


class GrantReading:
    """One reading of all grants: groups first, since applications are given to groups.

    An application costs one request per 100 people and groups that it is bound
    to; who has it through a group follows from the members already held.
    """

    def __init__(self, api: Api, people: Sequence[Row]) -> None:
        self._api = api
        self._people = people
        self._known = {row["_id"]: Ref("user", row["_id"]) for row in people}
        self._members: dict[str, list[Ref] | Remote] = {}

    def groups(self, groups: Sequence[ResourceRecord]) -> Iterator[GrantRecord | Unread]:
        """Members of each group."""
        refs = {group.id: group.ref for group in groups}
        for identity, found in memberships(self._api, groups, self._people):
            members = self._remember(identity, found)
            ref = refs[identity]
            if isinstance(members, Remote):
                yield Unread(ref, members.sentence)
                continue
            for person in members:
                yield GrantRecord(ref, "member", person)

    def applications(self, apps: Sequence[ResourceRecord]) -> Iterator[GrantRecord | Unread]:
        """Users of each application: one record per way in which somebody has it."""
        found = dict(self._api.client.map(self._api.links, [app.id for app in apps]))
        self._read_groups_of(found)
        for app in apps:
            links = found[app.id]
            if isinstance(links, Remote):
                yield Unread(app.ref, links.sentence)
            else:
                yield from self._users(app.ref, links)

    def _users(self, app: Ref, links: Links) -> Iterator[GrantRecord | Unread]:
        for kind, identity in links:
            if kind == "user" and identity in self._known:
                yield GrantRecord(app, "access", self._known[identity])
            elif kind == "user_group":
                yield from self._users_through(app, identity)

    def _users_through(self, app: Ref, group: str) -> Iterator[GrantRecord | Unread]:
        members = self._members[group]
        if isinstance(members, Remote):
            why = f"Some have it through group {group}, which could not be read: {members.sentence}"
            yield Unread(app, why)
            return
        via = Ref("group", group)
        for person in members:
            yield GrantRecord(app, "access", person, via)

    def _read_groups_of(self, found: Mapping[str, Links | Remote]) -> None:
        """Read the groups that only an application names: new ones, or ones not asked for."""
        groups = dict.fromkeys(
            identity
            for links in found.values()
            if not isinstance(links, Remote)
            for kind, identity in links
            if kind == "user_group" and identity not in self._members
        )
        for identity, members in self._api.client.map(self._api.members, groups):
            self._remember(identity, members)

    def _remember(self, group: str, found: list[str] | Remote) -> list[Ref] | Remote:
        if isinstance(found, Remote):
            self._members[group] = found
            return found
        known = self._known
        members = [known[person] for person in found if person in known]
        if len(members) < len(found):
            self._api.client.log(
                f"{len(found) - len(members)} members of group {group} are not among the people "
                "that were read; if they are new, the next sync shows them"
            )
        self._members[group] = members
        return members


def role_grants(
    roles: Sequence[ResourceRecord], administrators: Sequence[Row] | Remote
) -> Iterator[GrantRecord | Unread]:
    """Which administrator has which role; every role is unread if administrators are."""
    if isinstance(administrators, Remote):
        for role in roles:
            yield Unread(role.ref, administrators.sentence)
        return
    refs = {role.id: role.ref for role in roles}
    for row in administrators:
        account = Ref("admin", row["_id"])
        for identity in dict.fromkeys(role_id(name) for name in roles_of(row)):
            if identity in refs:
                yield GrantRecord(refs[identity], "member", account)
