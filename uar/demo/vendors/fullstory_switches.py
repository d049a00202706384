"""Every fact about Fullstory that could not be verified, as a switch with a default.

Its SCIM is proven for the list of teammates with a handful of fields only. The
rest of SCIM's switches apply to it too, with defaults that are nearer to that.
"""

from __future__ import annotations

from dataclasses import dataclass

from uar.demo.vendors.scim_switches import Switches as ScimSwitches
from uar.demo.vendors.switches import switch


@dataclass(frozen=True, slots=True)
class Switches(ScimSwitches):
    """How the server behaves; each can be set by a flag and changed while it runs."""

    unauthorised: str = switch("text", "the body of SCIM's 401", choices=("scim", "text"))
    groups_route: str = switch(
        "absent", "/Groups of SCIM", choices=("served", "absent", "forbidden")
    )
    user_groups: bool = switch(False, "teammates show their groups")
    roles: str = switch(
        "absent",
        "roles of teammates",
        choices=("objects", "texts", "object", "absent", "nonsense"),
    )
    canonical_roles: bool = switch(False, "the schema lists the roles that can be given")
    max_results: int = switch(100, "the largest page of SCIM")
    keys: str = switch(
        "demo-key:ADMIN demo-architect-key:ARCHITECT demo-standard-key:USER",
        "API keys that are accepted, with their roles, separated by spaces",
    )
    key_owner: str = switch(
        "svc@example.test", "the e-mail of /me; keys of the older kind have none"
    )
    people_page: int = switch(20, "the page of GET /v2/users, which nobody can choose")
    last_page: str = switch(
        "absent", "next_page_token of the last page", choices=("absent", "empty")
    )
    erase_seconds: float = switch(3600.0, "how long a deleted visitor is still shown")
    anonymous_filter: bool = switch(True, "is_identified=true leaves anonymous visitors out")
    data_realm: str = switch("NA1", "the header x-fullstory-data-realm")
