"""What a verb does to one Percipio user, as the body that is sent. Nothing here does I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.base import ACCESS, AccountRecord, EntitlementRecord, Verb
from connectors.errors import Rejected
from connectors.percipio.courses import ACTIVITY_WHY, ADMIN, LEARNER, LEARNER_WHY


@dataclass(frozen=True, slots=True)
class Change:
    """The fields to send; `unless` has the value that must be there for a change to be needed."""

    body: Mapping[str, str | bool]
    unless: Mapping[str, str] | None = None

    @property
    def takes_administration(self) -> bool:
        """Whether an administrator is none afterwards, or cannot enter."""
        return self.body.get("isActive") is False or self.body.get("role", ADMIN) != ADMIN

    def is_made(self, person: Mapping[str, Any]) -> bool:
        """Whether the person is so already."""
        if self.unless is not None:
            return any(person.get(name) != value for name, value in self.unless.items())
        return all(person.get(name) == value for name, value in self.body.items())


def change_of(verb: Verb, account: AccountRecord, entitlement: EntitlementRecord) -> Change:
    """The change that a verb asks for. Raises Rejected for what we do not change."""
    resource = entitlement.resource
    if account.type == "user" and resource == ACCESS:
        return Change({"isActive": verb == "grant"})
    if account.type != "user" or resource.type != "role":
        raise Rejected(f"This {verb} cannot be made in Percipio: {ACTIVITY_WHY}")
    if verb == "grant":
        return Change({"role": resource.id})
    if resource.id == LEARNER:
        raise Rejected(LEARNER_WHY)
    return Change({"role": LEARNER}, unless={"role": resource.id})
