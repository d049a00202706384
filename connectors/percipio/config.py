"""What one enters to connect a Percipio organisation, and what its token says of itself."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from connectors.errors import Rejected
from connectors.fields import Secret, base_url_field, field

# The README files of the vendor's own clients name both.
APIS = {"us": "https://api.percipio.com", "eu": "https://dew1-api.percipio.com"}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ALL_YEARS = 10
NAMED = 10  # ids that a scope names before it only counts them


@dataclass(frozen=True, slots=True)
class PercipioConfig:
    """A service account's token and where the organisation lives.

    The account needs the APIs for user management, content discovery and
    reporting; without reporting a sync has no learning activity and stays partial.
    """

    kind: ClassVar[str] = "percipio"

    api_token: Secret = field(
        "API token", help="Skillsoft's account team issues it for a service account"
    )
    org_id: str = field(
        "Organisation ID",
        help="Your Percipio organisation's UUID; empty means the one that the token names",
        default="",
    )
    region: str = field(
        "Region",
        help="Where the organisation lives; its account team knows",
        default="us",
        choices=tuple(APIS),
    )
    courses: str = field(
        "Course IDs",
        help="UUIDs of the only courses to read, separated by commas; empty means all",
        default="",
    )
    report_minutes: int = field(
        "Report minutes",
        help="How long to wait for the report of learning activity, which may take hours",
        default=60,
        advanced=True,
    )
    activity_years: int = field(
        "Activity years",
        help="How far back learning activity is read",
        default=ALL_YEARS,
        advanced=True,
    )
    base_url: str = base_url_field()

    @property
    def api(self) -> str:
        """Where everything is served."""
        return self.base_url or APIS[self.region]

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address that is called."""
        return (self.api,)

    @property
    def scope(self) -> str:
        """What these settings narrow a read to, in words; "" for everything (L9)."""
        parts, ids = [], wanted_courses(self)
        if ids:
            named = ", ".join(ids[:NAMED])
            more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
            # The words must differ when the ids do, since they are compared.
            mark = f" (#{binascii.crc32(' '.join(ids).encode()):08x})" if more else ""
            parts.append(f"only the courses {named}{more}{mark}")
        if self.activity_years < ALL_YEARS:
            parts.append(f"only learning of the last {self.activity_years} years")
        return "; ".join(parts)


def wanted_courses(config: PercipioConfig) -> list[str]:
    """The ids of the only courses to read, sorted, each once; empty for all."""
    return sorted({part for part in re.split(r"[\s,;]+", config.courses.lower()) if part})


def organisation(config: PercipioConfig) -> str:
    """The id of the organisation to read, which is the token's own.

    It is in every path, and the vendor answers 403 for any other. Raises Rejected
    if it is unclear, or the one that was entered is not the token's.
    """
    own = str(claims(config.api_token).get("organization_id") or "").lower()
    entered = config.org_id.lower()
    if entered and own and entered != own:
        raise Rejected(
            f"This token belongs to the organisation {own}, not to {entered}: "
            "correct the ID, or use a token of that organisation."
        )
    if not entered and not own:
        raise Rejected(
            "The token does not say which organisation it is for: enter the organisation ID, "
            "and make sure that the token was copied whole."
        )
    if not UUID.fullmatch(entered or own):
        raise Rejected(
            "The organisation ID must be a UUID such as 01234567-89ab-cdef-0123-456789abcdef."
        )
    return entered or own


def claims(token: Secret) -> Mapping[str, Any]:
    """What a token says of itself, unproven: the vendor checks it. Empty if it is no JWT."""
    parts = token.reveal().split(".")
    if len(parts) != 3:
        return {}
    try:
        body = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def insist_on_settings(config: PercipioConfig) -> None:
    """Raise Rejected for settings that no call could repair."""
    wrong = [each for each in wanted_courses(config) if not UUID.fullmatch(each)]
    if wrong:
        raise Rejected(
            f"{wrong[0][:60]} is no course ID: Percipio's are UUIDs, not the codes of courses."
        )
    if config.report_minutes < 1 or config.activity_years < 1:
        raise Rejected("Report minutes and activity years must be 1 or more.")
