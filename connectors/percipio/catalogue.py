"""Percipio's catalogue: everything that is licensed, in pages of one frozen result set."""

import re
from collections.abc import Callable

from connectors.errors import Garbled
from connectors.http import Answer, Client, Params
from connectors.pages import Listing, Page, Row, every_row

LIMIT = 1000  # the largest page that the vendor gives, of anything
LAST_PAGE = re.compile(r"[?&]offset=(\d+)[^>]*>[^,]*rel=\"?last")
Slim = Callable[[Row], Row]


class Catalogue:
    """One reading of the catalogue; ⌈items/1000⌉ requests when it is read whole.

    Items are large, so `slim` makes of each what is kept of it.
    """

    def __init__(self, client: Client, path: str, params: Params, slim: Slim) -> None:
        self._client = client
        self._path = path
        self._params = params
        self._slim = slim
        self._first: Page | None = None
        self._paging_id = ""
        self._last_begins = 0

    def first(self) -> Page:
        """Its first page, which `whole` does not read again."""
        if self._first is None:
            self._first = self._read(0)
        return self._first

    def whole(self) -> list[Row]:
        """Everything, each item once."""
        rows = every_row(self._client, Listing("courses", self._fetch, LIMIT, item_id))
        if self._last_begins and len(rows) <= self._last_begins:
            raise Garbled(
                f"Percipio says that its last page begins after {self._last_begins} items "
                f"and sends {len(rows)}."
            )
        return rows

    def _fetch(self, skip: int, again: bool) -> Page:
        return self._read(skip) if skip or again else self.first()

    def _read(self, skip: int) -> Page:
        params = {**self._params, "max": LIMIT, "offset": skip}
        # The id names the frozen result set. The first call must be without it and
        # every later one with it; sent empty, it begins anew (since April 2025).
        if skip and self._paging_id:
            params["pagingRequestId"] = self._paging_id
        answer = self._client.get(self._path, params)
        if not skip:
            self._paging_id = answer.headers.get("x-paging-request-id", "")
            last = LAST_PAGE.search(answer.headers.get("link", ""))
            self._last_begins = int(last[1]) if last else 0
        page = rows_of(answer)
        try:
            return Page([self._slim(row) for row in page.rows], page.total)
        except (KeyError, TypeError, AttributeError):
            raise Garbled("Percipio sent an item of its catalogue without its id.") from None


def rows_of(answer: Answer) -> Page:
    """A page of any of the vendor's lists: a bare array, its total in a header if at all."""
    if not isinstance(answer.data, list):
        raise Garbled("Percipio answered something else than a list.")
    total = answer.headers.get("x-total-count", "")
    return Page(answer.data, int(total) if total.isascii() and total.isdigit() else None)


def item_id(row: Row) -> str:
    """The id of a row of any list. Raises KeyError or TypeError if it has none."""
    identity = row["id"]
    if type(identity) is not str or not identity:
        raise KeyError("id")
    return identity
