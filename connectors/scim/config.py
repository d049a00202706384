"""What one enters to connect an application that speaks SCIM."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from connectors.errors import Rejected
from connectors.fields import Secret, field

HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
# RFC 7644, 3.1: servers take the first and should take the second; some answer
# properly to one of them only.
ACCEPT = {
    "both": "application/scim+json, application/json;q=0.9",
    "scim": "application/scim+json",
    "json": "application/json",
}


@dataclass(frozen=True, slots=True)
class ScimConfig:
    """Where the application serves SCIM, and the token for it.

    The standard leaves open how a token is sent and which of several ways to
    change something a server understands, so both can be chosen here.
    """

    kind: ClassVar[str] = "scim"

    base_url: str = field(
        "SCIM base URL",
        help="The address above /Users; the application's provisioning page shows it, "
        "and it usually ends in /scim/v2",
        url=True,
    )
    token: Secret = field(
        "Token", help="The token of the application's provisioning page, or a password"
    )
    auth: str = field(
        "How the token is sent",
        help="bearer suits most; basic needs the user name below; bare is the token alone in "
        "Authorization; header puts it into a header of its own",
        default="bearer",
        choices=("bearer", "basic", "bare", "header"),
        advanced=True,
    )
    username: str = field(
        "User name", help="Only for basic authentication", default="", advanced=True
    )
    header: str = field(
        "Header", help="Only where the token has a header of its own", default="X-Api-Key",
        advanced=True,
    )  # fmt: skip
    accept: str = field(
        "Media type",
        help="What to ask for: the standard's own type, plain JSON, or both",
        default="both",
        choices=tuple(ACCEPT),
        advanced=True,
    )
    paging: str = field(
        "Paging",
        help="auto does what the server announces; whole reads lists in one piece",
        default="auto",
        choices=("auto", "index", "cursor", "whole"),
        advanced=True,
    )
    page_size: int = field(
        "Page size", help="0 is the largest that the server announces", default=0, advanced=True
    )
    membership: str = field(
        "Memberships",
        help="Where to read who is in a group: auto finds out",
        default="auto",
        choices=("auto", "groups", "users"),
        advanced=True,
    )
    changes: str = field(
        "Changes",
        help="auto sends what the standard says, and other forms if that is refused; "
        "legacy begins with the forms of identity providers; put replaces whole resources",
        default="auto",
        choices=("auto", "legacy", "put"),
        advanced=True,
    )

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address that is called."""
        return (self.base_url,)


def headers_of(config: ScimConfig) -> Mapping[str, str]:
    """The headers that carry the token and say what is asked for. Raises Rejected."""
    return {"accept": ACCEPT[config.accept], **_credentials(config)}


def _credentials(config: ScimConfig) -> Mapping[str, str]:
    token = config.token.reveal()
    match config.auth:
        case "basic":
            if not config.username:
                raise Rejected("Basic authentication needs a user name; enter it.")
            pair = f"{config.username}:{token}".encode()
            return {"authorization": "Basic " + base64.b64encode(pair).decode()}
        case "bare":
            return {"authorization": token}
        case "header":
            if not HEADER.fullmatch(config.header):
                raise Rejected(f"{config.header} is not the name of a header.")
            return {config.header: token}
    return {"authorization": f"Bearer {token}"}
