"""Every fact about Percipio that could not be verified, as a switch with a default."""

from __future__ import annotations

from dataclasses import dataclass

from uar.demo.vendors.switches import switch


@dataclass(frozen=True, slots=True)
class Switches:
    """How the server behaves; each can be set by a flag and changed while it runs."""

    accounts: str = switch(
        "all users-only:user-management content-only:content-discovery,user-management no-api:none",
        "service accounts whose tokens are accepted, separated by spaces; name:api,api limits one "
        "(user-management, content-discovery, reporting; none = no API)",
    )
    error_keys: str = switch(
        "code_message",
        "what the items of `errors` in a refusal hold",
        choices=("code_message", "error_detail", "text"),
    )
    users_total: bool = switch(True, "lists of users carry x-total-count")
    inactive_users: bool = switch(True, "lists of users include those who are not active")
    active_filter: bool = switch(False, "lists of users can be narrowed by isActive")
    patch_answer: str = switch(
        "user",
        "what a change of a user answers: 200 with the user, 200 with nothing, or 204",
        choices=("user", "empty", "204"),
    )
    create_status: int = switch(201, "the status of a created user: 201 or 200")
    patch_lag_s: float = switch(0.0, "reads of users show a change so many seconds later")
    catalogue_total: bool = switch(True, "the catalogue carries x-total-count")
    catalogue_link: str = switch(
        "last",
        "the Link header of the catalogue: rel=last alone, with the other relations, or none",
        choices=("last", "all", "none"),
    )
    blank_paging_id: str = switch(
        "first_page",
        "what a later call gets whose pagingRequestId is empty or missing",
        choices=("first_page", "reject"),
    )
    paging_id_repeated: bool = switch(True, "later pages repeat x-paging-request-id")
    type_filter: str = switch(
        "both",
        "how the search takes several types: in one value with commas, as several values, or both",
        choices=("both", "commas", "repeated"),
    )
    search_noise: int = switch(0, "how many other items a search for an id finds before it")
    search_finds_ids: bool = switch(True, "a search for an id finds the item with it")
    search_total: bool = switch(False, "the search carries x-total-count")
    report_request_status: int = switch(200, "the status that a report request answers: 2xx")
    report_first: str = switch(
        "PENDING",
        "the state that a new report is in",
        choices=("PENDING", "IN_PROGRESS", "COMPLETED", "FAILED"),
    )
    report_polls: int = switch(2, "how many times a report is asked for before it is ready")
    report_s: float = switch(0.0, "how many seconds a report takes at least")
    report_ends: str = switch(
        "rows",
        "how a report ends: with rows, by saying COMPLETED once before them, FAILED, or never",
        choices=("rows", "completed_first", "failed", "never"),
    )
    report_id_name: str = switch(
        "id",
        "what an unready report calls its own id",
        choices=("id", "reportId", "none"),
    )
    report_kept_s: float = switch(0.0, "how many seconds a ready report is kept; 0 is for ever")
    rows_per_pair: str = switch(
        "all",
        "what a report shows of several stretches of one person in one course",
        choices=("all", "latest"),
    )
    row_dates: bool = switch(True, "rows of a report say when a course was used last")
    row_statuses: str = switch(
        "display", "how rows write a status: Completed or COMPLETED", choices=("display", "enum")
    )
    stray_rows: int = switch(0, "how many rows name people and courses that no list has")
    long_range: str = switch(
        "accepted",
        "what becomes of a report over more than 24 months",
        choices=("accepted", "cut", "rejected"),
    )
    rate_limit: int = switch(100, "requests of a service account in 20 seconds; 0 is no limit")
    retry_after: bool = switch(False, "a 429 of the rate limit carries Retry-After")
    latency_ms: int = switch(0, "every answer takes at least so long")
