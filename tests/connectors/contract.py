"""How the contract test starts each vendor's server, and what it reads from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connectors import CATALOGUE
from connectors.base import (
    AccountRecord,
    EntitlementRecord,
    GrantRecord,
    Reader,
    ResourceRecord,
    Unread,
)
from uar.demo.vendors.percipio_tokens import token

KINDS = [connector.kind for connector in CATALOGUE]
FAULTS = ["401", "403", "404", "429", "500", "truncated", "html", "drop"]


@dataclass(frozen=True)
class Vendor:
    """How to start a vendor's server and sign in to it."""

    flags: tuple[str, ...]
    accepted: Mapping[str, str]
    refused: Mapping[str, str]
    base_path: str = ""


VENDORS = {
    "jumpcloud": Vendor(
        flags=("--people", "30", "--groups", "8", "--memberships", "90"),
        accepted={"api_key": "demo-key"},
        refused={"api_key": "hunter2-hunter2"},
    ),
    "fullstory": Vendor(
        flags=("--people", "30", "--roles", "objects", "--groups-route", "served"),
        accepted={"scim_token": "demo-token"},
        refused={"scim_token": "hunter2-hunter2"},
    ),
    "scim": Vendor(
        flags=("--people", "30", "--groups", "6", "--memberships", "60"),
        accepted={"token": "demo-token", "base_url": "https://scim.example.test/v2"},
        refused={"token": "hunter2-hunter2"},
        base_path="/scim/v2",
    ),
    "percipio": Vendor(
        flags=("--rate-limit", "0"),
        accepted={"api_token": token()},
        refused={"api_token": token("nobody")},
    ),
    "workato": Vendor(
        flags=("--people", "30", "--roles", "6"),
        accepted={"api_key": "demo-token"},
        refused={"api_key": "hunter2-hunter2"},
    ),
}


@dataclass
class Everything:
    """One whole read."""

    accounts: list[AccountRecord]
    resources: list[ResourceRecord]
    entitlements: list[EntitlementRecord]
    grants: list[GrantRecord]
    unread: list[Unread]


def everything(reader: Reader) -> Everything:
    accounts, resources = list(reader.accounts()), list(reader.resources())
    entitlements = [each for resource in resources for each in reader.entitlements(resource)]
    found = list(reader.grants(resources))
    return Everything(
        accounts,
        resources,
        entitlements,
        [each for each in found if isinstance(each, GrantRecord)],
        [each for each in found if isinstance(each, Unread)],
    )


def a_change(reader: Reader) -> tuple[AccountRecord, EntitlementRecord]:
    """Something that can be granted, and somebody who does not have it."""
    read = everything(reader)
    entitlement = next(each for each in read.entitlements if each.can_provision)
    holders = {each.account for each in read.grants if each.resource == entitlement.resource}
    people = (each for each in read.accounts if each.is_directory_person or not reader.is_directory)
    return next(each for each in people if each.ref not in holders), entitlement
