"""Find out what an API client may read, endpoint by endpoint."""

from collections.abc import Callable

from connectors.base import SignedIn
from connectors.errors import Forbidden, Missing
from connectors.pages import Row
from connectors.workato.api import Api, row_id
from connectors.workato.config import WorkatoConfig
from connectors.workato.roles import LEGACY, NEWER, SYSTEM, Roles, held_by


def signed_in(api: Api, config: WorkatoConfig) -> SignedIn:
    """A request for each endpoint that a sync needs. Raises Unauthorised.

    An API client is no collaborator, so no account is ours.
    """
    missing: list[str] = []
    members = _tried(api.members, missing, "so nothing can be read; it also needs access to DEV")
    newer = _rows_or_why(api.environment_roles)
    without = config.disable_custom_roles_sync
    legacy = [] if without else _rows_or_why(api.roles)
    lists = [each if isinstance(each, list) else [] for each in (newer, legacy)]
    roles = Roles.listed(*lists)
    held = {each for row in members or () for each in held_by(row, roles)}
    if isinstance(newer, str) and any(each.kind == NEWER for each in held):
        missing.append(f"{newer} Until then environment roles stay unread.")
    custom = any(each.kind == LEGACY and each.name not in SYSTEM for each in held)
    if isinstance(legacy, str) and (custom or isinstance(newer, str)):
        missing.append(
            f"{legacy} Until then custom roles stay unread, unless Disable custom roles sync is on."
        )
    _tried(api.projects, missing, "so projects are left out")
    _tried(api.folders, missing, "so folders are left out")
    if members:
        first = row_id(members[0])
        _tried(lambda: api.privileges(first), missing, "so what system roles allow is left out")
    if isinstance(newer, list):
        _tried(api.groups, missing, "so collaborator groups are left out")
        _tried(api.project_roles, missing, "so project roles that nobody has are left out")
    return SignedIn("an API client", _workspace(api), None, tuple(missing))


def _workspace(api: Api) -> str:
    try:
        row = api.workspace()
    except (Forbidden, Missing):
        return ""  # not one of the endpoints that the setup asks to tick
    return str(row.get("company_name") or row.get("name") or "")


def _tried(read: Callable[[], list[Row]], missing: list[str], so: str) -> list[Row] | None:
    try:
        return read()
    except (Forbidden, Missing) as refusal:
        missing.append(f"{refusal.sentence.rstrip('.')}, {so}.")
        return None


def _rows_or_why(read: Callable[[], list[Row]]) -> list[Row] | str:
    try:
        return read()
    except (Forbidden, Missing) as refusal:
        return refusal.sentence
