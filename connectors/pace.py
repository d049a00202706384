"""Keep below a vendor's rate limit, where it is known, instead of meeting it."""

import threading
import time
from collections import deque


class Pace:
    """At most `most` requests in any `seconds`, counted from when they are let go.

    Safe to use from several threads.
    """

    def __init__(self, most: int, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._latest: deque[float] = deque(maxlen=most)

    def next(self) -> float:
        """The seconds to wait before one more request, which is then taken for granted."""
        with self._lock:
            now = time.monotonic()
            is_full = len(self._latest) == self._latest.maxlen
            at = max(now, self._latest[0] + self._seconds) if is_full else now
            self._latest.append(at)
            return at - now
