"""The waist between remote systems and everything else.

Records are frozen and carry the vendor's own stable ids; text is as the vendor
wrote it, instants are aware. A `Reader` reads one system, a `Provisioner` also
changes it. This file must never know a vendor, and never do I/O.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

from connectors.net import Net as Net
from connectors.steps import Guide

Verb = Literal["grant", "revoke"]
Purpose = Literal["assignment", "permission", "fact"]
"""What an entitlement is for: being somewhere, being able to do something, or neither.

A fact says what somebody did or is, such as a completed course. It opens
nothing, so nobody reviews it unless a campaign asks for its type (L8).
"""


class AccountStatus(StrEnum):
    """Whether somebody can sign in with an account."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    DELETED = "deleted"
    UNSPECIFIED = "unspecified"


@dataclass(frozen=True, slots=True)
class Ref:
    """Name one thing of a remote system: its type and the vendor's id."""

    type: str
    id: str


ACCESS = Ref("credential", "access")
"""The thing that every account has access to: signing in at all. It is in no vendor's list.

A connector with this type in its matrix can change it: granting `access` on it
activates an account, revoking it deactivates the account.
"""


@dataclass(frozen=True, slots=True)
class ResourceType:
    """One kind of thing that access is given to, and what we can do with it."""

    slug: str
    title: str
    can_sync: bool = True
    can_provision: bool = False


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """One login of one person, administrator or bot.

    `manager_id` is the vendor id of the manager's account, `linked_id` that of
    the same person's other account in this system; both "" if unknown. `mfa`
    and the instants are None if the vendor does not tell.
    """

    type: str
    id: str
    name: str = ""
    email: str = ""
    username: str = ""
    status: AccountStatus = AccountStatus.UNSPECIFIED
    status_detail: str = ""
    last_login_at: datetime | None = None
    created_at: datetime | None = None
    mfa: bool | None = None
    employee_id: str = ""
    manager_id: str = ""
    department: str = ""
    title: str = ""
    profile: Mapping[str, str] = field(default_factory=dict)
    linked_id: str = ""
    is_directory_person: bool = False

    @property
    def ref(self) -> Ref:
        """The account's type and id."""
        return Ref(self.type, self.id)


@dataclass(frozen=True, slots=True)
class ResourceRecord:
    """One thing that access is given to: a group, an application, a role."""

    type: str
    id: str
    name: str = ""
    description: str = ""
    parent: Ref | None = None
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def ref(self) -> Ref:
        """The resource's type and id."""
        return Ref(self.type, self.id)


@dataclass(frozen=True, slots=True)
class EntitlementRecord:
    """One thing that can be held on a resource; (resource, slug) names it.

    A non-empty `fixed_why` is the sentence why nobody can change it by hand
    and what to change instead. `can_provision` is then False. Of entitlements
    with the same non-empty `exclusive`, an account holds at most one: giving it
    another takes the place of the first ("role in prod").
    """

    resource: Ref
    slug: str
    name: str = ""
    description: str = ""
    purpose: Purpose = "assignment"
    can_provision: bool = False
    fixed_why: str = ""
    exclusive: str = ""


@dataclass(frozen=True, slots=True)
class GrantRecord:
    """One way in which an account holds an entitlement.

    `via` is None if it was given directly, else where it is inherited from.
    Somebody with both has two records.
    """

    resource: Ref
    slug: str
    account: Ref
    via: Ref | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """A resource whose grants could not be read, or not all of them."""

    resource: Ref
    why: str


@dataclass(frozen=True, slots=True)
class Granted:
    """The access is there; `already` if it was before, `replaced` by what it took the place of."""

    already: bool
    replaced: EntitlementRecord | None = None


