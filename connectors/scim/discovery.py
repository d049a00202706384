"""What a server says of itself: its configuration, resource types and schemas (RFC 7643, 5 to 7).

All of it is optional. What is refused or not there is taken for unsaid, and the
reading goes on without it; a server that has a fault at the moment ends the run,
since half an answer could pass for things that are gone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from connectors.errors import Blocked, Missing, Remote
from connectors.http import Client
from connectors.scim.values import elements, flag, get, text

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
LARGEST_PAGE = 1000
USUAL_PAGE = 100
CATALOGUES = {"role": "role", "roles": "role", "entitlement": "entitlement",
              "entitlements": "entitlement"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """One resource type: its name, the path of its list, whether its schema has members."""

    name: str
    path: str
    has_members: bool = False


@dataclass(frozen=True, slots=True)
class Discovered:
    """What is known of a server before its users are read.

    `kinds` is None if the server does not list its resource types; `others` are
    those that are neither users nor groups, `catalogues` those that list roles or
    entitlements, by which of them. `canonical` has the values that the schema
    gives for an attribute; `read_only` the attributes that cannot be changed.
    """

    page_size: int = USUAL_PAGE
    by_cursor: bool = False
    sorts: bool = False
    kinds: tuple[Kind, ...] | None = None
    canonical: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    read_only: frozenset[str] = frozenset()

    @property
    def users_path(self) -> str:
        """Where users are listed."""
        return self._path_of("user", "/Users")

    @property
    def groups_path(self) -> str:
        """Where groups are listed."""
        return self._path_of("group", "/Groups")

    @property
    def announces_groups(self) -> bool:
        """Whether groups are among the resource types that the server lists."""
        return any(kind.name.lower() == "group" for kind in self.kinds or ())

    @property
    def catalogues(self) -> tuple[tuple[str, Kind], ...]:
        """The types that list what users' `roles` and `entitlements` may say."""
        known = self.kinds or ()
        found = [(CATALOGUES.get(kind.name.lower(), ""), kind) for kind in known]
        return tuple((what, kind) for what, kind in found if what)

    @property
    def others(self) -> tuple[Kind, ...]:
        """The remaining types, which may have members."""
        names = ("user", "group", *CATALOGUES)
        return tuple(kind for kind in self.kinds or () if kind.name.lower() not in names)

    def _path_of(self, name: str, usual: str) -> str:
        found = [kind.path for kind in self.kinds or () if kind.name.lower() == name]
        return found[0] if found else usual


def discover(client: Client) -> Discovered:
    """Ask for all three; three requests, four where an old server says 404 to the first."""
    config = _asked(client, "/ServiceProviderConfig")
    if config is None:
        config = _asked(client, "/ServiceProviderConfigs")
    types = _rows(_asked(client, "/ResourceTypes"))
    schemas = _rows(_asked(client, "/Schemas")) or []
    attributes = [each for schema in schemas for each in _attributes(schema)]
    paging = get(config, "pagination")
    return Discovered(
        page_size=_page_size(config, paging),
        by_cursor=_goes_by_cursor(paging),
        sorts=_supports(config, "sort"),
        kinds=None if types is None else tuple(_kinds(types, client.base_url, schemas)),
        canonical={
            text(get(each, "name")).lower(): found
            for each in attributes
            if (found := _canonical(each))
        },
        read_only=frozenset(
            text(get(each, "name")).lower()
            for each in attributes
            if text(get(each, "mutability")).lower() == "readonly"
        ),
    )


def read_only_now(client: Client, attribute: str) -> bool:
    """Ask the schemas afresh whether an attribute can only be read."""
    schemas = _rows(_asked(client, "/Schemas")) or []
    return any(
        text(get(each, "name")).lower() == attribute
        and text(get(each, "mutability")).lower() == "readonly"
        for schema in schemas
        for each in _attributes(schema)
    )


def _asked(client: Client, path: str) -> Any:
    try:
        return client.get(path).data
    except Blocked:
        raise
    except Remote as refusal:
        if refusal.retry:
            raise
        if not isinstance(refusal, Missing):
            client.log(f"Discovery: {refusal}")
        return None


def _rows(data: Any) -> list[Any] | None:
    """The rows of a list response, which some servers send as a bare array."""
    if isinstance(data, list):
        return data
    found = get(data, "Resources")
    return found if isinstance(found, list) else None


def _kinds(rows: list[Any], base_url: str, schemas: list[Any]) -> list[Kind]:
    with_members = _with_members(schemas)
    found: list[Kind] = []
    for row in rows:
        name = text(get(row, "name")) or text(get(row, "id"))
        endpoint = get(row, "endpoint")
        path = _relative(endpoint, base_url) if isinstance(endpoint, str) else ""
        if name and path:
            has_members = text(get(row, "schema")).lower() in with_members
            found.append(Kind(name, path, has_members))
    return found


def _relative(endpoint: str, base_url: str) -> str:
    """The path of a list below the base URL, which some servers repeat; "" if it is elsewhere."""
    for base in (base_url, urlsplit(base_url).path):
        if base and endpoint.startswith(f"{base}/"):
            endpoint = endpoint.removeprefix(base)
    is_elsewhere = not endpoint or "://" in endpoint or "?" in endpoint or ".." in endpoint
    return "" if is_elsewhere else "/" + endpoint.strip("/")


def _with_members(schemas: list[Any]) -> set[str]:
    """The schemas of which resources have members."""
    return {
        text(get(schema, "id")).lower()
        for schema in schemas
        for each in elements(get(schema, "attributes")) or ()
        if text(get(each, "name")).lower() == "members"
    }


def _page_size(config: Any, paging: Any) -> int:
    for said in (get(paging, "maxPageSize"), get(get(config, "filter"), "maxResults")):
        if type(said) is int and said > 0:
            return min(said, LARGEST_PAGE)
    return USUAL_PAGE


def _goes_by_cursor(paging: Any) -> bool:
    # RFC 9865, 4: a server with both says which one it uses unasked.
    if flag(get(paging, "cursor")) is not True:
        return False
    default = text(get(paging, "defaultPaginationMethod")).lower()
    return default == "cursor" or flag(get(paging, "index")) is False


def _supports(config: Any, feature: str) -> bool:
    return flag(get(get(config, feature), "supported")) is True


def _attributes(schema: Any) -> list[Any]:
    if text(get(schema, "id")).lower() not in (USER.lower(), GROUP.lower()):
        return []
    return elements(get(schema, "attributes")) or []


def _canonical(attribute: Any) -> tuple[str, ...]:
    for part in elements(get(attribute, "subAttributes")) or ():
        if text(get(part, "name")).lower() == "value":
            given: Callable[[Any], list[Any] | None] = elements
            return tuple(filter(None, map(text, given(get(part, "canonicalValues")) or ())))
    return ()
