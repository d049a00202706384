"""Do one thing to many items, several at a time, without a vendor file knowing of threads."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from connectors.errors import Blocked, RateLimited, Remote, Unauthorised, Unavailable

GIVE_UP_AFTER = 10  # failures in a row, after which the vendor is down rather than one resource
AHEAD = 4  # items per thread that are begun before their answers are wanted

T = TypeVar("T")
R = TypeVar("R")


class FanOut:
    """A bounded set of threads that keeps the order of what it is given."""

    def __init__(self, concurrency: int) -> None:
        self._concurrency = concurrency
        self._here = threading.local()
        self._pool: ThreadPoolExecutor | None = None

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[tuple[T, R | Remote]]:
        """Each item with its answer, in order; a Remote failure takes its answer's place.

        Unauthorised and Blocked are raised, since they would meet every item,
        and so is the last of a row of failures that says that the vendor is
        down. Called from within itself it works one by one, so that threads
        never wait for each other.
        """
        down = 0
        for item, answer in self._answers(function, items):
            if isinstance(answer, (Unauthorised, Blocked)):
                raise answer
            down = down + 1 if isinstance(answer, (Unavailable, RateLimited)) else 0
            if isinstance(answer, Remote) and down >= GIVE_UP_AFTER:
                raise answer
            yield item, answer

    def close(self) -> None:
        """End the threads; what has not begun is dropped."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def _answers(
        self, function: Callable[[T], R], items: Iterable[T]
    ) -> Iterator[tuple[T, R | Remote]]:
        if self._concurrency < 2 or getattr(self._here, "is_worker", False):
            yield from ((item, _caught(function, item)) for item in items)
            return
        waiting: deque[tuple[T, Future[R | Remote]]] = deque()
        try:
            for item in items:
                waiting.append((item, self._threads().submit(_caught, function, item)))
                if len(waiting) >= AHEAD * self._concurrency:
                    first, future = waiting.popleft()
                    yield first, future.result()
            while waiting:
                first, future = waiting.popleft()
                yield first, future.result()
        finally:
            for _, future in waiting:
                future.cancel()

    def _threads(self) -> ThreadPoolExecutor:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(
                self._concurrency, "connector", initializer=self._become_worker
            )
        return self._pool

    def _become_worker(self) -> None:
        self._here.is_worker = True


def _caught(function: Callable[[T], R], item: T) -> R | Remote:
    try:
        return function(item)
    except Remote as failure:
        return failure
