"""JumpCloud's routes, one method each, with the quirks of both API generations.

v1 (/api) wraps rows in {results, totalCount} and calls the id `_id`; v2
(/api/v2) sends a bare list with x-total-count and calls it `id`. Sources: the
vendor's OpenAPI files and its official PowerShell module, unless a comment
says otherwise.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import quote

from connectors.base import Net
from connectors.errors import Forbidden, Garbled, Missing, Rejected
from connectors.http import NONE, Answer, Client, Params
from connectors.jumpcloud.config import JumpCloudConfig
from connectors.pages import Listing, Page, Row, every_row

LIMIT = 100
# The official PowerShell module asks the search route for 1,000 at once.
SEARCH_LIMIT = 1000
# Unless asked, rows have no order, and a page may repeat or skip some while
# somebody edits. Vendor's best-practice article: "always sort by _id".
V1_SORT, V2_SORT = "_id", "id"
# Everything that `people.py` reads. Naming the fields is what makes the search
# route send `memberof`, if it does at all.
PERSON_FIELDS = (
    "username email alternateEmail firstname lastname displayname state suspended "
    "account_locked totp_enabled mfa mfaEnrollment department jobTitle company costCenter "
    "location description employeeIdentifier employeeType manager attributes created "
    "organization admin lastlogin sudo passwordless_sudo ldap_binding_user "
    "password_never_expires externally_managed external_source_type memberof"
)


class Api:
    """One organisation's API. Lists come whole, each row once."""

    def __init__(self, config: JumpCloudConfig, net: Net) -> None:
        self._key = config.api_key
        self._net = net
        self._config = config
        self._org = {"x-org-id": config.org_id} if config.org_id else NONE
        self._search_limit = SEARCH_LIMIT
        self._refused: set[str] = set()
        self._is_small = False
        self._insights: Client | None = None
        self.client = self._open(config.console)

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""
        return self.client.requests + (self._insights.requests if self._insights else 0)

    def people(self) -> list[Row]:
        """Every person, with `memberof` where the vendor sends it."""
        what = "people"
        try:
            rows = every_row(self.client, Listing(what, self._search_people, LIMIT, _v1_id))
        except (Forbidden, Missing, Rejected, Garbled) as refusal:
            self.client.log(f"The search for people is refused, so the list is read: {refusal}")
            rows = self._v1("/api/systemusers", what)
        self._is_small = len(rows) <= LIMIT
        return rows

    def administrators(self) -> list[Row]:
        """Every administrator. The route is in no public specification."""
        return self._v1("/api/users", "administrators")

    def groups(self) -> list[Row]:
        """Every user group."""
        return self._v2("/api/v2/usergroups", "groups", _v2_id)

    def applications(self) -> list[Row]:
        """Every application."""
        return self._v1("/api/applications", "applications")

    def members(self, group_id: str) -> list[str]:
        """The ids of the people in a group. One request per 100."""
        edges = self._v2(_members(group_id), f"members of group {group_id}", _edge)
        return [edge["to"]["id"] for edge in edges if edge["to"].get("type") == "user"]

    def is_member(self, group_id: str, person_id: str) -> bool:
        """Whether a person is in a group, in two requests however large the group is."""
        answer = self._get(_members(group_id), {"limit": LIMIT, "skip": 0})
        page = _v2_page(answer)
        try:
            if any(edge["to"]["id"] == person_id for edge in page.rows):
                return True
        except (KeyError, TypeError):
            raise Garbled(f"JumpCloud sent a member of group {group_id} without its id.") from None
        if len(page.rows) < LIMIT if page.total is None else len(page.rows) >= page.total:
            return False
        try:
            return group_id in self.groups_of(person_id)
        except (Missing, Rejected):
            return person_id in self.members(group_id)

    def links(self, app_id: str) -> list[tuple[str, str]]:
        """(type, id) of the people and groups that an application is bound to, directly."""
        edges = self._v2(
            f"/api/v2/applications/{_in_path(app_id)}/associations",
            f"links of application {app_id}",
            _edge,
            {"targets": "user,user_group"},
        )
        return [(edge["to"].get("type", ""), edge["to"]["id"]) for edge in edges]

    def groups_of(self, person_id: str) -> list[str]:
        """The ids of the groups that a person is in."""
        path = f"/api/v2/users/{_in_path(person_id)}/memberof"
        return [row["id"] for row in self._v2(path, f"groups of person {person_id}", _v2_id)]

    def group(self, group_id: str) -> Row:
        """One group."""
        data = self._get(f"/api/v2/usergroups/{_in_path(group_id)}").data
        if not isinstance(data, dict) or data.get("id") != group_id:
            raise Garbled(f"JumpCloud answered something else than group {group_id}.")
        return data

    def organisations(self) -> list[Row]:
        """The first two organisations that the key sees."""
        # These routes refuse the organisation header with 403.
        answer = self.client.get("/api/organizations", {"limit": 2, "skip": 0})
        return list(_v1_page(answer).rows)

    def peek(self, path: str, limit: int = 1) -> list[Row]:
        """The first rows of a list; only to see whether it may be read."""
        answer = self._get(path, {"limit": limit, "skip": 0})
        return list((_v2_page if path.startswith("/api/v2/") else _v1_page)(answer).rows)

    def change_member(self, op: str, group_id: str, person_id: str) -> None:
        """Add or remove one membership. Sent once."""
        self.client.write(
            "POST", _members(group_id), member_change(op, person_id), headers=self._org
        )

    def member_url(self, group_id: str) -> str:
        """The address that `change_member` posts to."""
        return self._config.console + _members(group_id)

    def events(self, body: Mapping[str, Any]) -> Answer:
        """One page of Directory Insights."""
        if self._insights is None:
            self._insights = self._open(self._config.insights)
        return self._insights.search("/insights/directory/v1/events", body, headers=self._org)

    def close(self) -> None:
        """Close all connections."""
        self.client.close()
        if self._insights:
            self._insights.close()

    def _open(self, base_url: str) -> Client:
        return Client(
            "JumpCloud",
            base_url,
            self._net,
            headers={"x-api-key": self._key.reveal()},
            secrets=(self._key,),
        )

    def _get(self, path: str, params: Params = NONE) -> Answer:
        return self.client.get(path, params, headers=self._org)

    def _search_people(self, skip: int, again: bool) -> Page:
        if not skip or again:
            return self._search_page(skip, LIMIT)
        try:
            return self._search_page(skip, self._search_limit)
        except Rejected:
            if self._search_limit == LIMIT:
                raise
            self._search_limit = LIMIT
            return self._search_page(skip, LIMIT)

    def _search_page(self, skip: int, limit: int) -> Page:
        # Older specifications take limit and skip from the query, newer ones
        # from the body; both get both.
        paging: Params = {"limit": limit, "skip": skip, "sort": V1_SORT}
        body = {**paging, "fields": PERSON_FIELDS}
        return _v1_page(
            self.client.search("/api/search/systemusers", body, paging, headers=self._org)
        )

    def _v1(self, path: str, what: str) -> list[Row]:
        def fetch(skip: int, again: bool) -> Page:  # noqa: ARG001
            return _v1_page(self._list(path, {"limit": LIMIT, "skip": skip, "sort": V1_SORT}))

        return every_row(self.client, Listing(what, fetch, LIMIT, _v1_id))

    def _v2(
        self, path: str, what: str, key: Callable[[Row], str], params: Params = NONE
    ) -> list[Row]:
        def fetch(skip: int, again: bool) -> Page:
            every = {**params, "limit": LIMIT, "skip": skip}
            # Where there are no more than 100 people every list is one page, and
            # sorting it could only be refused: no specification promises it.
            if again or not self._is_small:
                every["sort"] = V2_SORT
            return _v2_page(self._list(path, every))

        return every_row(self.client, Listing(what, fetch, LIMIT, key))

    def _list(self, path: str, params: Params) -> Answer:
        """Read one page, without what this vendor turns out to refuse.

        No specification says whether v2 sorts by id, or how large a page of
        administrators and applications may be. What is refused once is not
        asked for again: sorting anywhere in that API, the limit on that list.
        """
        asked = self._without_refused(path, params)
        try:
            return self._get(path, asked)
        except Rejected as refusal:
            for dropped in (("sort",), ("limit",), ("sort", "limit")):
                if not set(dropped) <= asked.keys():
                    continue
                try:
                    answer = self._get(path, _without(asked, dropped))
                except Rejected:
                    continue
                self._refused |= {_about(name, path, params) for name in dropped}
                self.client.log(f"Read without {' and '.join(dropped)} from here on: {refusal}")
                return answer
            raise

    def _without_refused(self, path: str, params: Params) -> Params:
        if not self._refused:
            return params
        return _without(
            params, [name for name in params if _about(name, path, params) in self._refused]
        )


