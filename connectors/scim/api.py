"""One server's SCIM: lists that come whole, single resources with their versions, changes.

Sources: RFC 7644 for the calls, RFC 9865 for cursors; what servers do beside
them carries a comment.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote

from connectors.base import Net
from connectors.errors import Garbled, Missing, Rejected, Remote, Unavailable
from connectors.fields import Secret
from connectors.http import NONE, Answer, Client, Method, Params
from connectors.pages import MAX_ROWS, Listing, Page, Row, every_row
from connectors.scim.config import ScimConfig, headers_of
from connectors.scim.discovery import Discovered, discover
from connectors.scim.values import get, resource_id, text

WRITTEN_AS = {"content-type": "application/scim+json"}
MOST_IDLE = 10  # pages in a row that bring nobody new and still name a next one
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource as it is now, and its version for If-Match; "" where it has none."""

    row: Row
    version: str


class Api:
    """The calls. `title` is what errors call the application."""

    def __init__(self, config: ScimConfig, net: Net, title: str) -> None:
        self._config = config
        headers = headers_of(config)
        # the token as it is sent, too: Basic writes it in another alphabet
        sent = [Secret(text) for name, text in headers.items() if name != "accept"]
        self.client = Client(
            title, config.base_url, net, headers=headers, secrets=(config.token, *sent)
        )

    @cached_property
    def known(self) -> Discovered:
        """What the server says of itself; asked once."""
        return discover(self.client)

    @property
    def known_so_far(self) -> Discovered:
        """The same without asking: what is usual, unless it was asked before."""
        found: Discovered = vars(self).get("known", Discovered())
        return found

    def every(self, path: str, what: str) -> list[Row]:
        """A whole list, each id once; rows without an id are kept as they are.

        Costs one request per page, by index one more where the server does not
        count. Raises Garbled for a list that contradicts itself twice.
        """
        match self._config.paging:
            case "whole":
                return self._whole(path, what)
            case "cursor":
                return self._by_cursor(path, what, None)
            case "auto" if self.known.by_cursor:
                return self._by_cursor_or_index(path, what)
        return self._by_index(path, what)

    def one(self, path: str, identity: str) -> Resource:
        """One resource. Raises Missing."""
        answer = self.client.get(address(path, identity))
        if resource_id(answer.data) != identity:
            raise Garbled(f"{self.client.title} answered something else than {path}/{identity}.")
        version = answer.headers.get("etag", "") or text(get(get(answer.data, "meta"), "version"))
        return Resource(answer.data, version)

    def peek(self, path: str) -> None:
        """Ask for one row of a list; only to see whether it may be read."""
        _page(self.client.get(path, {"startIndex": 1, "count": 1}), self.client.title)

    def one_or_none(self, path: str, identity: str) -> Row | None:
        """One resource; None if it does not exist.

        404 says that as well as that our address is wrong. A list that can be
        read at the same address tells, and raises what is the matter.
        """
        try:
            return self.one(path, identity).row
        except Missing:
            self.peek(path)
            return None

    def me(self) -> Row | None:
        """The user whose token this is; None where the server does not tell (RFC 7644, 3.11)."""
        try:
            row = self.client.get("/Me").data
        except Remote as refusal:
            if refusal.retry:
                raise
            return None
        return row if isinstance(row, dict) and resource_id(row) else None

    def named(self, username: str) -> Row | None:
        """The user of this user name, None if there is none; user names have no case.

        One request. A server that understands no filter is read whole; one that
        overlooks them may hide somebody, whom `listed` finds.
        """
        users = self.known.users_path
        asked = {"filter": f"userName eq {json.dumps(username)}"}
        try:
            return _called(username, _page(self.client.get(users, asked), self.client.title).rows)
        except (Rejected, Unavailable) as refusal:
            if refusal.retry:
                raise
            return self.listed(username)

    def listed(self, username: str) -> Row | None:
        """The same, from the list of all users."""
        return _called(username, self.every(self.known.users_path, "users"))

    def change(
        self, method: Method, path: str, identity: str, body: Any, version: str = ""
    ) -> Answer:
        """Change or delete one resource, if it still is of this version. Sent once."""
        # servers without support send no versions (RFC 7644, 3.14)
        tag = {"if-match": version} if version else NONE
        return self.client.write(
            method, address(path, identity), body, headers={**WRITTEN_AS, **tag}
        )

    def make(self, path: str, body: Any) -> Answer:
        """Make a resource. Sent once."""
        return self.client.write("POST", path, body, headers=WRITTEN_AS)

    @property
    def _count(self) -> int:
        return max(self._config.page_size, 0) or self.known.page_size

    def _whole(self, path: str, what: str) -> list[Row]:
        page = _page(self.client.get(path), self.client.title)
        if page.total is not None and page.total != len(page.rows):
            raise Garbled(
                f"{self.client.title} does not send {what} in one piece: it counts {page.total} "
                f"and sends {len(page.rows)}. Choose another way of paging."
            )
        return [*{row_key(row): row for row in page.rows}.values()]

    def _by_index(self, path: str, what: str) -> list[Row]:
        first = self._at(path, 0, again=False)
        if first.cursor:
            return self._by_cursor(path, what, first)

        def fetch(skip: int, again: bool) -> Page:
            page = first if not skip and not again else self._at(path, skip, again=again)
            return Page(page.rows, page.total)

        # Without a count only an empty page is known to be the last: a server
        # may send fewer rows than it was asked for. Hence `full` is 1.
        return every_row(self.client, Listing(what, fetch, 1, row_key))

    def _at(self, path: str, skip: int, *, again: bool) -> "_ScimPage":
        asked: dict[str, str | int] = {"startIndex": skip + 1, "count": self._count}
        if again and self.known.sorts:
            asked["sortBy"] = "id"
        return _page(self.client.get(path, asked), self.client.title)

    def _by_cursor_or_index(self, path: str, what: str) -> list[Row]:
        try:
            first = self._after(path, "")
        except (Rejected, Unavailable) as refusal:
            if refusal.retry:
                raise
            self.client.log(f"Read by index, since cursors are refused: {refusal}")
            return self._by_index(path, what)
        return self._by_cursor(path, what, first)

    def _by_cursor(self, path: str, what: str, first: "_ScimPage | None") -> list[Row]:
        try:
            rows, problem = self._followed(path, what, first or self._after(path, ""))
        except Rejected as refusal:
            # a cursor lives for a while only (RFC 9865, 2.1: expiredCursor)
            rows, problem = [], refusal.sentence
        if problem:
            self.client.log(f"Reading {what} again: {problem}")
            rows, problem = self._followed(path, what, self._after(path, ""))
        if problem:
            raise Garbled(f"{self.client.title} contradicts itself about {what}: {problem}")
        return rows

    def _followed(self, path: str, what: str, page: "_ScimPage") -> tuple[list[Row], str]:
        """The rows from this page on, with what is wrong about them or "" if nothing is."""
        found: dict[str, Row] = {}
        cursors: set[str] = set()
        n_idle = 0
        while True:
            before = len(found)
            for row in page.rows:
                found.setdefault(row_key(row), row)
            n_idle = 0 if len(found) > before else n_idle + 1
            if not page.cursor:
                break
            if page.cursor in cursors:
                return [], "the same page came twice."
            if n_idle > MOST_IDLE or len(found) > MAX_ROWS:
                raise Garbled(f"{self.client.title} does not stop sending {what}.")
            cursors.add(page.cursor)
            page = self._after(path, page.cursor)
        if page.total is not None and page.total != len(found):
            return [], f"it counts {page.total} and sends {len(found)}."
        return [*found.values()], ""

    def _after(self, path: str, cursor: str) -> "_ScimPage":
        # RFC 9865, 2: all other parameters stay the same, also count
        params: Params = {"cursor": cursor, "count": self._count}
        return _page(self.client.get(path, params), self.client.title)


