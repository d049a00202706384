"""Percipio's routes, one method each.

Sources: the SDK that a Skillsoft employee generated from the vendor's OpenAPI,
and ConductorOne's connector, unless a comment says otherwise.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote

from connectors.base import Net
from connectors.errors import Garbled, Missing, Rejected
from connectors.http import NONE, Client, Params
from connectors.incoming import Incoming
from connectors.pace import Pace
from connectors.pages import Listing, Page, Row, every_row
from connectors.percipio.catalogue import LIMIT, Catalogue, Slim, item_id, rows_of
from connectors.percipio.config import PercipioConfig, organisation

# The vendor takes 100 requests in 20 s of a service account, says a comment in one of its
# employee's clients, and does not say in its refusal how long to wait.
LIMITS = (90, 20.0)
T = TypeVar("T")


class Api:
    """One organisation's API. Lists come whole, each row once."""

    def __init__(self, config: PercipioConfig, net: Net) -> None:
        self.organisation = organisation(config)
        self._base_url = config.api
        self.client = Client(
            "Percipio",
            config.api,
            net,
            headers={"authorization": f"Bearer {config.api_token.reveal()}"},
            secrets=(config.api_token,),
            pace=Pace(*LIMITS),
        )

    def users(self, since: datetime | None = None) -> list[Row]:
        """Every user, or those that changed since; ⌈users/1000⌉ requests."""

        def fetch(skip: int, again: bool) -> Page:  # noqa: ARG001  both readings are alike
            params = {**changed_since(since), "max": LIMIT, "offset": skip}
            return rows_of(self.client.get(self._path("user-management", "v1", "users"), params))

        return every_row(self.client, Listing("people", fetch, LIMIT, item_id))

    def user(self, user_id: str) -> Row | None:
        """One user; None if there is none of this id."""
        try:
            data = self.client.get(self._user(user_id)).data
        except Missing:
            self.peek("user-management", "v1", "users")  # or is it the API that is missing?
            return None
        if not isinstance(data, dict) or data.get("id") != user_id:
            raise Garbled(f"Percipio answered something else than the user {user_id}.")
        return data

    def change_user(self, user_id: str, body: Mapping[str, Any]) -> None:
        """Change some fields of a user. Sent once."""
        self.client.write("PATCH", self._user(user_id), body)

    def user_url(self, user_id: str) -> str:
        """The address that `change_user` sends to."""
        return self._base_url + self._user(user_id)

    def any_user(self, test: Callable[[Row], bool]) -> bool:
        """Whether some user passes the test. Stops at the page that has one."""
        skip = 0
        while True:
            path = self._path("user-management", "v1", "users")
            page = rows_of(self.client.get(path, {"max": LIMIT, "offset": skip}))
            if any(test(row) for row in page.rows):
                return True
            skip += len(page.rows)
            if not page.rows or (skip >= page.total if page.total else len(page.rows) < LIMIT):
                return False

    def catalogue(self, slim: Slim, since: datetime | None = None) -> Catalogue:
        """The catalogue of everything that is licensed; reading it is up to the caller."""
        path = self._path("content-discovery", "v2", "catalog-content")
        return Catalogue(self.client, path, changed_since(since), slim)

    def search(self, text: str) -> list[Row]:
        """Items that a search finds, a thousand at most; nothing says that they fit exactly."""
        # No typeFilter: the vendor does not say how it wants several types.
        path = self._path("content-discovery", "v1", "search-content")
        return list(rows_of(self.client.get(path, {"q": text, "max": LIMIT})).rows)

    def request_report(self, body: Mapping[str, Any]) -> Row:
        """Ask for a report of learning activity; repeated while that may help."""
        data = self.client.search(
            self._path("reporting", "v1", "report-requests/learning-activity"), body
        ).data
        if not isinstance(data, dict):
            raise Garbled("Percipio answered something else than the state of a report.")
        return data

    def report(self, report_id: str, take: Callable[[Incoming], T]) -> T:
        """Fetch a report: its state or, once it is ready, all of its rows."""
        return self.client.stream(self._report(report_id), take)

    def ask_for_no_report(self) -> None:
        """Ask for a report that cannot be; raises Forbidden if none may be read."""
        with suppress(Missing, Rejected):
            self.client.get(self._report("00000000-0000-0000-0000-000000000000"))

    def peek(self, api: str, version: str, what: str) -> None:
        """Read one row of a list, only to see whether it may be read."""
        rows_of(self.client.get(self._path(api, version, what), {"max": 1, "offset": 0}))

    def _path(self, api: str, version: str, what: str) -> str:
        return f"/{api}/{version}/organizations/{self.organisation}/{what}"

    def _user(self, user_id: str) -> str:
        return self._path("user-management", "v1", f"users/{quote(user_id, safe='')}")

    def _report(self, report_id: str) -> str:
        return self._path("reporting", "v1", f"report-requests/{quote(report_id, safe='')}")


def changed_since(at: datetime | None) -> Params:
    """The parameter that narrows a list to what changed."""
    return {"updatedSince": stamp(at)} if at else NONE


def stamp(at: datetime) -> str:
    """An instant as the vendor writes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
