"""Make, open, shut and delete users."""

from typing import Any

from connectors.accounts import Added
from connectors.base import AccountRecord, Ref
from connectors.errors import AlreadyThere, Garbled, Missing, Rejected
from connectors.scim import changes
from connectors.scim.api import Api
from connectors.scim.changes import Change
from connectors.scim.config import ScimConfig
from connectors.scim.discovery import ENTERPRISE, USER
from connectors.scim.people import TYPE
from connectors.scim.values import flag, get, resource_id


class Logins:
    """The accounts of one server."""

    def __init__(self, api: Api, config: ScimConfig) -> None:
        self._api = api
        self._style = config.changes

    def create(self, account: AccountRecord) -> Added:
        """Make a user, unless there is one of this user name. Two requests, more for a race.

        Raises Rejected without a user name.
        """
        if not account.username:
            raise Rejected(f"{account.name} needs a user name to get an account.")
        found = self._api.named(account.username)
        if found is not None:
            return Added(already=True, account=Ref(TYPE, resource_id(found)))
        try:
            made = self._api.make(self._api.known.users_path, new_user(account)).data
        except AlreadyThere as conflict:
            found = self._api.listed(account.username)
            if found is None:
                raise Rejected(conflict.sentence) from conflict
            return Added(already=True, account=Ref(TYPE, resource_id(found)))
        if not resource_id(made):
            raise Garbled(f"{self._api.client.title} made a user and does not say which.")
        return Added(already=False, account=Ref(TYPE, resource_id(made)))

    def switch(self, account: AccountRecord, *, on: bool) -> bool:
        """Let somebody sign in or not; say whether it was so already. Raises Missing."""

        def is_so(row: Any) -> bool:
            active = get(row, "active")
            # Silence means active (RFC 7643, 4.1.1), but it could hide that
            # somebody is shut out: only what is said is believed.
            return active is not None and flag(active) is on

        forms = changes.switched(on, self._style)
        users = self._api.known.users_path
        return changes.make(self._api, Change(users, account.id, forms, is_so))

    def remove(self, account: AccountRecord) -> bool:
        """Delete a user; say whether she was gone already."""
        users = self._api.known.users_path
        if self._api.one_or_none(users, account.id) is None:
            return True
        try:
            self._api.change("DELETE", users, account.id, None)
        except Missing:
            return self._api.one_or_none(users, account.id) is None
        return False


def new_user(account: AccountRecord) -> dict[str, Any]:
    """The body that makes a user of these names."""
    given, _, family = account.name.partition(" ")
    extension: dict[str, Any] = {
        name: said
        for name, said in (
            ("employeeNumber", account.employee_id),
            ("department", account.department),
        )
        if said
    }
    if account.manager_id:
        extension["manager"] = {"value": account.manager_id}
    body: dict[str, Any] = {
        "schemas": [USER],
        "userName": account.username,
        "displayName": account.name,
        "name": {"formatted": account.name, "givenName": given, "familyName": family or given},
        "active": True,
    }
    if account.email:
        body["emails"] = [{"value": account.email, "type": "work", "primary": True}]
    if account.title:
        body["title"] = account.title
    if extension:
        body |= {"schemas": [USER, ENTERPRISE], ENTERPRISE: extension}
    return body
