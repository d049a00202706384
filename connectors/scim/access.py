"""What access is given to in a SCIM application: groups, roles, entitlements, other resources.

No RFC lists the roles that there are: they are those that somebody has, those
that the schema names, and those of a /Roles that some servers have. Nothing here
does I/O.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.base import EntitlementRecord, ResourceRecord
from connectors.pages import Row
from connectors.scim.discovery import Discovered, Kind
from connectors.scim.values import elements, get, resource_id, text, value_of

GROUP, ROLE, LICENCE, OTHER = "group", "role", "entitlement", "other"
READ_ONLY = "The server's schema says that {} are for reading: change this in the application."
NOT_OURS = "Only groups, roles and entitlements are changed through SCIM."
ATTRIBUTE = {ROLE: "roles", LICENCE: "entitlements"}


@dataclass(frozen=True, slots=True)
class Held:
    """One value of somebody's `roles` or `entitlements`."""

    id: str
    name: str


def held(kind: str, user: Row) -> list[Held] | None:
    """What a user has of roles or entitlements, each once; None if it cannot be read."""
    found = elements(get(user, ATTRIBUTE[kind]))
    if found is None or not all(value_of(each) for each in found):
        return None
    pairs = {value_id(kind, each): text(get(each, "display")) for each in found}
    return [Held(identity, name or value_in(kind, identity)[0]) for identity, name in pairs.items()]


def other_id(kind: Kind, row: Row) -> str:
    """The id of a resource of a type of the server's own: ids are unique within a type only."""
    return f"{kind.path.strip('/')}/{resource_id(row)}"


def value_id(kind: str, element: Any) -> str:
    """The id of one value; for an entitlement its type is part of what it is."""
    said = _escaped(value_of(element))
    sort = text(get(element, "type")) if kind == LICENCE else ""
    return f"{_escaped(sort)}/{said}" if sort else said


def value_in(kind: str, identity: str) -> tuple[str, str]:
    """The value and the type ("" if none) that an id was made of."""
    sort, slash, said = identity.rpartition("/")
    return _plain(said if slash and kind == LICENCE else identity), _plain(sort)


def groups(rows: Iterable[Row]) -> Iterator[ResourceRecord]:
    """Groups that have an id."""
    for row in rows:
        if resource_id(row):
            facts = {"external_id": said} if (said := text(get(row, "externalId"))) else {}
            name = text(get(row, "displayName")) or resource_id(row)
            yield ResourceRecord(GROUP, resource_id(row), name, "", None, facts)


def groups_of_users(users: Iterable[Row]) -> Iterator[ResourceRecord]:
    """Groups that only users show, where the server has no list of them."""
    found: dict[str, str] = {}
    for user in users:
        for each in elements(get(user, "groups")) or ():
            if value_of(each):
                found.setdefault(value_of(each), text(get(each, "display")))
    for identity, name in found.items():
        yield ResourceRecord(GROUP, identity, name or identity)


def values(
    kind: str, users: Iterable[Row], known: Discovered, listed: Iterable[Row]
) -> Iterator[ResourceRecord]:
    """The roles or entitlements that the server lists, its schema names, or somebody has."""
    found: dict[str, str] = {}
    for row in listed:
        said = text(get(row, "value")) or text(get(row, "id")) or value_of(row)
        if said:
            name = text(get(row, "display")) or text(get(row, "displayName"))
            found.setdefault(value_id(kind, {**row, "value": said}), name or said)
    for user in users:
        for each in held(kind, user) or ():
            found.setdefault(each.id, each.name)
    for said in known.canonical.get(ATTRIBUTE[kind], ()):
        found.setdefault(value_id(kind, said), said)
    for identity, name in found.items():
        _, sort = value_in(kind, identity)
        yield ResourceRecord(kind, identity, name, "", None, {"type": sort} if sort else {})


def others(kind: Kind, rows: Iterable[Row]) -> Iterator[ResourceRecord]:
    """Resources of a type of the server's own, named together with that type."""
    for row in rows:
        if resource_id(row):
            name = text(get(row, "displayName")) or text(get(row, "name")) or resource_id(row)
            facts = {"resource_type": kind.name}
            yield ResourceRecord(OTHER, other_id(kind, row), name, "", None, facts)


def entitlement(resource: ResourceRecord, fixed: Mapping[str, str]) -> EntitlementRecord:
    """The one thing that is held on a resource; `fixed` says by type why it cannot be changed."""
    why = fixed.get(resource.type, "")
    if resource.type in (GROUP, OTHER):
        about = f"Member of {resource.name}"
        return EntitlementRecord(
            resource.ref, "member", "Member", about, "assignment", not why, why
        )
    noun = "role" if resource.type == ROLE else "entitlement"
    return EntitlementRecord(
        resource.ref,
        "assigned",
        "Assigned",
        f"Has the {noun} {resource.name}",
        "permission" if resource.type == ROLE else "assignment",
        not why,
        why,
    )


def only(kind: str, resources: Sequence[ResourceRecord]) -> list[ResourceRecord]:
    """The resources of one type."""
    return [resource for resource in resources if resource.type == kind]


def _escaped(said: str) -> str:
    return said.replace("%", "%25").replace("/", "%2F")


def _plain(said: str) -> str:
    return said.replace("%2F", "/").replace("%25", "%")
