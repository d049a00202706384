"""What a connector can do with whole accounts, where its vendor can.

Beside `connectors.base`: most connectors change access only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from connectors.base import AccountRecord, EntitlementRecord, Granted, Ref, Revoked


@dataclass(frozen=True, slots=True)
class Added:
    """Somebody has an account, or is asked to take one.

    `account` is None as long as she has not accepted: the vendor has no id for
    her yet, and only a later read shows whether she did.
    """

    already: bool
    account: Ref | None = None


@runtime_checkable
class AccountProvisioner(Protocol):
    """Makes, opens, shuts and deletes accounts of one remote system.

    Idempotent: already so is success, and says so. Each reads first and sends at
    most once.
    """

    def create(self, account: AccountRecord) -> Added:
        """Make an account of these names; its id is the vendor's to give.

        One that exists is left as it is, disabled or not.
        """

    def enable(self, account: AccountRecord) -> Granted:
        """Let somebody sign in again."""

    def disable(self, account: AccountRecord) -> Revoked:
        """Keep somebody from signing in; the account and what it holds stay."""

    def remove(self, account: AccountRecord) -> Revoked:
        """Delete an account for good, where the vendor does that."""


@runtime_checkable
class Inviter(Protocol):
    """Asks people into one remote system, and takes their accounts away."""

    def add_account(
        self, name: str, email: str, entitlements: Sequence[EntitlementRecord]
    ) -> Added:
        """Give an account, with access from the start; reads first, sends at most once.

        Where the vendor sends an invitation, a second call may send a second
        one: call it again only when a read still shows no account.
        """

    def remove_account(self, account: AccountRecord) -> Revoked:
        """Take the whole account away for good; already gone is success, and says so."""