def member_change(op: str, person_id: str) -> dict[str, str]:
    """The body that adds or removes one person of a group."""
    return {"op": op, "type": "user", "id": person_id}


def _about(name: str, path: str, params: Params) -> str:
    return f"sort={params['sort']}" if name == "sort" else f"{name} of {path}"


def _without(params: Params, names: Collection[str]) -> dict[str, str | int]:
    return {name: value for name, value in params.items() if name not in names}


def _members(group_id: str) -> str:
    return f"/api/v2/usergroups/{_in_path(group_id)}/members"


def _in_path(vendor_id: str) -> str:
    return quote(vendor_id, safe="")


def _v1_page(answer: Answer) -> Page:
    data = answer.data
    if not isinstance(data, dict) or not isinstance(data.get("results"), list):
        raise Garbled("JumpCloud answered something else than a list of results.")
    total = data.get("totalCount")
    return Page(data["results"], total if type(total) is int else None)


def _v2_page(answer: Answer) -> Page:
    if not isinstance(answer.data, list):
        raise Garbled("JumpCloud answered something else than a list.")
    total = answer.headers.get("x-total-count", "")
    return Page(answer.data, int(total) if total.isascii() and total.isdigit() else None)


def _v1_id(row: Row) -> str:
    return _text_id(row["_id"])


def _v2_id(row: Row) -> str:
    return _text_id(row["id"])


def _edge(row: Row) -> str:
    to = row["to"]
    return f"{to.get('type')}:{_text_id(to['id'])}"


def _text_id(value: object) -> str:
    if type(value) is not str or not value:
        raise KeyError("id")
    return value
