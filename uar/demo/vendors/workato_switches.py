"""Every fact about Workato that could not be verified, as a switch with a default."""

from __future__ import annotations

from dataclasses import dataclass

from uar.demo.vendors.switches import switch


@dataclass(frozen=True, slots=True)
class Switches:
    """How the server behaves; each can be set by a flag and changed while it runs."""

    tokens: str = switch(
        "demo-token demo-read-token:readonly demo-no-rights-token:none",
        "API clients' tokens, separated by spaces; token:part,part limits one (readonly, none, "
        "env=prod, projects=11+12, -GET/api/roles for an endpoint that is not ticked)",
    )
    unticked_status: int = switch(401, "the answer to an endpoint that is not ticked; 401 or 403")
    role_type_shown: bool = switch(True, "members' roles carry role_type, as newer servers do")
    member_wrapper: str = switch(
        "bare", "what GET /members/:id wraps its object in", choices=("bare", "data")
    )
    put_answer: str = switch(
        "result",
        "what PUT /members/:id answers: a result, the member, or nothing",
        choices=("result", "member", "nothing"),
    )
    delete_status: int = switch(200, "the status of DELETE /members/:id; 200 or 204")
    no_access_put: bool = switch(True, "PUT /members/:id accepts the pseudo-role No access")
    unrestricted_folders: str = switch(
        "none",
        "the folder_ids of a role that reaches every folder",
        choices=("none", "all"),
    )
    invited_again: int = switch(
        429, "the status of a second invitation within 20 minutes; 429, 409 or 400"
    )
    invitation_window_s: float = switch(1200.0, "seconds in which a person is invited once")
    over_limit: str = switch(
        "clamp", "what becomes of a page size above 100", choices=("clamp", "reject")
    )
    page_zero: str = switch(
        "first", "what becomes of the page 0", choices=("first", "reject", "empty")
    )
    totals: bool = switch(True, "lists in an envelope carry total")
    roles_after_migration: str = switch(
        "empty",
        "what GET /roles answers once the workspace has environment roles only",
        choices=("empty", "401", "404"),
    )
    single_folder: bool = switch(True, "GET /folders/:id exists, as on newer servers")
    folder_projects: bool = switch(True, "folders carry is_project and project_id")
    member_privileges: bool = switch(True, "GET /members/:id/privileges knows environment roles")
    quota: int = switch(0, "requests in a window for each family of endpoints; 0 is no limit")
    quota_window_s: float = switch(60.0, "the window of the quota in seconds")
    retry_after: bool = switch(False, "a 429 of the quota carries Retry-After")
    latency_ms: int = switch(0, "every answer takes at least so long")
    lag_s: float = switch(0.0, "reads show members' roles as they were so many seconds ago")
    prepared: bool = switch(False, "answers to reads are kept as bytes until something changes")
