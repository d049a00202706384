"""Percipio as a connector: people and their roles, courses and who is learning them."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from connectors.base import (
    ACCESS,
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
from connectors.errors import Blocked, Missing, Rejected, Remote, Unauthorised
from connectors.pages import Row
from connectors.percipio import courses as shapes
from connectors.percipio.activity import Activity
from connectors.percipio.api import Api
from connectors.percipio.changes import Change, change_of
from connectors.percipio.config import PercipioConfig, insist_on_settings, wanted_courses
from connectors.percipio.courses import ACTIVITY_WHY, ADMIN
from connectors.percipio.limited import limited
from connectors.percipio.people import accounts, is_active, role_of
from connectors.percipio.reports import Report
from connectors.percipio.signing_in import signed_in
from connectors.percipio.steps import GUIDE
from connectors.steps import Guide


class Percipio:
    """Reads a Percipio organisation, changes people's roles, activates and deactivates them."""

    kind: ClassVar[str] = "percipio"
    title: ClassVar[str] = "Percipio"
    summary: ClassVar[str] = (
        "Reads people, roles, courses and who is learning them; "
        "changes roles, activates and deactivates people."
    )
    is_directory: ClassVar[bool] = False
    is_beta: ClassVar[bool] = False
    guide: ClassVar[Guide] = GUIDE
    Config: ClassVar[type[PercipioConfig]] = PercipioConfig
    resource_types: ClassVar[tuple[ResourceType, ...]] = (
        ResourceType(ACCESS.type, "Account", can_sync=True, can_provision=True),
        ResourceType("role", "Role", can_sync=True, can_provision=True),
        ResourceType("course", "Course"),
    )

    def __init__(self, config: PercipioConfig, net: Net) -> None:
        insist_on_settings(config)
        self._config = config
        self._api = Api(config, net)
        self._report = Report(self._api, config, net)
        self._roles: dict[str, str] | None = None
        self._no_report: Remote | None = None
        self._since: datetime | None = None

    @property
    def requests(self) -> int:
        """How many requests were sent so far, repeated ones included."""
        return self._api.client.requests

    @property
    def scope(self) -> str:
        """What the settings narrow a read to; "" for everything."""
        return self._config.scope

    def close(self) -> None:
        """Give back connections."""
        self._api.client.close()

    def only_since(self, instant: datetime) -> None:
        """From now on read only what changed after this instant."""
        self._since = instant

    def check(self) -> SignedIn:
        """Say whose token this is and what it may not read. Three requests."""
        return signed_in(self._api, self._config)

    def accounts(self) -> Iterator[AccountRecord]:
        """Everybody, active or not. The report is asked for then, as it takes its time."""
        users = self._api.users(self._since)
        self._roles = {row["id"]: role_of(row) for row in users}
        self._request_report()
        return accounts(users, self._roles)

    def resources(self) -> Iterator[ResourceRecord]:
        """Roles, then courses."""
        if self._roles is None:
            self._roles = self._read_roles()
        yield from shapes.roles(self._roles.values())
        wanted = wanted_courses(self._config)
        if wanted:
            yield from shapes.courses(limited(self._api, wanted, self._since))
        else:
            yield from shapes.courses(self._api.catalogue(shapes.slim, self._since).whole())

    def entitlements(self, resource: ResourceRecord) -> Iterable[EntitlementRecord]:
        """A role is assigned; a course is in progress or completed."""
        return shapes.entitlements(resource)

    def grants(self, resources: Sequence[ResourceRecord]) -> Iterator[GrantRecord | Unread]:
        """Everybody's role, and what the report says of each course."""
        if self._roles is None:
            self._roles = self._read_roles()
        roles = {each.id: each.ref for each in resources if each.type == "role"}
        for person, role in self._roles.items():
            if role in roles:
                yield GrantRecord(roles[role], "assigned", shapes.user(person))
        courses = {each.id: each.ref for each in resources if each.type == "course"}
        if courses or self._since is not None:
            yield from self._activity(courses)

    def holds(self, account: AccountRecord, entitlement: EntitlementRecord) -> bool | None:
        """Whether the person has the role, or is active, now; None for courses."""
        if not _is_changeable(account, entitlement):
            return None
        person = self._api.user(account.id)
        if person is None:
            return False
        if entitlement.resource == ACCESS:
            return is_active(person)
        return role_of(person) == entitlement.resource.id

    def grant(self, account: AccountRecord, entitlement: EntitlementRecord) -> Granted:
        """Give a role, which replaces the one that the person has, or activate the person."""
        change = change_of("grant", account, entitlement)
        person = self._existing(account)
        if change.is_made(person):
            return Granted(already=True)
        self._make(change, account, person)
        if entitlement.resource == ACCESS or not role_of(person):
            return Granted(already=False)
        return Granted(already=False, replaced=shapes.role_entitlement(role_of(person)))

    def revoke(self, account: AccountRecord, entitlement: EntitlementRecord) -> Revoked:
        """Make the person a learner if they have this role, or deactivate the person."""
        change = change_of("revoke", account, entitlement)
        person = self._api.user(account.id)
        if person is None or change.is_made(person):
            return Revoked(already=True)
        self._make(change, account, person)
        return Revoked(already=False)

    def current(
        self, account: AccountRecord, entitlement: EntitlementRecord
    ) -> EntitlementRecord | None:
        """The role that the person has now, of which there is always one (L6); None for others."""
        if entitlement.resource.type != "role":
            return None
        person = self._existing(account)
        return shapes.role_entitlement(role_of(person)) if role_of(person) else None

    def obstacle(self, entitlement: EntitlementRecord) -> str:
        """Why nobody changes this by hand. Costs no request: the vendor has no rule for roles."""
        if entitlement.resource == ACCESS:
            return ""
        if entitlement.resource.type != "role":
            return ACTIVITY_WHY
        return shapes.role_entitlement(entitlement.resource.id).fixed_why

    def call(self, verb: Verb, account: AccountRecord, entitlement: EntitlementRecord) -> str:
        """The request that changes the role or the state of the account."""
        body = json.dumps(change_of(verb, account, entitlement).body)
        return f"PATCH {self._api.user_url(account.id)} {body}"

    def _existing(self, account: AccountRecord) -> Row:
        person = self._api.user(account.id)
        if person is None:
            raise Missing(f"{account.name} does not exist in Percipio any more.")
        return person

    def _make(self, change: Change, account: AccountRecord, person: Row) -> None:
        administers = role_of(person) == ADMIN and is_active(person) is not False
        if administers and change.takes_administration:
            self._insist_on_another_administrator(account)
        self._api.change_user(account.id, change.body)

    def _insist_on_another_administrator(self, account: AccountRecord) -> None:
        """Raise Rejected for the last one (L14). One request for each page that has no other."""
        if not self._api.any_user(
            lambda row: (
                row.get("id") != account.id and role_of(row) == ADMIN and is_active(row) is True
            )
        ):
            raise Rejected(
                f"{account.name} is the last active site administrator of Percipio: "
                "make somebody else one first."
            )

    def _read_roles(self) -> dict[str, str]:
        return {row["id"]: role_of(row) for row in self._api.users(self._since)}

    def _request_report(self) -> None:
        self._no_report = None
        try:
            self._report.request(self._since)
        except (Unauthorised, Blocked):
            raise
        except Remote as failure:
            self._no_report = failure

    def _activity(self, courses: Mapping[str, Any]) -> Iterator[GrantRecord | Unread]:
        try:
            activity = self._read_activity(courses)
        except (Unauthorised, Blocked):
            raise
        except Remote as failure:
            if self._since is not None:
                raise  # nothing else would say that what changed is not known
            self._api.client.log(f"Learning activity cannot be read: {failure}")
            for course in courses.values():
                yield Unread(course, failure.sentence)
            return
        activity.say(self._api.client.log)
        yield from activity.grants()

    def _read_activity(self, courses: Mapping[str, Any]) -> Activity:
        if not self._report.is_requested and self._no_report is None:
            self._request_report()
        if self._no_report is not None:
            raise self._no_report
        if self._since is not None:
            only = dict.fromkeys(wanted_courses(self._config)) or None
            return self._report.fetch(lambda: Activity(None, only))
        return self._report.fetch(lambda: Activity(self._roles, courses))


def _is_changeable(account: AccountRecord, entitlement: EntitlementRecord) -> bool:
    return account.type == "user" and (
        entitlement.resource == ACCESS or entitlement.resource.type == "role"
    )
