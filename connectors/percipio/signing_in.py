"""Find out whose token this is and what it may not read."""

from datetime import UTC, datetime, timedelta

from connectors.base import SignedIn
from connectors.errors import Forbidden, Unauthorised
from connectors.percipio.api import Api
from connectors.percipio.config import PercipioConfig, claims

LISTS = (
    ("people", ("user-management", "v1", "users")),
    ("courses", ("content-discovery", "v2", "catalog-content")),
)
WARNED_BEFORE = timedelta(days=30)


def signed_in(api: Api, config: PercipioConfig) -> SignedIn:
    """Three requests: a user, an item of the catalogue, a report that cannot be.

    Service accounts are not among the users, so there is no account to protect.
    """
    missing: list[str] = []
    for what, route in LISTS:
        try:
            api.peek(*route)
        except Forbidden:
            missing.append(f"This token may not read {what}.")
        except Unauthorised as refusal:
            raise Unauthorised(
                f"{refusal} If this token is right, the organisation may live in another region."
            ) from None
    try:
        api.ask_for_no_report()
    except Forbidden:
        missing.append(
            "This token may not read reports, so every sync stays partial: it never shows who is "
            "learning what, and never notices that access is gone."
        )
    said = claims(config.api_token)
    account = str(said.get("service_account_id") or "")
    return SignedIn(
        who=f"service account {account}" if account else "a service account",
        organisation=api.organisation,
        missing_rights=(*missing, *_ends(api, said.get("exp"))),
    )


def _ends(api: Api, exp: object) -> list[str]:
    now = api.client.clock.now()
    if now is None or not isinstance(exp, (int, float)):
        return []
    try:
        end = datetime.fromtimestamp(exp, UTC)
    except (ValueError, OverflowError, OSError):
        return []
    if end - now > WARNED_BEFORE:
        return []
    return [f"This token ends on {end:%d %B %Y}: ask Skillsoft's account team for another before."]