@dataclass(frozen=True, slots=True)
class _ScimPage:
    rows: list[Row]
    total: int | None
    cursor: str


def address(path: str, identity: str) -> str:
    """The path of one resource."""
    return f"{path}/{quote(identity, safe='')}"


def row_key(row: Any) -> str:
    """What tells rows of a list apart: their id; one without any is unlike all others."""
    return resource_id(row) or f"?{id(row)}"


def patch(*operations: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a PATCH."""
    return {"schemas": [PATCH_OP], "Operations": list(operations)}


def _called(username: str, rows: Iterable[Row]) -> Row | None:
    wanted = username.lower()
    # A server that ignores the filter sends anybody.
    found = (row for row in rows if text(get(row, "userName")).lower() == wanted)
    return next(found, None)


def is_refusal(failure: Remote) -> bool:
    """Whether the server said that it does not understand a request, so that nothing changed."""
    return isinstance(failure, Rejected) or failure.status == 501


def _page(answer: Answer, title: str) -> _ScimPage:
    data = answer.data
    rows, total = get(data, "Resources"), get(data, "totalResults")
    if not isinstance(data, dict) or (rows is None and total is None):
        raise Garbled(f"{title} answered something else than a SCIM list; is the base URL right?")
    if rows is None:
        rows = []  # left out where nothing was found
    if not isinstance(rows, list):
        raise Garbled(f"{title} answered something else than a list of resources.")
    counted = text(total)
    whole = [row if isinstance(row, dict) else {"": row} for row in rows]
    return _ScimPage(
        whole, int(counted) if counted.isdecimal() else None, text(get(data, "nextCursor"))
    )
