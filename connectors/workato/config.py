"""What one enters to connect a Workato workspace."""

from dataclasses import dataclass
from typing import ClassVar

from connectors.fields import Secret, base_url_field, field

# Vendor's pages and the connection table of its own command line; il and
# sandbox are newer. A virtual private Workato has an address of its own.
CENTRES = {
    "us": "https://www.workato.com",
    "eu": "https://app.eu.workato.com",
    "jp": "https://app.jp.workato.com",
    "sg": "https://app.sg.workato.com",
    "au": "https://app.au.workato.com",
    "il": "https://app.il.workato.com",
    "sandbox": "https://app.trial.workato.com",
}
ALL = "all"


@dataclass(frozen=True, slots=True)
class WorkatoConfig:
    """An API client's token, and where its workspace lives.

    The client needs access to the DEV environment to read collaborators, and
    sees the projects that it was given in its own environment.
    """

    kind: ClassVar[str] = "workato"

    api_key: Secret = field(
        "API key", help="Workspace admin, API clients: the token shown when the client is created"
    )
    data_center: str = field(
        "Data center",
        help="Where the workspace lives; it is in the address of the Workato website",
        default="us",
        choices=tuple(CENTRES),
    )
    environment: str = field(
        "Environment",
        help="Read and change roles in one environment only, or in all of them",
        default=ALL,
        choices=(ALL, "dev", "test", "prod"),
    )
    disable_custom_roles_sync: bool = field(
        "Disable custom roles sync",
        help="Leave out legacy custom roles; tick it once the workspace has environment roles",
        default=False,
    )
    privileges: str = field(
        "Privileges",
        help="Show what a role allows as facts about it, or also as access to review, "
        "which takes dozens of rows for each collaborator",
        default="facts",
        choices=("facts", "entitlements"),
        advanced=True,
    )
    base_url: str = base_url_field()

    @property
    def address(self) -> str:
        """Where the API is served."""
        return self.base_url or CENTRES[self.data_center]

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address that is called."""
        return (self.address,)

    def reads(self, environment: str) -> bool:
        """Whether roles in an environment are read."""
        return self.environment in (ALL, environment)
