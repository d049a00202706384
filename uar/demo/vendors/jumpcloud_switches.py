"""Every fact about JumpCloud that could not be verified, as a switch with a default."""

from __future__ import annotations

from dataclasses import dataclass

from uar.demo.vendors.switches import switch


@dataclass(frozen=True, slots=True)
class Switches:
    """How the server behaves; each can be set by a flag and changed while it runs."""

    keys: str = switch(
        "demo-key demo-read-only-key:readonly demo-no-rights-key:none",
        "API keys that are accepted, separated by spaces; key:scope,scope limits one "
        "(readonly = every *.readonly scope, none = no scope)",
    )
    multi_tenant: bool = switch(False, "the keys belong to multi-tenant administrators")
    memberof: bool = switch(True, "results of POST /search/systemusers carry memberof")
    memberof_when_named: bool = switch(False, "memberof appears only when `fields` names it")
    memberof_device_groups: bool = switch(False, "memberof includes device groups")
    memberof_when_empty: bool = switch(True, "people without a group carry an empty memberof")
    memberof_at_most: int = switch(0, "memberof is cut after so many ids; 0 is never")
    memberof_lags: bool = switch(True, "memberof lags behind writes like graph reads do")
    admin_link: str = switch(
        "populated",
        "the `admin` of a person who is an administrator too",
        choices=("populated", "null", "absent"),
    )
    lastlogin: bool = switch(False, "people carry lastlogin")
    graph_from: bool = switch(False, "graph connections say where they come from")
    shuffle_unsorted: bool = switch(False, "lists come in another order each time unless sorted")
    v2_sort_id: str = switch(
        "accepted", "what v2 lists make of sort=id", choices=("accepted", "ignored", "rejected")
    )
    systemusers_most: int = switch(100, "the largest page of GET /systemusers")
    search_most: int = switch(1000, "the largest page of POST /search/systemusers; 100 or 1000")
    search_paging: str = switch(
        "both",
        "where POST /search/systemusers takes limit and skip from",
        choices=("both", "body", "query"),
    )
    users_page: int = switch(10, "the page of GET /users when no limit is sent")
    users_most: int = switch(100, "the largest page of GET /users")
    applications_page: int = switch(10, "the page of GET /applications when no limit is sent")
    applications_most: int = switch(100, "the largest page of GET /applications")
    over_limit: str = switch(
        "clamp", "what becomes of a limit above the largest page", choices=("clamp", "reject")
    )
    dynamic_groups: str = switch(
        "reject",
        "what becomes of a manual change to a DYNAMIC_AUTOMATED group",
        choices=("reject", "undo"),
    )
    dynamic_undo_seconds: float = switch(1.0, "how long a manual change lives under undo")
    conflicting_state: bool = switch(True, "contradicting state and suspended are answered 400")
    delete_manager: bool = switch(
        True, "deleting a manager without cascade_manager is answered 409"
    )
    delete_administrators: bool = switch(False, "DELETE /users/{id} exists")
    suspend_administrators: bool = switch(False, "PUT /users/{id} takes `suspended`")
    missing_edge_message: str = switch("Not Found", "the message when a removed link is absent")
    unauthorised_message: str = switch("Unauthorized", "the message for a key that is not known")
    retention_days: int = switch(90, "how long Directory Insights keeps events")
    events_sort: str = switch(
        "DESC", "the order of events when no sort is sent", choices=("ASC", "DESC")
    )
    rate_limit: int = switch(0, "requests a second before 429; 0 is without limit")
    retry_after: bool = switch(False, "a 429 of the rate limit carries Retry-After")
    latency_ms: int = switch(0, "every answer takes at least so long")
    lag_s: float = switch(0.0, "graph reads show links as they were so many seconds ago")
    prepared: bool = switch(False, "answers to reads are kept as bytes until something changes")
