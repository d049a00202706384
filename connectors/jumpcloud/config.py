"""What one enters to connect a JumpCloud organisation."""

from dataclasses import dataclass
from typing import ClassVar

from connectors.fields import Secret, base_url_field, field

CONSOLES = {
    "us": "https://console.jumpcloud.com",
    "eu": "https://console.eu.jumpcloud.com",
    "in": "https://console.in.jumpcloud.com",
}
INSIGHTS = {
    "us": "https://api.jumpcloud.com",
    "eu": "https://api.eu.jumpcloud.com",
    "in": "https://api.in.jumpcloud.com",
}


@dataclass(frozen=True, slots=True)
class JumpCloudConfig:
    """An administrator's API key and where the organisation lives.

    The key can do what its administrator can. "Read Only" reads everything but
    the list of administrators; writing memberships needs "Help Desk" or more.
    """

    kind: ClassVar[str] = "jumpcloud"

    api_key: Secret = field("API key", help="Admin console, your initials, My API Key")
    region: str = field(
        "Region",
        help="Where the organisation's data lives; it is in the console's address",
        default="us",
        choices=tuple(CONSOLES),
    )
    org_id: str = field(
        "Organisation ID",
        help="Only for an administrator of several organisations; Settings shows it",
        default="",
    )
    sign_ins: str = field(
        "Sign-ins",
        help="Read 90 days of Directory Insights for everybody's last sign-in; "
        "takes more requests and a plan that has them",
        default="off",
        choices=("off", "on"),
        advanced=True,
    )
    base_url: str = base_url_field()

    @property
    def console(self) -> str:
        """Where people, groups and applications are served."""
        return self.base_url or CONSOLES[self.region]

    @property
    def insights(self) -> str:
        """Where Directory Insights is served."""
        return self.base_url or INSIGHTS[self.region]

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address that is called."""
        if self.sign_ins == "off" or self.base_url:
            return (self.console,)
        return self.console, self.insights