@dataclass(frozen=True, slots=True)
class Revoked:
    """The access is gone; `already` if it was before."""

    already: bool


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who a connector is at the vendor.

    `account` is the connector's own account if the vendor tells, which no
    order may touch. `missing_rights` are sentences, one per thing that these
    credentials may not read; empty if nothing is known to be missing.
    """

    who: str
    organisation: str
    account: Ref | None = None
    missing_rights: tuple[str, ...] = ()


class Reader(Protocol):
    """Reads one remote system. Pages, retries and rate limits stay inside.

    One reader serves one run: `accounts`, then `resources`, then `grants`. It
    keeps what it has read, so that nothing is read twice. Everything raises
    `connectors.errors.Remote`.
    """

    kind: ClassVar[str]
    """File name, URL part and middle of the environment names: "jumpcloud"."""
    title: ClassVar[str]
    """The name on the screen: "JumpCloud"."""
    summary: ClassVar[str]
    """One sentence for the list of connectors: what it reads and changes."""
    is_directory: ClassVar[bool]
    """Whether its accounts are where people come from."""
    is_beta: ClassVar[bool]
    """Whether little experience with real organisations stands behind it."""
    guide: ClassVar[Guide]
    """How somebody obtains the credentials that it needs."""
    Config: ClassVar[type[Any]]
    """A frozen dataclass built with `connectors.fields.field`; `addresses` are those it calls."""
    resource_types: ClassVar[tuple[ResourceType, ...]]
    """The capability matrix."""

    def __init__(self, config: Any, net: Net) -> None: ...

    def check(self) -> SignedIn:
        """Say who we are signed in as and what we may not read."""

    def accounts(self) -> Iterator[AccountRecord]:
        """Every login, in the vendor's order; each id once."""

    def resources(self) -> Iterator[ResourceRecord]:
        """Everything that access is given to; each (type, id) once."""

    def entitlements(self, resource: ResourceRecord) -> Iterable[EntitlementRecord]:
        """What can be held on a resource. Costs no request."""

    def grants(self, resources: Sequence[ResourceRecord]) -> Iterator[GrantRecord | Unread]:
        """Who holds what on these resources, and what could not be read.

        A resource with an `Unread` may have grants that are not listed.
        """

    @property
    def requests(self) -> int:
        """How many requests were sent so far, repeated ones included."""

    def close(self) -> None:
        """Give back connections. The reader is not used afterwards."""


@runtime_checkable
class ChangeReader(Protocol):
    """A reader whose vendor tells what changed."""

    def only_since(self, instant: datetime) -> None:
        """From now on read only what changed after this instant.

        What does not come is then neither gone nor verified. Grants may name
        accounts and resources that did not come because they did not change.
        """


@runtime_checkable
class Provisioner(Protocol):
    """Changes one remote system. Idempotent: already so is success, and says so."""

    def holds(self, account: AccountRecord, entitlement: EntitlementRecord) -> bool | None:
        """Whether the vendor shows it now; None if only a full read can tell."""

    def grant(self, account: AccountRecord, entitlement: EntitlementRecord) -> Granted:
        """Give access. Sent at most once; a read may not show it at once."""

    def revoke(self, account: AccountRecord, entitlement: EntitlementRecord) -> Revoked:
        """Take direct access away. Sent at most once; a read may lag."""

    def obstacle(self, entitlement: EntitlementRecord) -> str:
        """Ask the vendor afresh why this cannot be changed by hand; "" if it can."""

    def call(self, verb: Verb, account: AccountRecord, entitlement: EntitlementRecord) -> str:
        """The exact request that the verb would send, in one line, without secrets.

        Uses no network. Raises Rejected if the verb would refuse to send it.
        """


@runtime_checkable
class Replacer(Protocol):
    """A `Provisioner` with exclusive entitlements: giving one replaces another."""

    def current(
        self, account: AccountRecord, entitlement: EntitlementRecord
    ) -> EntitlementRecord | None:
        """What the account holds now of those that exclude this one, itself included.

        None if it holds none of them. Raises Missing if there is no such account.
        """
