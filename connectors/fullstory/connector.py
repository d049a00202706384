"""Fullstory as a connector: teammates through SCIM, or recorded visitors through an API key."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

from connectors.accounts import Added
from connectors.base import (
    AccountRecord,
    AccountStatus,
    EntitlementRecord,
    Granted,
    GrantRecord,
    Net,
    ResourceRecord,
    ResourceType,
    Revoked,
    SignedIn,
    Unread,
    Verb,
)
from connectors.errors import Rejected
from connectors.fullstory.config import FullstoryConfig
from connectors.fullstory.steps import GUIDE
from connectors.fullstory.visitors import NOTHING_CHANGED, Visitors
from connectors.scim import Scim
from connectors.scim.access import GROUP, ROLE
from connectors.scim.people import TYPE
from connectors.steps import Guide

ADMIN = "admin"
# Vendor's article on roles; no public route tells them.
ROLES = {
    "guest": "Opens what is shared by link; takes no seat",
    "explorer": "Looks at what others have prepared",
    "standard": "Searches sessions and makes segments and dashboards",
    "architect": "Also changes settings of data, API keys and integrations",
    "admin": "May do everything, also invite teammates, remove them and change their roles",
}
ROLES_BY_HAND = "Roles are changed in Fullstory, under Settings, Team: no call for it is public."


class Fullstory:
    """Reads who can sign in to Fullstory, and opens and shuts their accounts."""

    kind: ClassVar[str] = "fullstory"
    title: ClassVar[str] = "Fullstory"
    summary: ClassVar[str] = (
        "Reads teammates through SCIM, with roles and groups where Fullstory shows them, and "
        "changes who is in groups; with only an API key it reads recorded visitors."
    )
    is_directory: ClassVar[bool] = False
    is_beta: ClassVar[bool] = True
    guide: ClassVar[Guide] = GUIDE
    Config: ClassVar[type[FullstoryConfig]] = FullstoryConfig
    resource_types: ClassVar[tuple[ResourceType, ...]] = (
        ResourceType(GROUP, "Group", can_sync=True, can_provision=True),
        ResourceType(ROLE, "Role"),
    )

    def __init__(self, config: FullstoryConfig, net: Net) -> None:
        self._scim: Scim | None = None
        self._visitors: Visitors | None = None
        if config.scim_token:
            self._scim = Scim(config.scim, net, self.title)
        elif config.api_key and not config.scim_base_url:
            self._visitors = Visitors(config, net)
        else:
            raise Rejected(
                "Fullstory needs a SCIM base URL and a SCIM token, or an API key; "
                + ("the SCIM token is missing." if config.scim_base_url else "enter one of them.")
            )

    @property
    def requests(self) -> int:
        """How many requests were sent so far, repeated ones included."""
        return self._way.requests

    def close(self) -> None:
        """Give back connections."""
        self._way.close()

    def check(self) -> SignedIn:
        """Say whom the token or key belongs to and what it cannot read. Seven requests at most."""
        return self._way.check()

    def accounts(self) -> Iterator[AccountRecord]:
        """Teammates; with an API key, visitors."""
        return self._way.accounts()

    def resources(self) -> Iterator[ResourceRecord]:
        """Groups and roles, where SCIM shows them."""
        if self._scim is not None:
            kinds = [each.slug for each in self.resource_types]
            yield from (each for each in self._scim.resources() if each.type in kinds)

    def entitlements(self, resource: ResourceRecord) -> Iterable[EntitlementRecord]:
        """One on each: `member` of groups, and roles, which only Fullstory itself changes."""
        for each in self._scim.entitlements(resource) if self._scim else ():
            about = ROLES.get(resource.name.lower(), "")
            if resource.type == ROLE:
                yield replace(each, can_provision=False, description=about or each.description)
            else:
                yield each

    def grants(self, resources: Sequence[ResourceRecord]) -> Iterator[GrantRecord | Unread]:
        """Who has which role and is in which group; visitors hold nothing."""
        if self._scim is not None:
            yield from self._scim.grants(resources)
        elif self._visitors is not None:
            yield from self._visitors.unread

    def holds(self, account: AccountRecord, entitlement: EntitlementRecord) -> bool | None:
        """Whether Fullstory shows it now; None for what an API key cannot tell."""
        return self._scim.holds(account, entitlement) if self._scim else None

    def grant(self, account: AccountRecord, entitlement: EntitlementRecord) -> Granted:
        """Put a teammate into a group."""
        return self._for_changes(entitlement).grant(account, entitlement)

    def revoke(self, account: AccountRecord, entitlement: EntitlementRecord) -> Revoked:
        """Take a teammate out of a group."""
        return self._for_changes(entitlement).revoke(account, entitlement)

    def obstacle(self, entitlement: EntitlementRecord) -> str:
        """Ask afresh whether it can be changed (L7)."""
        if self._scim is None:
            return NOTHING_CHANGED
        if entitlement.resource.type == ROLE:
            return ROLES_BY_HAND
        return self._scim.obstacle(entitlement)

    def call(self, verb: Verb, account: AccountRecord, entitlement: EntitlementRecord) -> str:
        """The request that is tried first."""
        return self._for_changes(entitlement).call(verb, account, entitlement)

    def create(self, account: AccountRecord) -> Added:
        """Make a teammate; one of the same user name is found instead."""
        return self._for_changes().create(account)

    def enable(self, account: AccountRecord) -> Granted:
        """Let a teammate sign in again."""
        return self._for_changes().enable(account)

    def disable(self, account: AccountRecord) -> Revoked:
        """Keep a teammate from signing in; she stays listed. Not the last Admin (L14)."""
        scim = self._for_changes()
        self._insist_on_another_admin(scim, account)
        return scim.disable(account)

    def remove(self, account: AccountRecord) -> Revoked:
        """Delete a teammate, where Fullstory does that. Not the last Admin (L14)."""
        scim = self._for_changes()
        self._insist_on_another_admin(scim, account)
        return scim.remove(account)

    @property
    def _way(self) -> Scim | Visitors:
        way = self._scim or self._visitors
        assert way is not None
        return way

    def _for_changes(self, entitlement: EntitlementRecord | None = None) -> Scim:
        if self._scim is None:
            raise Rejected(NOTHING_CHANGED)
        if entitlement is not None and entitlement.resource.type == ROLE:
            raise Rejected(ROLES_BY_HAND)
        return self._scim

    def _insist_on_another_admin(self, scim: Scim, account: AccountRecord) -> None:
        """Raise Rejected for the last active Admin; where roles are not shown, nobody is known."""
        now = scim.reading()
        active = {each.id for each in now.accounts() if each.status is AccountStatus.ENABLED}
        roles = [each for each in now.resources() if each.type == ROLE]
        held = list(now.grants(roles))
        if any(isinstance(each, Unread) and each.resource.type == TYPE for each in held):
            raise Rejected("Not everybody's roles can be read, so who is Admin is not known.")
        admins = {
            each.account.id
            for each in held
            if isinstance(each, GrantRecord) and each.resource.id.lower() == ADMIN
        }
        if admins & active == {account.id}:
            raise Rejected(
                f"{account.name} is the last active Admin of Fullstory. "
                "Make somebody else Admin there first."
            )
