"""Who is learning what, out of the rows of a report. Nothing here does I/O.

A report may have a million rows. What is kept of each is two numbers.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.base import GrantRecord, Ref
from connectors.pages import Row
from connectors.percipio.courses import COMPLETED, IN_PROGRESS

# Only Started and Completed were seen; the others are the words of the vendor's filter.
STATUSES = {
    "started": IN_PROGRESS,
    "active": IN_PROGRESS,
    "completed": COMPLETED,
    "achieved": COMPLETED,
}
SLUGS = (IN_PROGRESS, COMPLETED)
DATES = ("lastAccess", "completedDate", "firstAccess")


class Activity:
    """What the latest row about each person and course says.

    The vendor does not say whether a pair has several rows, nor in which order. A
    course can be started again after it was completed; its state is then what the
    vendor's own page shows, the newest. Of rows of the same instant, or without
    any, a completion counts.

    Without `people` and `courses` every pair is kept, else those within them.
    """

    def __init__(
        self,
        people: Mapping[str, Any] | None = None,
        courses: Mapping[str, Any] | None = None,
    ) -> None:
        self._known = (people, courses)
        self._numbers: tuple[dict[str, int], dict[str, int]] = ({}, {})
        self._states: dict[int, int] = {}
        self.rows = 0
        self.strays = 0
        self.unknown: Counter[str] = Counter()

    def take(self, row: Row) -> None:
        """Count one row. Raises KeyError if it names nobody or nothing."""
        self.rows += 1
        status = str(row.get("status") or "")
        slug = STATUSES.get(status.lower())
        if slug is None:
            self.unknown[status[:40]] += 1
            return
        pair = (row["userUuid"], row["contentUuid"])
        for identity, known in zip(pair, self._known, strict=True):
            if known is not None and identity not in known:
                self.strays += 1
                return
        person, course = (
            numbers.setdefault(identity, len(numbers))
            for identity, numbers in zip(pair, self._numbers, strict=True)
        )
        key = (course << 32) | person
        state = (_millis(row) << 1) | SLUGS.index(slug)
        if state > self._states.get(key, -1):
            self._states[key] = state

    def grants(self) -> Iterator[GrantRecord]:
        """One grant for each pair."""
        people = [Ref("user", each) for each in self._numbers[0]]
        courses = [Ref("course", each) for each in self._numbers[1]]
        for key, state in self._states.items():
            yield GrantRecord(courses[key >> 32], SLUGS[state & 1], people[key & 0xFFFFFFFF])

    def say(self, log: Callable[[str], None]) -> None:
        """Say what was read and what of it was left out."""
        log(f"Learning activity: {len(self._states):,} people and courses in {self.rows:,} rows")
        if self.strays:
            log(
                f"{self.strays:,} rows are about people or courses that were not read, such as "
                "retired courses, and are left out"
            )
        for status, n in self.unknown.items():
            log(f"{n:,} rows have the status {status!r}, which is neither learning nor completed")


def _millis(row: Row) -> int:
    for name in DATES:
        text = row.get(name)
        if isinstance(text, str) and text:
            try:
                at = datetime.fromisoformat(text)
            except ValueError:
                continue
            aware = at if at.tzinfo else at.replace(tzinfo=UTC)
            return max(int(aware.timestamp() * 1000), 0)
    return 0
