"""Turn Workato's collaborators into accounts. Nothing here does I/O."""

from datetime import UTC, datetime
from typing import Any

from connectors.base import AccountRecord, AccountStatus
from connectors.pages import Row
from connectors.workato.api import row_id

TYPE = "collaborator"
MODERATOR = "federation_manager"


def account(row: Row) -> AccountRecord:
    """A collaborator. There is no way to suspend one, so whoever is there can sign in.

    The last sign-in is the most recent activity of any kind, since a sign-in is
    all that the vendor tells apart by its type.
    """
    email, name = _text(row.get("email")), _text(row.get("name"))
    log = row.get("last_activity_log")
    activity = log if isinstance(log, dict) else {}
    profile = {
        "external_id": _text(row.get("external_id")),
        "time_zone": _text(row.get("time_zone")),
        "grant_type": _text(row.get("grant_type")),
        "last_activity": _text(activity.get("event_type")),
        "workspace_moderator": "yes" if row.get("grant_type") == MODERATOR else "",
    }
    return AccountRecord(
        TYPE,
        row_id(row),
        name or email,
        email,
        email,
        AccountStatus.ENABLED,
        last_login_at=instant(activity.get("created_at")),
        created_at=instant(row.get("created_at")),
        profile={key: text for key, text in profile.items() if text},
    )


def instant(value: Any) -> datetime | None:
    """The vendor's timestamp, which names its offset; None if there is none or it is unreadable."""
    if not isinstance(value, str) or not value:
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else str(value)
