"""The one clock. Everything else is handed an instant and never asks.

A unit of work reads the clock once and carries the instant as ``work.now``, so
that all rows of one change agree on when it happened. Tests stop the clock with
``frozen``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime


def _system() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system


def now() -> datetime:
    """Return this instant, aware and in UTC."""
    return _source()


@contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """Stop the clock at an aware instant inside the block; blocks may nest.

    It is one clock for the whole process, threads included.
    """
    if at.tzinfo is None:
        raise ValueError("the clock needs an aware instant")
    global _source
    before = _source
    _source = lambda: at  # noqa: E731 - a name would say no more
    try:
        yield
    finally:
        _source = before
