"""Every other enumeration that is stored: kinds, reasons and verdicts, by value."""

from __future__ import annotations

from enum import StrEnum


class PersonStatus(StrEnum):
    """Whether a person works here, as their directory says."""

    ACTIVE = "active"
    INACTIVE = "inactive"


class AppStatus(StrEnum):
    """Whether an app is governed (managed) or only known of."""

    MANAGED = "managed"
    UNMANAGED = "unmanaged"


class AccountStatus(StrEnum):
    """An account's status in words common to all vendors; the vendor's word is kept beside it."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    DELETED = "deleted"
    UNSPECIFIED = "unspecified"


class AccountKind(StrEnum):
    """Who uses an account. Set by people, never inferred, kept across syncs."""

    PERSON = "person"
    SERVICE = "service"
    SYSTEM = "system"


class Match(StrEnum):
    """How an account came to its person (L26)."""

    NONE = "none"
    MAIL = "mail"
    LINK = "link"  # the vendor itself says whose account it is
    HAND = "hand"


class Risk(StrEnum):
    """How much harm an entitlement can do, as its owner says."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Approval(StrEnum):
    """Which steps a request for an entitlement passes, in order."""

    MANAGER = "manager"
    OWNER = "owner"
    MANAGER_OWNER = "manager_owner"


class StepKind(StrEnum):
    """Who decides an approval step."""

    MANAGER = "manager"
    OWNER = "owner"


class Cause(StrEnum):
    """Why a grant exists (L2)."""

    STANDING = "standing"
    REQUEST = "request"
    GROUP = "group"
    PROFILE = "profile"
    EMERGENCY = "emergency"


class OrderKind(StrEnum):
    """What an order wants at the vendor."""

    GRANT = "grant"
    REVOKE = "revoke"


class OrderReason(StrEnum):
    """What an order follows from."""

    REQUEST = "request"
    EXPIRY = "expiry"
    GIVEN_BACK = "given_back"
    REVIEW = "review"
    REAPPEARED = "reappeared"


class Seen(StrEnum):
    """What the read before a write showed."""

    UNREAD = "unread"
    HELD = "held"
    ABSENT = "absent"


class Verdict(StrEnum):
    """A reviewer's verdict on one item; undoing is a verdict too, appended."""

    CERTIFY = "certify"
    REVOKE = "revoke"
    UNDO = "undo"


class ReviewerRule(StrEnum):
    """Who reviews an item."""

    MANAGER = "manager"
    APP_OWNER = "app_owner"


class RemovalAt(StrEnum):
    """When the removals of a campaign are sent (L17); the undo time comes on top."""

    DECISION = "decision"
    SIGN_OFF = "sign_off"
    CLOSE = "close"


class Completeness(StrEnum):
    """How much of the vendor's population a read covers (L9)."""

    FULL = "full"
    SCOPED = "scoped"
    PARTIAL = "partial"
    UNKNOWN = "unknown"


class ChangeOf(StrEnum):
    """What kind of thing a sync found changed."""

    RESOURCE = "resource"
    ENTITLEMENT = "entitlement"
    ACCOUNT = "account"
    PATH = "path"  # one way in which an account holds an entitlement


class Change(StrEnum):
    """How a sync found it changed."""

    ADDED = "added"
    CHANGED = "changed"
    GONE = "gone"


class IncidentKind(StrEnum):
    """What somebody has to look at."""

    REAPPEARED = "reappeared"
    OVERDUE = "overdue"
    UNPROVEN = "unproven"
    VANISHED = "vanished"
    CHANGED = "changed"  # somebody else changed what ours was to give back (L6)


class Role(StrEnum):
    """What a person may do in uar itself; each is an entitlement of the app "uar" (L25)."""

    CAMPAIGN_ADMIN = "campaign_admin"
    CONNECTOR_ADMIN = "connector_admin"
    APP_ADMIN = "app_admin"
    AUDITOR = "auditor"
    SUPER_ADMIN = "super_admin"
