"""What an API key reads: the people whose sessions Fullstory recorded.

They are the customer's own users and have no access to Fullstory, so nothing is
held by them and nothing of theirs is ever changed: the vendor's DELETE of one
erases what it recorded of a person. Sources: the vendor's OpenAPI
(users.sdk.swagger.json), developer pages "List users" and "/me".
"""

from collections.abc import Iterator
from typing import Any

from connectors.base import AccountRecord, AccountStatus, Net, Ref, SignedIn, Unread
from connectors.errors import Garbled
from connectors.fullstory.config import FullstoryConfig
from connectors.http import Client
from connectors.pages import MAX_ROWS

TYPE = "visitor"
MOST_IDLE = 10  # pages in a row that are empty or the same and still name a next one
READING_ROLES = ("ADMIN", "ARCHITECT")
NOT_TEAMMATES = (
    "An API key shows the visitors whom Fullstory recorded, not the teammates who can sign in to "
    "it: enter a SCIM token to review those."
)
NOTHING_CHANGED = (
    "With an API key nothing in Fullstory is changed: it reaches recorded visitors only, and "
    "removing one would erase what was recorded. Enter a SCIM token, or do it in Fullstory."
)


class Visitors:
    """The visitors of one organisation, page by page; only their ids are kept."""

    def __init__(self, config: FullstoryConfig, net: Net) -> None:
        # the key is sent as it is, not as a user name and a password
        headers = {"authorization": f"Basic {config.api_key.reveal()}"}
        self._client = Client(
            "Fullstory", config.api, net, headers=headers, secrets=(config.api_key,)
        )
        self.unread: list[Unread] = []

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""
        return self._client.requests

    def close(self) -> None:
        """Give back connections."""
        self._client.close()

    def check(self) -> SignedIn:
        """Say whose key it is and what it cannot read. One request."""
        me = self._client.get("/me").data
        if not isinstance(me, dict) or "role" not in me:
            raise Garbled("Fullstory answered something else than whose key this is.")
        role = _text(me["role"])
        missing = [NOT_TEAMMATES]
        if role not in READING_ROLES:
            missing.append(
                f"A key with the role {role} may not read users: "
                "make one with Admin or Architect permissions."
            )
        # keys of the older kind belong to nobody
        who = _text(me.get("email")) or "an API key of the organisation"
        return SignedIn(who, _text(me.get("orgId")), missing_rights=tuple(missing))

    def accounts(self) -> Iterator[AccountRecord]:
        """Every visitor whom the customer has named. One request per page; pages follow a token."""
        self.unread = []
        seen: set[str] = set()
        n_nameless = 0
        for n, row in enumerate(self._rows(), 1):
            identity = _text(row.get("id")) if isinstance(row, dict) else ""
            if not identity:
                where = Ref(TYPE, f"number {n} of the list")
                self.unread.append(Unread(where, "A visitor without an id."))
            elif not _text(row.get("uid")):
                n_nameless += 1  # nobody whom anybody could tell from others
            elif identity not in seen:
                seen.add(identity)
                yield _account(row)
        if n_nameless:
            self._client.log(f"{n_nameless} anonymous visitors are left out")

    def _rows(self) -> Iterator[Any]:
        """The rows of all pages. Raises Garbled where tokens lead nowhere."""
        token, tokens = "", {""}
        last: list[Any] = []
        n_rows, n_idle = 0, 0
        while True:
            rows, following = self._page(token)
            yield from rows
            if not following:
                return
            n_rows += len(rows)
            n_idle = n_idle + 1 if not rows or rows == last else 0
            if following in tokens or n_idle > MOST_IDLE or n_rows > MAX_ROWS:
                raise Garbled("Fullstory does not stop sending users: a page came twice.")
            tokens.add(following)
            token, last = following, rows

    def _page(self, token: str) -> tuple[list[Any], str]:
        asked = {"is_identified": "true", **({"page_token": token} if token else {})}
        data = self._client.get("/v2/users", asked).data
        rows = data.get("results") if isinstance(data, dict) else None
        if not isinstance(rows, list):
            raise Garbled("Fullstory answered something else than a list of users.")
        return rows, _text(data.get("next_page_token"))


def _account(row: dict[str, Any]) -> AccountRecord:
    uid, mail = _text(row.get("uid")), _text(row.get("email"))
    is_going = row.get("is_being_deleted") is True
    return AccountRecord(
        TYPE,
        _text(row["id"]),
        _text(row.get("display_name")) or mail or uid,
        mail,
        uid,
        AccountStatus.DISABLED if is_going else AccountStatus.ENABLED,
        "being deleted" if is_going else "",
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)
