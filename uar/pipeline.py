"""What becomes of what is read, in a thread of its own, while more is being read.

The vendor's answers and the database's work then cost their time side by side.
The thread owns the scratch until the end of the ``with`` block.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

USUAL_SWITCH = sys.getswitchinterval()
SWITCH = 0.0005
"""How soon, in seconds, a thread gets the interpreter that waits for it.

The worker gives it up at every statement. At the usual five milliseconds a
transaction of ten statements would hold SQLite's lock for fifty, because the
threads that read the vendor are busy.
"""


class Pipeline:
    """Does jobs one after the other; its ``with`` block waits for all of them."""

    def __init__(self, name: str) -> None:
        """Begin nothing yet; ``name`` is the thread's."""
        self._worker = ThreadPoolExecutor(1, name)
        self._jobs: list[Future[None]] = []

    def __enter__(self) -> Self:
        """Begin to take jobs."""
        sys.setswitchinterval(SWITCH)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait; after an error only for the job under way. Raises what went wrong in one."""
        self._worker.shutdown(wait=True, cancel_futures=error is not None)
        sys.setswitchinterval(USUAL_SWITCH)
        if error is None:
            self._raise_what_failed()

    def do(self, job: Callable[[], None]) -> None:
        """Take one more job. Raises what went wrong in an earlier one."""
        self._raise_what_failed()
        self._jobs.append(self._worker.submit(job))

    def _raise_what_failed(self) -> None:
        while self._jobs and self._jobs[0].done():
            self._jobs.pop(0).result()
