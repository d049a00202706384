"""What one enters to connect Fullstory: a SCIM token, or else an API key."""

from dataclasses import dataclass
from typing import ClassVar

from connectors.fields import Secret, base_url_field, field
from connectors.scim import ScimConfig

# Vendor's own code for its realms; the SCIM address of the EU is inferred from
# the host of its pages.
API = {"us": "https://api.fullstory.com", "eu": "https://api.eu1.fullstory.com"}
SCIM = {
    "us": "https://app.fullstory.com/scim/v2",
    "eu": "https://app.eu1.fullstory.com/scim/v2",
}
SCIM_PATH = "/scim/v2"


@dataclass(frozen=True, slots=True)
class FullstoryConfig:
    """Which of the two ways is taken follows from what is entered; SCIM wins.

    Only SCIM knows the teammates who sign in to Fullstory. It needs a plan with
    it, single sign-on by SAML, and an Admin to switch it on. An API key knows the
    visitors whom Fullstory recorded.
    """

    kind: ClassVar[str] = "fullstory"

    scim_base_url: str = field(
        "SCIM Base URL",
        help="Fullstory, Settings, Account Management, SSO shows it beside the token; "
        "empty means the realm's usual one",
        default="",
        url=True,
    )
    scim_token: Secret = field(
        "SCIM Token",
        help="On the same page, SCIM Provisioning, Generate Token; it is shown once",
        default=Secret(""),
    )
    api_key: Secret = field(
        "API key",
        help="Only without SCIM: Settings, API Keys, with Admin or Architect permissions. It "
        "reads the visitors whom Fullstory recorded, not the teammates who sign in",
        default=Secret(""),
    )
    realm: str = field(
        "Realm",
        help="Where the organisation's data lives; it is in the address of Fullstory's pages",
        default="us",
        choices=tuple(API),
    )
    base_url: str = base_url_field()

    @property
    def api(self) -> str:
        """Where the server API is."""
        return self.base_url or API[self.realm]

    @property
    def scim(self) -> ScimConfig:
        """The same as a SCIM server's."""
        other = f"{self.base_url}{SCIM_PATH}" if self.base_url else SCIM[self.realm]
        return ScimConfig(self.scim_base_url or other, self.scim_token)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address that is called; SCIM's, unless there is an API key only."""
        if self.api_key and not (self.scim_token or self.scim_base_url):
            return (self.api,)
        return self.scim.addresses
