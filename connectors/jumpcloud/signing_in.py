"""Find out whom an API key belongs to and what it may not read."""

import re

from connectors.base import Ref, SignedIn
from connectors.errors import Forbidden, Missing, Rejected
from connectors.jumpcloud.api import LIMIT, Api
from connectors.jumpcloud.config import JumpCloudConfig
from connectors.pages import Row

OBJECT_ID = re.compile(r"[0-9a-f]{24}", re.IGNORECASE)
SHORTEST_PREFIX = 4
LISTS = (
    ("/api/systemusers", "people"),
    ("/api/v2/usergroups", "groups"),
    ("/api/applications", "applications"),
)


def signed_in(api: Api, config: JumpCloudConfig) -> SignedIn:
    """Five requests: organisations, administrators, people, groups, applications.

    Raises Rejected if the organisation ID is missing where it is needed, or wrong.
    """
    missing: list[str] = []
    organisation = _organisation(api, config.org_id, missing)
    own = _own_account(_administrators(api, missing), config)
    for path, what in LISTS:
        try:
            api.peek(path)
        except Forbidden:
            missing.append(f"This key may not read {what}.")
    return SignedIn(
        who=str(own.get("email") or own["_id"]) if own else "an administrator's API key",
        organisation=organisation,
        account=Ref("admin", own["_id"]) if own else None,
        missing_rights=tuple(missing),
    )


def _organisation(api: Api, org_id: str, missing: list[str]) -> str:
    if org_id and not OBJECT_ID.fullmatch(org_id):
        raise Rejected("The organisation ID must be 24 digits and letters from a to f.")
    try:
        found = api.organisations()
    except (Forbidden, Missing):
        missing.append("This key may not read the organisation's name.")
        return ""
    names = {str(row.get("_id")): str(row.get("displayName") or "") for row in found}
    if org_id in names:
        return names[org_id]
    if len(names) > 1 and not org_id:
        raise Rejected(
            "This key belongs to an administrator of several organisations "
            f"({', '.join(names.values())} …): enter the ID of the one to read."
        )
    if len(names) == 1 and not org_id:
        return next(iter(names.values()))
    # Only the first organisations were read; the other lists refuse a wrong ID.
    return org_id


def _administrators(api: Api, missing: list[str]) -> list[Row]:
    try:
        return api.peek("/api/users", LIMIT)
    except (Forbidden, Missing):
        missing.append(
            "This key may not read administrators, so every sync stays partial: "
            "it adds what it finds and never notices that access is gone."
        )
        return []


def _own_account(administrators: list[Row], config: JumpCloudConfig) -> Row | None:
    """The administrator whose key this is, if exactly one record carries its beginning.

    The vendor's newer specification has `apiKeyHash.prefix`; older
    organisations do not tell whose key it is.
    """
    key = config.api_key.reveal()
    own = [row for row in administrators if row.get("_id") and _is_beginning(_prefix(row), key)]
    return own[0] if len(own) == 1 else None


def _prefix(row: Row) -> str:
    about = row.get("apiKeyHash")
    prefix = about.get("prefix") if isinstance(about, dict) else ""
    return prefix if isinstance(prefix, str) else ""


def _is_beginning(prefix: str, key: str) -> bool:
    return len(prefix) >= SHORTEST_PREFIX and key.startswith(prefix)
