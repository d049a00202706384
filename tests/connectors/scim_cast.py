"""How the SCIM tests read an application."""

from __future__ import annotations

from typing import Any

from connectors.base import (
    AccountRecord,
    EntitlementRecord,
    GrantRecord,
    Reader,
    Ref,
    ResourceRecord,
    Unread,
)
from connectors.fields import Secret
from connectors.scim import Scim, ScimConfig
from tests.connectors.loopback import Heard

TOKEN = "demo-token"


class Read:
    """Everything that one reader found in one run."""

    def __init__(self, reader: Reader) -> None:
        self.accounts: list[AccountRecord] = list(reader.accounts())
        self.resources: list[ResourceRecord] = list(reader.resources())
        self.entitlements = {
            each.resource.id: each for one in self.resources for each in reader.entitlements(one)
        }
        found = list(reader.grants(self.resources))
        self.unread = [each for each in found if isinstance(each, Unread)]
        self.grants = {
            (each.resource.id, each.slug, each.account.id, each.via.id if each.via else "")
            for each in found
            if isinstance(each, GrantRecord)
        }
        self.requests = reader.requests

    def account(self, identity: str) -> AccountRecord:
        return next(each for each in self.accounts if each.id == identity)

    def resource(self, identity: str) -> ResourceRecord:
        return next(each for each in self.resources if each.id == identity)


def scim(url: str, heard: Heard, token: str = TOKEN, **settings: Any) -> Scim:
    """A connector for a server; repeats reads without really waiting."""
    net = heard.net(**settings.pop("net", {}))
    base_url = settings.pop("base_url", f"{url}/scim/v2")
    return Scim(ScimConfig(base_url, Secret(token), **settings), net)


def account(identity: str, name: str = "Noor Byrne") -> AccountRecord:
    return AccountRecord("user", identity, name)


def member_of(group: str) -> EntitlementRecord:
    return EntitlementRecord(Ref("group", group), "member", can_provision=True)


def role(value: str) -> EntitlementRecord:
    return EntitlementRecord(Ref("role", value), "assigned", can_provision=True)


def seat(value: str) -> EntitlementRecord:
    return EntitlementRecord(Ref("entitlement", value), "assigned", can_provision=True)
