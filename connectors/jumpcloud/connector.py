"""JumpCloud as a connector: a directory of people, and the groups and applications they have."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from connectors.base import (
    AccountRecord,
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
from connectors.errors import AlreadyThere, Forbidden, Missing, Rejected, Remote, Unavailable
from connectors.jumpcloud import resources as shapes
from connectors.jumpcloud.api import Api, member_change
from connectors.jumpcloud.config import JumpCloudConfig
from connectors.jumpcloud.grants import GrantReading, role_grants
from connectors.jumpcloud.people import accounts
from connectors.jumpcloud.sign_ins import last_sign_ins
from connectors.jumpcloud.signing_in import signed_in
from connectors.jumpcloud.steps import GUIDE
from connectors.pages import Row
from connectors.steps import Guide

OP: Mapping[Verb, str] = {"grant": "add", "revoke": "remove"}


class JumpCloud:
    """Reads a JumpCloud organisation and changes who is in its user groups."""

    kind: ClassVar[str] = "jumpcloud"
    title: ClassVar[str] = "JumpCloud"
    summary: ClassVar[str] = (
        "Reads people, administrators, groups, applications and roles; "
        "adds people to groups and removes them."
    )
    is_directory: ClassVar[bool] = True
    is_beta: ClassVar[bool] = False
    guide: ClassVar[Guide] = GUIDE
    Config: ClassVar[type[JumpCloudConfig]] = JumpCloudConfig
    resource_types: ClassVar[tuple[ResourceType, ...]] = (
        ResourceType("group", "Group", can_sync=True, can_provision=True),
        ResourceType("app", "Application"),
        ResourceType("role", "Administrator role"),
    )

    def __init__(self, config: JumpCloudConfig, net: Net) -> None:
        self._config = config
        self._api = Api(config, net)
        self._people: list[Row] | None = None
        self._administrators: list[Row] | Remote | None = None

    @property
    def requests(self) -> int:
        """How many requests were sent so far, repeated ones included."""
        return self._api.requests

    def close(self) -> None:
        """Give back connections."""
        self._api.close()

    def check(self) -> SignedIn:
        """Say which organisation this key opens and what it may not read. Six requests at most."""
        return signed_in(self._api, self._config)

    def accounts(self) -> Iterator[AccountRecord]:
        """People, then administrators. A key that may not see the latter still gives people."""
        self._people = self._api.people()
        self._administrators = self._read_administrators()
        sign_ins: Mapping[str, datetime] = {}
        if self._config.sign_ins == "on":
            rows = (*self._people, *self._seen_administrators())
            sign_ins = last_sign_ins(self._api, {row["_id"] for row in rows})
        return accounts(self._people, self._seen_administrators(), sign_ins)

    def resources(self) -> Iterator[ResourceRecord]:
        """Groups, applications, roles."""
        if self._administrators is None:
            self._administrators = self._read_administrators()
        yield from shapes.groups(self._api.groups())
        yield from shapes.applications(self._api.applications())
        yield from shapes.roles(self._seen_administrators())

    def entitlements(self, resource: ResourceRecord) -> Iterable[EntitlementRecord]:
        """Each resource has one: `member` of groups and roles, `access` to applications."""
        return (shapes.entitlement(resource),)

    def grants(self, resources: Sequence[ResourceRecord]) -> Iterator[GrantRecord | Unread]:
        """Administrators' roles, members of groups, users of applications by every way."""
        if self._people is None:
            self._people = self._api.people()
        if self._administrators is None:
            self._administrators = self._read_administrators()
        reading = GrantReading(self._api, self._people)
        yield from role_grants(_only("role", resources), self._administrators)
        yield from reading.groups(_only("group", resources))
        yield from reading.applications(_only("app", resources))

    def holds(self, account: AccountRecord, entitlement: EntitlementRecord) -> bool | None:
        """Whether the group's members show the person now; None for anything but groups."""
        if account.type != "user" or entitlement.resource.type != "group":
            return None
        return self._api.is_member(entitlement.resource.id, account.id)

    def grant(self, account: AccountRecord, entitlement: EntitlementRecord) -> Granted:
        """Add a person to a group."""
        _insist_on_membership("grant", account, entitlement)
        try:
            self._api.change_member("add", entitlement.resource.id, account.id)
        except AlreadyThere:
            return Granted(already=True)
        return Granted(already=False)

    def revoke(self, account: AccountRecord, entitlement: EntitlementRecord) -> Revoked:
        """Remove a person from a group."""
        _insist_on_membership("revoke", account, entitlement)
        try:
            self._api.change_member("remove", entitlement.resource.id, account.id)
        except Missing as missing:
            # 404 says "not a member" as well as "no such group": only a read can
            # tell, and it raises Missing itself if the group is gone.
            if self.holds(account, entitlement):
                raise Unavailable(
                    f"JumpCloud shows {account.name} in the group and yet does not find the "
                    "membership to remove. Try again later."
                ) from missing
            return Revoked(already=True)
        return Revoked(already=False)

    def obstacle(self, entitlement: EntitlementRecord) -> str:
        """Read the group again: a rule may own it by now (L7)."""
        if entitlement.resource.type != "group":
            return "Only memberships of groups can be changed in JumpCloud from here."
        group = self._api.group(entitlement.resource.id)
        return shapes.fixed_why(str(group.get("name") or group["id"]), shapes.method_of(group))

    def call(self, verb: Verb, account: AccountRecord, entitlement: EntitlementRecord) -> str:
        """The request that adds or removes the membership."""
        _insist_on_membership(verb, account, entitlement)
        body = json.dumps(member_change(OP[verb], account.id))
        return f"POST {self._api.member_url(entitlement.resource.id)} {body}"

    def _read_administrators(self) -> list[Row] | Remote:
        try:
            return self._api.administrators()
        except (Forbidden, Missing) as refusal:
            self._api.client.log(f"Administrators cannot be read: {refusal}")
            return refusal

    def _seen_administrators(self) -> list[Row]:
        return self._administrators if isinstance(self._administrators, list) else []


def _only(kind: str, resources: Sequence[ResourceRecord]) -> list[ResourceRecord]:
    return [resource for resource in resources if resource.type == kind]


def _insist_on_membership(
    verb: Verb, account: AccountRecord, entitlement: EntitlementRecord
) -> None:
    if account.type != "user":
        raise Rejected(
            f"{account.name} is a JumpCloud administrator, whom we neither give nor take access "
            f"({verb}): an administrator with billing does that in the console."
        )
    if entitlement.resource.type != "group" or entitlement.slug != "member":
        raise Rejected(
            f"Of JumpCloud we change memberships of groups only, so this {verb} is to be done in "
            "the console."
        )
