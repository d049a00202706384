"""SCIM as a connector: any application that serves it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar
from urllib.parse import urlsplit

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
from connectors.errors import Forbidden, Missing, Rejected, Unavailable
from connectors.scim import access
from connectors.scim.access import GROUP, LICENCE, OTHER, ROLE
from connectors.scim.api import Api
from connectors.scim.config import ScimConfig
from connectors.scim.logins import Logins
from connectors.scim.orders import Orders
from connectors.scim.people import TYPE
from connectors.scim.reading import Reading
from connectors.scim.steps import GUIDE
from connectors.scim.values import get, resource_id, text
from connectors.steps import Guide


class Scim:
    """Reads one application through SCIM, and changes memberships, roles and accounts in it.

    `title` is what errors call the application, for connectors of applications
    that speak SCIM.
    """

    kind: ClassVar[str] = "scim"
    title: ClassVar[str] = "SCIM 2.0"
    summary: ClassVar[str] = (
        "Reads users, groups, roles and entitlements of any application that speaks SCIM; "
        "changes who has them."
    )
    is_directory: ClassVar[bool] = False
    is_beta: ClassVar[bool] = False
    guide: ClassVar[Guide] = GUIDE
    Config: ClassVar[type[ScimConfig]] = ScimConfig
    resource_types: ClassVar[tuple[ResourceType, ...]] = (
        ResourceType(GROUP, "Group", can_sync=True, can_provision=True),
        ResourceType(ROLE, "Role", can_sync=True, can_provision=True),
        ResourceType(LICENCE, "Entitlement", can_sync=True, can_provision=True),
        ResourceType(OTHER, "Other resource"),
    )

    def __init__(self, config: ScimConfig, net: Net, title: str = "") -> None:
        self._config = config
        self._api = Api(config, net, title or self.title)
        self._reading = Reading(self._api, config)
        self._orders = Orders(self._api, config)
        self._logins = Logins(self._api, config)

    @property
    def requests(self) -> int:
        """How many requests were sent so far, repeated ones included."""
        return self._api.client.requests

    def close(self) -> None:
        """Give back connections."""
        self._api.client.close()

    def check(self) -> SignedIn:
        """Say whose token it is, if the server tells, and what it may not read.

        Seven requests at most. An account of our own is protected from then on (L14).
        """
        known = self._api.known
        self._api.peek(known.users_path)
        missing: list[str] = []
        try:
            self._api.peek(known.groups_path)
        except Forbidden:
            missing.append(
                "This token may not read groups, so every sync stays partial: "
                "it adds what it finds and never notices that access is gone."
            )
        except (Missing, Rejected, Unavailable) as refusal:
            if refusal.retry or known.announces_groups:
                raise
        host = urlsplit(self._config.base_url).hostname or ""
        me = self._api.me()
        who = text(get(me, "userName")) or f"a SCIM token of {host}"
        own = Ref(TYPE, resource_id(me)) if me else None
        return SignedIn(who, host, own, tuple(missing))

    def reading(self) -> Reading:
        """A reading that begins anew, for a question about the present."""
        return Reading(self._api, self._config)

    def accounts(self) -> Iterator[AccountRecord]:
        """Everybody who has an id; who has none is reported with the grants."""
        return self._reading.accounts()

    def resources(self) -> Iterator[ResourceRecord]:
        """Groups, roles, entitlements, and resources of types that the server has added."""
        return self._reading.resources()

    def entitlements(self, resource: ResourceRecord) -> Iterable[EntitlementRecord]:
        """Each resource has one: `member` of groups, `assigned` of roles and entitlements."""
        return (access.entitlement(resource, self._reading.fixed),)

    def grants(self, resources: Sequence[ResourceRecord]) -> Iterator[GrantRecord | Unread]:
        """Who is in what and has what; first whom and what the server did not say readably."""
        return self._reading.grants(resources)

    def holds(self, account: AccountRecord, entitlement: EntitlementRecord) -> bool | None:
        """Whether the server shows it now, directly. Two requests at most."""
        return self._orders.holds(account, entitlement)

    def grant(self, account: AccountRecord, entitlement: EntitlementRecord) -> Granted:
        """Put somebody into a group, or give a role or an entitlement."""
        return Granted(self._orders.make("grant", account, entitlement))

    def revoke(self, account: AccountRecord, entitlement: EntitlementRecord) -> Revoked:
        """Take somebody out of a group, or take a role or an entitlement away."""
        return Revoked(self._orders.make("revoke", account, entitlement))

    def obstacle(self, entitlement: EntitlementRecord) -> str:
        """Ask the schema and the group afresh whether it can be changed (L7)."""
        return self._orders.obstacle(entitlement)

    def call(self, verb: Verb, account: AccountRecord, entitlement: EntitlementRecord) -> str:
        """The request that is tried first."""
        return self._orders.call(verb, account, entitlement)

    def create(self, account: AccountRecord) -> Added:
        """Make a user; one of the same user name is found instead."""
        return self._logins.create(account)

    def enable(self, account: AccountRecord) -> Granted:
        """Make a user active."""
        return Granted(self._logins.switch(account, on=True))

    def disable(self, account: AccountRecord) -> Revoked:
        """Make a user inactive; never deletes."""
        return Revoked(self._logins.switch(account, on=False))

    def remove(self, account: AccountRecord) -> Revoked:
        """Delete a user."""
        return Revoked(self._logins.remove(account))
