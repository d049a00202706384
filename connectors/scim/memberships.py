"""Who is in which group: from the lists of groups, from each group, or from each user.

Servers show members with the list of groups, only with a single group, or only
with the users; some show nothing where nobody is in. What is there is found out
by looking, and the way that takes the fewest requests is taken.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.base import GrantRecord, Ref, ResourceRecord, Unread
from connectors.errors import Remote
from connectors.pages import Row
from connectors.scim.access import GROUP
from connectors.scim.api import Api
from connectors.scim.discovery import Kind
from connectors.scim.people import TYPE
from connectors.scim.values import elements, get, resource_id, text, value_of


@dataclass(frozen=True, slots=True)
class Members:
    """The direct members of one group: users, and groups inside it."""

    users: tuple[str, ...]
    groups: tuple[str, ...]


Found = dict[str, Members | Remote | str]


def members_of_groups(api: Api, rows: Sequence[Row], users: Sequence[Row], source: str) -> Found:
    """The members of each group by its id, or what prevented reading them.

    `source` is auto, groups or users. Costs no request where the list of groups
    or the users have them, else one per group.
    """
    known = {identity for row in rows if (identity := resource_id(row))}
    if source == "users":
        return _from_users(known, users)
    if _is_inline(rows, users):
        return {resource_id(row): _members(row, known) for row in rows if resource_id(row)}
    if source == "auto" and _show_groups(users) and not _shows_members(api, rows, users):
        api.client.log("Memberships: read from the users; groups do not show their members")
        return _from_users(known, users)
    return _one_by_one(api, api.known.groups_path, known, known)


def members_of_others(api: Api, kind: Kind, rows: Sequence[Row], groups: set[str]) -> Found:
    """The same for a type of the server's own; read one by one if its schema has members."""
    if any(get(row, "members") is not None for row in rows) or not kind.has_members:
        return {resource_id(row): _members(row, groups) for row in rows if resource_id(row)}
    return _one_by_one(api, kind.path, {resource_id(row) for row in rows} - {""}, groups)


def grants(
    found: Sequence[tuple[ResourceRecord, Members | Remote | str]], groups: Found, known: set[str]
) -> Iterator[GrantRecord | Unread]:
    """Who is a member of what: directly, and through each group inside it.

    `found` has each resource with its members; `known` are the users that were read.
    """
    for resource, members in found:
        if not isinstance(members, Members):
            yield Unread(resource.ref, _why(members))
            continue
        for user in members.users:
            if user in known:
                yield GrantRecord(resource.ref, "member", Ref(TYPE, user))
        for inner in members.groups:
            users, unread = _inside(groups, inner, resource.id)
            for user in users:
                if user in known:
                    via = Ref(GROUP, inner)
                    yield GrantRecord(resource.ref, "member", Ref(TYPE, user), via)
            for each in unread:
                why = f"Some are in it through group {each}, which is unread."
                yield Unread(resource.ref, why)


def strangers(groups: Found, known: set[str]) -> int:
    """How many users are in groups and not among those that were read."""
    members = [each for each in groups.values() if isinstance(each, Members)]
    return len({user for each in members for user in each.users} - known)


def is_group(member: Any, known: set[str]) -> bool:
    """Whether a member is a group: it says so, its address does, or it is one that we know."""
    sort = text(get(member, "type")).lower()
    if sort:
        return sort == "group"
    address = text(get(member, "$ref"))
    return "/groups/" in address.lower() if address else value_of(member) in known


def _one_by_one(api: Api, path: str, identities: Iterable[str], groups: set[str]) -> Found:
    api.client.log(f"Memberships: read one by one; the list {path} does not show members")
    found: Found = {}
    for identity, one in api.client.map(lambda each: api.one(path, each), identities):
        found[identity] = one if isinstance(one, Remote) else _members(one.row, groups)
    return found


def _members(row: Row, known: set[str]) -> Members | str:
    found = elements(get(row, "members"))
    if found is None or not all(value_of(each) for each in found):
        return "Its members are of no known shape."
    users = [value_of(each) for each in found if not is_group(each, known)]
    groups = [value_of(each) for each in found if is_group(each, known)]
    return Members(tuple(dict.fromkeys(users)), tuple(dict.fromkeys(groups)))


def _inside(found: Found, inner: str, outer: str) -> tuple[list[str], list[str]]:
    """Everybody in a group and those inside it, and which of them are unread; circles end."""
    users: dict[str, None] = {}
    unread: list[str] = []
    seen, waiting = {outer}, [inner]
    while waiting:
        key = waiting.pop()
        if key in seen:
            continue
        seen.add(key)
        members = found.get(key)
        if isinstance(members, Members):
            users |= dict.fromkeys(members.users)
            waiting += members.groups
        else:
            unread.append(key)
    return list(users), unread


def _why(failure: Remote | str) -> str:
    return failure if isinstance(failure, str) else failure.sentence


def _is_inline(rows: Sequence[Row], users: Sequence[Row]) -> bool:
    """Whether the list of groups shows members; one that shows only empty ones is asked twice."""
    if any(elements(get(row, "members")) for row in rows):
        return True
    return any(get(row, "members") == [] for row in rows) and not _show_groups(users)


def _show_groups(users: Sequence[Row]) -> bool:
    return any(elements(get(user, "groups")) for user in users)


def _shows_members(api: Api, rows: Sequence[Row], users: Sequence[Row]) -> bool:
    """Whether a group, read alone, shows members: asked of one that somebody is in."""
    named = {value_of(each) for user in users for each in elements(get(user, "groups")) or ()}
    full = [resource_id(row) for row in rows if resource_id(row) in named]
    if not full:
        return True
    return bool(elements(get(api.one(api.known.groups_path, full[0]).row, "members")))


def _from_users(known: set[str], users: Sequence[Row]) -> Found:
    members: dict[str, list[str]] = {identity: [] for identity in known}
    for user in users:
        for each in elements(get(user, "groups")) or ():
            members.setdefault(value_of(each), []).append(resource_id(user))
    return {key: Members(tuple(dict.fromkeys(each)), ()) for key, each in members.items()}
