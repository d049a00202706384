"""What servers of SCIM do differently, or no source could prove, as switches with defaults."""

from __future__ import annotations

from dataclasses import dataclass

from uar.demo.vendors.switches import switch

ALL = ("accepted", "rejected")


@dataclass(frozen=True, slots=True)
class Switches:
    """How the server behaves; each can be set by a flag and changed while it runs.

    The defaults are what RFC 7643, 7644 and 9865 ask for.
    """

    tokens: str = switch(
        "demo-token demo-read-only-token:read demo-users-token:users demo-no-rights-token:none",
        "tokens that are accepted, separated by spaces; read = no changes, "
        "users = nothing but /Users, none = no right at all",
    )
    auth: str = switch(
        "bearer",
        "how the token is sent: after Bearer, as the password of Basic, bare in Authorization, "
        "or in X-Api-Key",
        choices=("bearer", "basic", "bare", "header"),
    )
    unauthorised: str = switch("scim", "the body of a 401", choices=("scim", "text"))
    accept: str = switch(
        "any", "the media type that Accept must name, else 406", choices=("any", "scim", "json")
    )
    error_status: str = switch("text", "`status` of an error", choices=("text", "number"))
    discovery: str = switch(
        "served", "the three discovery routes", choices=("served", "open", "absent")
    )
    plural_config: bool = switch(False, "the configuration is at /ServiceProviderConfigs only")
    bare_lists: bool = switch(False, "Schemas and ResourceTypes are bare arrays")
    me: str = switch("", "id of the user whose token this is, whom /Me shows; empty is 501")
    canonical_roles: bool = switch(True, "the schema lists the roles that can be given")
    roles_endpoint: bool = switch(False, "/Roles is a resource type and lists the roles")
    announces_paging: bool = switch(True, "ServiceProviderConfig has `pagination`")
    paging: str = switch("index", "how lists are paged", choices=("index", "cursor", "both"))
    default_paging: str = switch(
        "index", "what a server with both does unasked", choices=("index", "cursor")
    )
    default_page: int = switch(100, "the page when no count is sent")
    max_results: int = switch(200, "the largest page")
    cursor_seconds: float = switch(3600.0, "how long a cursor lives")
    total_results: str = switch("number", "totalResults", choices=("number", "text", "absent"))
    items_per_page: str = switch("right", "itemsPerPage", choices=("right", "zero", "absent"))
    honours_start_index: bool = switch(True, "startIndex is looked at")
    honours_count: bool = switch(True, "count is looked at; if not, everything comes at once")
    resources_when_empty: bool = switch(True, "a list without rows has Resources")
    stable_order: bool = switch(True, "lists have the same order each time")
    sort: bool = switch(False, "sortBy is obeyed and announced")
    filters: str = switch(
        "all", "which filters are understood", choices=("all", "eq", "none", "ignored")
    )
    groups_route: str = switch("served", "/Groups", choices=("served", "absent", "forbidden"))
    members: str = switch(
        "inline", "where members of groups are shown", choices=("inline", "one", "never")
    )
    unknown_members: str = switch("rejected", "a member that is nobody", choices=ALL)
    member_types: bool = switch(True, "members say whether they are users or groups")
    user_groups: bool = switch(True, "users show their groups")
    indirect_groups: bool = switch(False, "users show groups that they are in through groups")
    roles: str = switch(
        "objects", "roles of users", choices=("objects", "texts", "object", "absent", "nonsense")
    )
    roles_read_only: bool = switch(False, "roles cannot be changed through SCIM")
    active: str = switch("boolean", "`active`", choices=("boolean", "text", "absent"))
    ids: str = switch("text", "ids", choices=("text", "number"))
    manager: str = switch(
        "object", "the manager of a user", choices=("object", "text", "managerId", "absent")
    )
    patch: bool = switch(True, "PATCH is supported")
    put: bool = switch(True, "PUT is supported")
    delete: bool = switch(True, "DELETE is allowed")
    etag: bool = switch(True, "resources have versions, and If-Match is looked at")
    patch_answer: int = switch(204, "the status of a PATCH; 200 comes with the resource")
    patch_without_path: str = switch("accepted", "PATCH without a path", choices=ALL)
    patch_with_path: str = switch("accepted", "PATCH of `active` with a path", choices=ALL)
    patch_value_path: str = switch("accepted", 'remove members[value eq "…"]', choices=ALL)
    patch_removes_values: str = switch(
        "rejected", "remove with the path members and a list of values", choices=ALL
    )
    patch_text_booleans: str = switch("accepted", '"False" for false', choices=ALL)
    patch_unmatched: str = switch(
        "noTarget",
        "replace or add where the filter matches nothing",
        choices=("noTarget", "create"),
    )
    rate_limit: int = switch(0, "requests a second before 429; 0 is without limit")
    retry_after: str = switch(
        "seconds", "Retry-After of such a 429", choices=("seconds", "date", "absent")
    )
    latency_ms: int = switch(0, "every answer takes at least so long")
    lag_s: float = switch(0.0, "reads show memberships as they were so many seconds ago")
