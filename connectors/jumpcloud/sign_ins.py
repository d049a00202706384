"""When everybody last signed in, from Directory Insights.

Off unless switched on: it takes ⌈events/10,000⌉ requests and a plan that keeps
events. Without it JumpCloud tells nobody's last sign-in.
"""

import json
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from connectors.errors import Forbidden, Garbled, Missing, Rejected
from connectors.http import Answer
from connectors.jumpcloud.api import Api
from connectors.jumpcloud.people import instant

KEPT = timedelta(days=90)  # how long the vendor keeps events
LONG_AGO = "2013-01-01T00:00:00Z"  # for a vendor whose answers carry no date
LIMIT = 10_000
MAX_PAGES = 20
TYPES = ("user_login_attempt", "admin_login_attempt", "sso_auth")


def last_sign_ins(api: Api, accounts: Collection[str]) -> dict[str, datetime]:
    """The latest successful sign-in by account id, for those seen in the last 90 days.

    A refusal costs nobody the sync: it is logged, and the answer is empty.
    """
    found: dict[str, datetime] = {}
    after: Any = None
    try:
        for _ in range(MAX_PAGES):
            answer = api.events(_question(api, after))
            for event in answer.data if isinstance(answer.data, list) else ():
                _note(event, accounts, found)
            after = _after(answer)
            if not after or len(found) == len(accounts):
                return found
        api.client.log(f"Sign-ins: stopped after {MAX_PAGES} pages; older ones are unknown")
    except (Forbidden, Missing, Rejected, Garbled) as refusal:
        api.client.log(f"Sign-ins are unknown: {refusal}")
    return found


def _question(api: Api, after: Any) -> dict[str, Any]:
    now = api.client.clock.now()
    since = (now - KEPT).strftime("%Y-%m-%dT%H:%M:%SZ") if now else LONG_AGO
    question = {
        "service": ["directory", "sso"],
        "start_time": since,
        "sort": "DESC",
        "limit": LIMIT,
        "fields": ["timestamp", "event_type", "success", "initiated_by"],
        "search_term": {"and": [{"event_type": list(TYPES)}]},
    }
    return {**question, "search_after": after} if after else question


def _note(event: Any, accounts: Collection[str], found: dict[str, datetime]) -> None:
    if not isinstance(event, dict) or event.get("success") is not True:
        return
    who = event.get("initiated_by")
    account = who.get("id") if isinstance(who, dict) else None
    at = instant(event.get("timestamp"))
    if isinstance(account, str) and account in accounts and at and account not in found:
        found[account] = at  # events come newest first


def _after(answer: Answer) -> Any:
    """Where the next page begins; None after the last, although the vendor always sends it."""
    headers = answer.headers
    if headers.get("x-result-count", "0") != headers.get("x-limit", str(LIMIT)):
        return None
    try:
        return json.loads(headers.get("x-search_after", ""))
    except ValueError:
        return None
