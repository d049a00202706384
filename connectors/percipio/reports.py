"""The report of learning activity: asked for, waited for, and read row by row."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from connectors.arrays import rows
from connectors.base import Net
from connectors.errors import Garbled, Missing, Rejected, Unavailable
from connectors.incoming import Incoming
from connectors.percipio.activity import Activity
from connectors.percipio.api import Api, stamp
from connectors.percipio.config import PercipioConfig

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 60.0  # seconds
WAITS = ("PENDING", "IN_PROGRESS", "COMPLETED")  # the last says that it can be fetched now
STATUS_BYTES = 1024 * 1024
# Vendor's pages about reports: their data may be a day old.
LAG = timedelta(days=1)
BEGINNING, END = "2010-01-01T00:00:00Z", "2100-01-01T00:00:00Z"  # of a vendor that tells no time


class Report:
    """One report. Costs one request, and one for each time that it is asked for."""

    def __init__(self, api: Api, config: PercipioConfig, net: Net) -> None:
        self._api = api
        self._config = config
        self._net = net
        self._id = ""

    @property
    def is_requested(self) -> bool:
        """Whether the vendor is making it."""
        return bool(self._id)

    def request(self, since: datetime | None = None) -> None:
        """Ask for it, so that the vendor makes it while other things are read."""
        answer = self._api.request_report(self.question(since))
        if answer.get("status") not in WAITS:
            raise _failure(answer)
        identity = answer.get("id")
        if not isinstance(identity, str) or not identity:
            raise Garbled("Percipio takes the request for a report and does not name it.")
        self._id = identity

    def question(self, since: datetime | None = None) -> dict[str, Any]:
        """What is asked for. Fields that are empty would be refused, so there are none."""
        now = self._api.client.clock.now()
        start = since - LAG if since else now and _years_before(now, self._config.activity_years)
        return {
            "start": stamp(start) if start else BEGINNING,
            "end": stamp(now) if now else END,
            "contentType": "Course,Assessment",
            "formatType": "JSON",
            # Otherwise every sync would leave a file about everybody on the customer's server.
            "isFileRequiredInSftp": False,
        }

    def fetch(self, begin: Callable[[], Activity]) -> Activity:
        """Wait for the report and read it into what `begin` gives, anew for each attempt.

        Pauses grow from two seconds to a minute. Raises Unavailable when the
        configured minutes are over, Rejected when the vendor gives it up.
        """
        waited, pause, limit = 0.0, FIRST_PAUSE, self._config.report_minutes * 60.0
        while True:
            found = self._ask(begin)
            if isinstance(found, Activity):
                return found
            if waited >= limit:
                raise Unavailable(
                    f"Percipio has not finished its report of learning activity within "
                    f"{self._config.report_minutes} minutes. The next sync asks again; if it "
                    "stays so, allow more report minutes."
                )
            pause = min(pause, limit - waited)
            self._api.client.log(f"The report is {found}: looking again in {pause:.0f} s")
            self._net.sleep(pause)
            waited, pause = waited + pause, min(2 * pause, LONGEST_PAUSE)

    def _ask(self, begin: Callable[[], Activity]) -> Activity | str:
        try:
            return self._api.report(self._id, lambda incoming: _taken(incoming, begin))
        except Missing as missing:
            self._id = ""
            raise Unavailable(
                "Percipio no longer has the report that it was asked for. The next sync asks again."
            ) from missing


def _taken(incoming: Incoming, begin: Callable[[], Activity]) -> Activity | str:
    """The rows of a ready report, or the state of one that is not. The same address has both."""
    if incoming.first() != b"[":
        return _state(incoming)
    activity = begin()
    try:
        for row in rows("Percipio", incoming):
            activity.take(row)
    except (KeyError, TypeError):
        raise Garbled("Percipio sent a row of its report without a person or a course.") from None
    return activity


def _state(incoming: Incoming) -> str:
    try:
        answer = json.loads(incoming.whole(STATUS_BYTES))
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        # Seen by others: 200 with nothing in it, or with half of it.
        raise Garbled("Percipio sent a report that breaks off. Try again later.", retry=True)
    if answer.get("status") not in WAITS:
        raise _failure(answer)
    return str(answer["status"]).lower().replace("_", " ")


def _failure(answer: dict[str, Any]) -> Rejected:
    said = str(answer.get("error") or answer.get("status") or "no state")[:200]
    return Rejected(
        f"Percipio could not make its report of learning activity ({said}). "
        "The next sync asks again; if it stays so, ask Skillsoft's support."
    )


def _years_before(at: datetime, years: int) -> datetime:
    return at - timedelta(days=365 * years + years // 4)
