"""Counting queries, so that no page's number of them grows with its rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa


@contextmanager
def asserts_queries(n: int, engine: sa.Engine) -> Iterator[list[str]]:
    """Fail unless exactly ``n`` statements are sent to the engine inside the block."""
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    assert len(seen) == n, "\n\n".join(seen)
