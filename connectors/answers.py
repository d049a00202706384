"""What vendors say beside their data: refusals, Retry-After, the time of day."""

import json
import math
import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from connectors.errors import (
    AlreadyThere,
    Forbidden,
    Missing,
    RateLimited,
    Rejected,
    Remote,
    Unauthorised,
    Unavailable,
)
from connectors.incoming import Incoming

LONGEST = 300
WORTH_REPEATING = frozenset({408, 500, 502, 503, 504})
NAMES = ("message", "error_description", "error", "errors", "detail", "title")


class VendorClock:
    """What time it is at the vendor, as its last answer said.

    Better than our own clock for a question about the vendor's history, and
    the reason why connectors need none.
    """

    def __init__(self) -> None:
        self._said = ""

    def hear(self, date: str) -> None:
        """Take note of a Date header."""
        self._said = date or self._said

    def now(self) -> datetime | None:
        """The instant of the last answer, in UTC; None before the first."""
        return _instant(self._said)


def refusal(title: str, request: httpx.Request, incoming: Incoming, said: str) -> Remote:
    """The error for a status of 400 and above; `said` is the vendor's message without secrets."""
    status = incoming.status
    because = f"{status}: {said}" if said else str(status)
    call = f"{request.method} {request.url.path}"
    match status:
        case 401:
            return Unauthorised(
                f"{title} does not accept the credentials ({because}). "
                "Enter current ones on the connector's page."
            )
        case 403:
            return Forbidden(
                f"{title} does not allow {call} with these credentials ({because}). "
                "Give their owner the right to it, or use others."
            )
        case 404:
            return Missing(f"{title} knows no {request.url.path} ({because}).")
        case 409:
            return AlreadyThere(f"{title} says of {call}: {because}.")
        case 429:
            return RateLimited(
                f"{title} gets too many requests from us ({because}). Try again later.",
                retry_after=pause_in(incoming.headers),
            )
    if status >= 500 or status in WORTH_REPEATING:
        return Unavailable(
            f"{title} has a fault of its own ({because}). Try again later.",
            retry=status in WORTH_REPEATING,
        )
    return Rejected(f"{title} refused {call} ({because}).")


def unreachable(title: str, host: str, error: Exception, patience: float, said: str) -> Unavailable:
    """The error for a vendor that sends no answer; `said` is the error's text without secrets."""
    if isinstance(error, httpx.TimeoutException):
        return Unavailable(
            f"{title} at {host} did not answer within {patience:g} seconds. Try again later."
        )
    why = re.sub(r"\[Errno -?\d+\] ", "", said)[:200]
    return Unavailable(
        f"{title} at {host} cannot be reached ({why}). Try again later, or check the base URL."
    )


def message_in(content: bytes) -> str:
    """The sentence inside an error body, shortened; "" if there is none to read."""
    try:
        data = json.loads(content[:100_000])
    except (ValueError, RecursionError):
        return ""
    text = _text(data)
    return " ".join(text.split())[:LONGEST].rstrip(".")


def pause_in(headers: httpx.Headers) -> float | None:
    """The seconds that Retry-After asks for, given as a number or as a date.

    A date is compared with the same answer's Date header, so that clocks which
    disagree do no harm. None if absent or unreadable.
    """
    asked = headers.get("retry-after", "").strip()
    if not asked:
        return None
    try:
        seconds = float(asked)
    except ValueError:
        until, said = _instant(asked), _instant(headers.get("date", ""))
        if until is None or said is None:
            return None
        seconds = (until - said).total_seconds()
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def _instant(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return at if at.tzinfo else None


def _text(data: Any) -> str:
    if isinstance(data, str):
        return data
    if isinstance(data, dict):
        for name in NAMES:
            text = _text(data.get(name))
            if text:
                return text
    if isinstance(data, list) and data:
        return _text(data[0])
    return ""
