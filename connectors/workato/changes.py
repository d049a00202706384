"""Change Workato: one role of one collaborator in one environment; invite and remove people.

A role is set by name, and it takes the place of the one before; the vendor leaves
environments alone that are not named, so only the one in question is sent
(defect 8). Everything is read before it is written.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from connectors.accounts import Added
from connectors.base import (
    AccountRecord,
    EntitlementRecord,
    Granted,
    Ref,
    Revoked,
    Verb,
)
from connectors.errors import AlreadyThere, Forbidden, Missing, Rejected
from connectors.pages import Row
from connectors.workato.api import Api, row_id
from connectors.workato.people import TYPE
from connectors.workato.roles import (
    ADMINS,
    LEGACY,
    NEWER,
    NO_ACCESS,
    WIRE,
    Held,
    Roles,
    entitlement,
    held_by,
    named,
    twins_why,
)

INVITATIONS = "/api/member_invitations"


class Changes:
    """What an open connector changes. The lists of roles are read once, when first needed."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._roles: Roles | None = None

    def holds(self, account: AccountRecord, wanted: EntitlementRecord) -> bool | None:
        """Whether the collaborator has the role now; None for what is no role."""
        if not _is_role(wanted) or account.type != TYPE:
            return None
        try:
            current = self._current(account, wanted)
        except Missing:
            return False
        return current is not None and current == self._held(wanted)

    def current(
        self, account: AccountRecord, wanted: EntitlementRecord
    ) -> EntitlementRecord | None:
        """The role that the collaborator has in the entitlement's environment now."""
        _insist_on_role("grant", account, wanted)
        held = self._current(account, wanted)
        return self._described(held) if held else None

    def grant(self, account: AccountRecord, wanted: EntitlementRecord) -> Granted:
        """Set the role in its environment, and say which it took the place of."""
        _insist_on_role("grant", account, wanted)
        target, current = self._held(wanted), self._current(account, wanted)
        if current == target:
            return Granted(already=True)
        if current is not None:
            self._refuse_last(account, current)
        self._set(account, target)
        return Granted(already=False, replaced=self._described(current) if current else None)

    def revoke(self, account: AccountRecord, wanted: EntitlementRecord) -> Revoked:
        """Set "No access" in the role's environment, if it still is the role there."""
        _insist_on_role("revoke", account, wanted)
        try:
            current = self._current(account, wanted)
        except Missing:
            return Revoked(already=True)
        if current is None or current != self._held(wanted):
            return Revoked(already=True)
        self._refuse_last(account, current)
        try:
            self._set(account, replace(current, name=NO_ACCESS))
        except Rejected as refusal:
            raise Rejected(
                f"Workato does not take “{NO_ACCESS}” over its API ({refusal.sentence}): set it "
                f"for {account.name} in {current.environment}, in Workspace admin, Collaborators."
            ) from refusal
        return Revoked(already=False)

    def obstacle(self, wanted: EntitlementRecord) -> str:
        """Read the roles again: another may have the same name by now. Raises Missing."""
        if not _is_role(wanted):
            return "Only roles in an environment can be changed in Workato from here."
        self._roles = None
        key, _, name = named(wanted)
        roles = self._known()
        role = roles.by_key(wanted.resource.type, key)
        if role is None and key.isdigit() and wanted.resource.type not in roles.unlisted:
            raise Missing(f"Workato has no role {name} ({key}) any more.")
        return twins_why(role) if role else ""

    def call(self, verb: Verb, account: AccountRecord, wanted: EntitlementRecord) -> str:
        """The request that sets the role, or takes it away."""
        _insist_on_role(verb, account, wanted)
        _, environment, name = named(wanted)
        held = Held(environment, wanted.resource.type, name if verb == "grant" else NO_ACCESS)
        url = self._api.url(self._api.member_path(account.id))
        return f"PUT {url} {json.dumps(_body([held]))}"

    def add_account(
        self, name: str, email: str, entitlements: Sequence[EntitlementRecord]
    ) -> Added:
        """Invite somebody with a role in each environment named; others become "No access".

        The vendor lists no pending invitations and sends one for each person in
        20 minutes, so a second call soon after raises RateLimited or Rejected.
        """
        for each in entitlements:
            if not _is_role(each):
                raise Rejected("People are invited to Workato with roles in environments only.")
        there = self._by_email(email)
        if there is not None:
            return Added(already=True, account=there)
        if not entitlements:
            raise Rejected("Workato invites nobody without a role in some environment.")
        body = {"name": name, "email": email, **_body([self._held(each) for each in entitlements])}
        try:
            self._api.change("POST", INVITATIONS, body)
        except AlreadyThere:
            # Somebody whom the workspace knows: a member since our read, or invited before.
            there = self._by_email(email)
            return Added(already=True, account=there)
        return Added(already=False, account=self._by_email(email))

    def remove_account(self, account: AccountRecord) -> Revoked:
        """Remove a collaborator from the workspace, for good: there is no way to suspend one."""
        if account.type != TYPE:
            raise Rejected("Only collaborators can be removed from Workato.")
        try:
            member = self._api.member(account.id)
            for each in held_by(member, self._known()):
                self._refuse_last(account, each)
            self._api.change("DELETE", self._api.member_path(account.id))
        except Missing:
            return Revoked(already=True)
        return Revoked(already=False)

    def _current(self, account: AccountRecord, wanted: EntitlementRecord) -> Held | None:
        """The role that the collaborator has in the entitlement's environment now."""
        environment = named(wanted)[1]
        found = held_by(self._api.member(account.id), self._known())
        return next((each for each in found if each.environment == environment), None)

    def _held(self, wanted: EntitlementRecord) -> Held:
        """The entitlement as the vendor names it now: a role may have another name since."""
        key, environment, name = named(wanted)
        role = self._known().by_key(wanted.resource.type, key)
        return Held(environment, wanted.resource.type, role.name if role else name)

    def _set(self, account: AccountRecord, held: Held) -> None:
        self._api.change("PUT", self._api.member_path(account.id), _body([held]))

    def _described(self, held: Held) -> EntitlementRecord:
        roles = self._known()
        roles.observe([held])
        role = roles.find(held)
        if role is None:
            why = roles.unlisted[held.kind]
            raise Forbidden(f"Which role “{held.name}” is cannot be told: {why}")
        return entitlement(role, held.environment)

    def _refuse_last(self, account: AccountRecord, held: Held) -> None:
        """Leave a workspace its last administrator in each environment (L14)."""
        if held.name != ADMINS[held.kind]:
            return
        for row in self._api.members():
            if row_id(row) != account.id and held in held_by(row, self._known()):
                return
        raise Rejected(
            f"{account.name} is the last {held.name} in {held.environment}: give the role to "
            "somebody else first."
        )

    def _by_email(self, email: str) -> Ref | None:
        """The collaborator with exactly this address; the vendor's filter finds parts of it."""
        for row in self._api.members({"email": email}):
            if str(row.get("email") or "").lower() == email.lower():
                return Ref(TYPE, row_id(row))
        return None

    def _known(self) -> Roles:
        if self._roles is None:
            refused: dict[str, str] = {}
            lists: dict[str, list[Row]] = {NEWER: [], LEGACY: []}
            for kind, read in ((NEWER, self._api.environment_roles), (LEGACY, self._api.roles)):
                try:
                    lists[kind] = read()
                except (Forbidden, Missing) as refusal:
                    refused[kind] = refusal.sentence
            self._roles = Roles.listed(lists[NEWER], lists[LEGACY])
            if not lists[LEGACY]:
                self._roles.add_system()
            self._roles.unlisted = refused
        return self._roles


def _body(held: Sequence[Held]) -> dict[str, Any]:
    """What goes over the wire: reading says `role_name`, writing says `name`."""
    return {
        "env_roles": [
            {
                "environment_type": each.environment,
                "name": each.name,
                "role_type": WIRE[each.kind],
            }
            for each in held
        ]
    }


def _is_role(wanted: EntitlementRecord) -> bool:
    return wanted.resource.type in (LEGACY, NEWER)


def _insist_on_role(verb: Verb, account: AccountRecord, wanted: EntitlementRecord) -> None:
    if account.type != TYPE:
        raise Rejected(f"Only collaborators have roles in Workato, so this {verb} is refused.")
    if not _is_role(wanted):
        raise Rejected(
            f"Of Workato we change roles in environments only, so this {verb} is to be done in "
            "Workspace admin."
        )
