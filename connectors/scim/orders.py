"""Give and take memberships, roles and entitlements, each proven by a read before and after."""

from collections.abc import Mapping
from typing import Any

from connectors.base import AccountRecord, EntitlementRecord, Verb
from connectors.errors import Missing, Rejected
from connectors.pages import Row
from connectors.scim import changes
from connectors.scim.access import ATTRIBUTE, GROUP, NOT_OURS, READ_ONLY, value_id, value_in
from connectors.scim.api import Api
from connectors.scim.changes import Change, has
from connectors.scim.config import ScimConfig
from connectors.scim.discovery import Discovered, read_only_now
from connectors.scim.memberships import is_group
from connectors.scim.people import TYPE
from connectors.scim.shapes import Same
from connectors.scim.values import elements, get, resource_id, text, value_of


class Orders:
    """The orders about access of one server."""

    def __init__(self, api: Api, config: ScimConfig) -> None:
        self._api = api
        self._style = config.changes
        self._base = config.base_url

    def holds(self, account: AccountRecord, entitlement: EntitlementRecord) -> bool | None:
        """Whether it is shown now; None for what only a full read can tell. Raises Missing."""
        kind, identity = entitlement.resource.type, entitlement.resource.id
        if account.type != TYPE or kind not in (GROUP, *ATTRIBUTE):
            return None
        if kind == GROUP:
            group = self._api.one(self._api.known.groups_path, identity).row
            return self._is_member(group, account)
        user = self._user(account)
        return user is not None and has(user, ATTRIBUTE[kind], _is_value(kind, identity))

    def make(self, verb: Verb, account: AccountRecord, entitlement: EntitlementRecord) -> bool:
        """Make a change; say whether it was so already. Raises Rejected for what is not ours."""
        _insist_on_ours(verb, account, entitlement)
        change = self._change(verb, account, entitlement, self._api.known)
        try:
            return changes.make(self._api, change)
        except Missing:
            of_user = entitlement.resource.type != GROUP
            if verb == "revoke" and of_user and self._user(account) is None:
                return True
            raise

    def obstacle(self, entitlement: EntitlementRecord) -> str:
        """Why it cannot be changed by hand, as the server says now; "" if it can be."""
        kind = entitlement.resource.type
        if kind not in (GROUP, *ATTRIBUTE):
            return NOT_OURS
        if kind == GROUP:
            self._api.one(self._api.known.groups_path, entitlement.resource.id)
        attribute = ATTRIBUTE.get(kind, "members")
        return READ_ONLY.format(attribute) if read_only_now(self._api.client, attribute) else ""

    def call(self, verb: Verb, account: AccountRecord, entitlement: EntitlementRecord) -> str:
        """The request that is tried first, in one line, for a resource of the usual shape."""
        _insist_on_ours(verb, account, entitlement)
        change = self._change(verb, account, entitlement, self._api.known_so_far)
        name, value = _value(account, entitlement)
        return changes.one_line(self._base, change, {name: [value]})

    def _change(
        self, verb: Verb, account: AccountRecord, entitlement: EntitlementRecord, known: Discovered
    ) -> Change:
        kind, identity = entitlement.resource.type, entitlement.resource.id
        name, value = _value(account, entitlement)
        wanted = verb == "grant"
        same = _is_user(account.id) if kind == GROUP else _is_value(kind, identity)
        forms = (
            changes.added(name, value, self._style)
            if wanted
            else changes.removed(name, value, same, self._style)
        )
        if kind != GROUP:
            return Change(
                known.users_path, account.id, forms, lambda row: has(row, name, same) is wanted
            )

        def is_so(group: Mapping[str, Any]) -> bool:
            if has(group, name, same) is wanted:
                return wanted or not self._shown_by_user(group, account)
            return wanted and self._shown_by_user(group, account)

        return Change(known.groups_path, identity, forms, is_so)

    def _is_member(self, group: Mapping[str, Any], account: AccountRecord) -> bool:
        return has(group, "members", _is_user(account.id)) or self._shown_by_user(group, account)

    def _shown_by_user(self, group: Mapping[str, Any], account: AccountRecord) -> bool:
        """Whether a group that shows no members is among those that the user shows.

        Raises Rejected for a membership that comes through another group: the
        server would ignore a change of it (L5).
        """
        if elements(get(group, "members")):
            return False
        identity = resource_id(group)
        shown = elements(get(self._user(account), "groups")) or []
        mine = [each for each in shown if value_of(each) == identity]
        if mine and all(text(get(each, "type")).lower() == "indirect" for each in mine):
            raise Rejected(
                f"{account.name} is in {text(get(group, 'displayName'))} through another group: "
                "change it there."
            )
        return bool(mine)

    def _user(self, account: AccountRecord) -> Row | None:
        return self._api.one_or_none(self._api.known.users_path, account.id)


def _value(account: AccountRecord, entitlement: EntitlementRecord) -> tuple[str, dict[str, Any]]:
    """The attribute that a change is about, and the value of it."""
    kind = entitlement.resource.type
    if kind == GROUP:
        return "members", {"value": account.id}
    said, sort = value_in(kind, entitlement.resource.id)
    return ATTRIBUTE[kind], {"value": said, **({"type": sort} if sort else {})}


def _is_user(identity: str) -> Same:
    return lambda each: value_of(each) == identity and not is_group(each, set())


def _is_value(kind: str, identity: str) -> Same:
    return lambda each: value_id(kind, each) == identity


def _insist_on_ours(verb: Verb, account: AccountRecord, entitlement: EntitlementRecord) -> None:
    kind = entitlement.resource.type
    slug = "member" if kind == GROUP else "assigned"
    if account.type != TYPE or kind not in (GROUP, *ATTRIBUTE) or entitlement.slug != slug:
        raise Rejected(
            "Through SCIM we change who is in groups and who has roles and entitlements, "
            f"so this {verb} is to be done in the application."
        )
