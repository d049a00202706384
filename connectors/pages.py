"""Read a list that comes in pages, completely or not at all.

Offset paging loses and repeats rows while somebody edits the list, and vendors
have faults. So every row is told by its id, repeated ones are dropped with a
line in the log, and the number of rows must be what the vendor says it is;
otherwise the list is read once more, and then not believed.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.errors import Garbled, Remote
from connectors.http import Client

MAX_ROWS = 2_000_000
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """One page; `total` is how many rows the whole list has, None if the vendor is silent."""

    rows: Sequence[Row]
    total: int | None


@dataclass(frozen=True, slots=True)
class Listing:
    """How one list is read.

    `fetch` gets the number of rows to skip, and whether this is the second
    reading, after a first that contradicted itself. The size of the second page
    sets the step for the others, since a vendor may send fewer rows than it was
    asked for. Where it gives no total, a page of fewer than `full` rows is the
    last. `key` finds a row's id and may raise KeyError or TypeError for a bad row.
    """

    what: str
    fetch: Callable[[int, bool], Page]
    full: int
    key: Callable[[Row], str]


def every_row(client: Client, listing: Listing) -> list[Row]:
    """All rows, each id once, in the vendor's order; pages after the first several at a time.

    Costs one request per page, none beyond the last. Raises Garbled if two
    readings in a row contradict themselves.
    """
    rows, problem = _reading(client, listing, _several_at_a_time(client, listing))
    if problem:
        client.log(f"Reading {listing.what} again: {problem}")
        rows, problem = _reading(client, listing, _one_by_one(listing))
    if problem:
        raise Garbled(f"{client.title} contradicts itself about {listing.what}: {problem}")
    return rows


def _reading(client: Client, listing: Listing, pages: Iterator[Page]) -> tuple[list[Row], str]:
    """One reading, with what is wrong about it or "" if nothing is."""
    found: dict[str, Row] = {}
    n_rows, total = 0, None
    for page in pages:
        total, before = page.total, len(found)
        n_rows += len(page.rows)
        _collect(client, listing, page, found)
        if page.rows and len(found) == before:
            return [], "the same page came twice."
        if n_rows > MAX_ROWS:
            raise Garbled(f"{client.title} does not stop sending {listing.what}.")
    if n_rows > len(found):
        client.log(f"{n_rows - len(found)} rows of {listing.what} came twice and are dropped")
    if total is not None and total != len(found):
        return [], f"it counts {total} and sends {len(found)}."
    if total is None and n_rows > len(found):
        return [], "rows moved between pages."
    return list(found.values()), ""


def _collect(client: Client, listing: Listing, page: Page, found: dict[str, Row]) -> None:
    key = listing.key
    try:
        for row in page.rows:
            found.setdefault(key(row), row)
    except (KeyError, TypeError, AttributeError):
        raise Garbled(f"{client.title} sent a row of {listing.what} without its id.") from None


def _several_at_a_time(client: Client, listing: Listing) -> Iterator[Page]:
    first = listing.fetch(0, False)
    yield first
    if first.total is None:
        yield from _rest(listing, first, again=False)
        return
    skip = len(first.rows)
    if not 0 < skip < first.total <= MAX_ROWS:
        return
    second = listing.fetch(skip, False)
    yield second
    step = len(second.rows) or skip
    skips = range(skip + step, first.total, step)
    for _, page in client.map(lambda each: listing.fetch(each, False), skips):
        if isinstance(page, Remote):
            raise page
        yield page


def _one_by_one(listing: Listing) -> Iterator[Page]:
    first = listing.fetch(0, True)
    yield first
    yield from _rest(listing, first, again=True)


def _rest(listing: Listing, page: Page, *, again: bool) -> Iterator[Page]:
    skip = len(page.rows)
    while page.rows and _continues(listing, page, skip):
        page = listing.fetch(skip, again)
        yield page
        skip += len(page.rows)


def _continues(listing: Listing, page: Page, skip: int) -> bool:
    if page.total is not None:
        return skip < page.total
    return len(page.rows) >= listing.full
