"""Percipio's content discovery: the whole catalogue in frozen pages, and a search."""

from __future__ import annotations

import threading
from http import HTTPStatus

from uar.demo.vendors.percipio_call import Call, Refusal, bad_request, new_id, parsed
from uar.demo.vendors.percipio_vendor import Percipio
from uar.demo.vendors.server import Response, json_answer
from uar.demo.vendors.store import Row

CATALOGUE = "/content-discovery/v2/organizations/{org}/catalog-content"
SEARCH = "/content-discovery/v1/organizations/{org}/search-content"
MOST_FROZEN = 100


def mount(vendor: Percipio) -> None:
    """Add the routes of the catalogue."""
    frozen = _Frozen()
    vendor.route("GET", CATALOGUE, frozen.page)
    vendor.route("GET", SEARCH, search)


class _Frozen:
    """The result sets that first calls froze, by paging request id; the latest hundred."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sets: dict[str, list[Row]] = {}

    def page(self, call: Call) -> Response:
        """GET …/catalog-content: everything that is licensed, not only courses."""
        asked, key = call.window(default=1000), call.request.first("pagingRequestId")
        if not key and asked.start and call.switches.blank_paging_id == "reject":
            raise bad_request("pagingRequestId is required after the first page")
        if not key:
            is_first, asked = True, slice(0, asked.stop - asked.start)
            key, rows = self._freeze(call)
        else:
            is_first, rows = False, self._set(key)
        switches, size = call.switches, asked.stop - asked.start
        headers = {}
        if is_first or switches.paging_id_repeated:
            headers["x_paging_request_id"] = key
        if switches.catalogue_total:
            headers["x_total_count"] = str(len(rows))
        if switches.catalogue_link != "none":
            headers["Link"] = _links(call, size, len(rows))
        return json_answer(rows[asked], 200, **headers)

    def _freeze(self, call: Call) -> tuple[str, list[Row]]:
        since, rows = call.since(), list(call.store.table("content").values())
        if since is not None:
            dates = ((row, row["lifecycle"]["lastUpdatedDate"]) for row in rows)
            rows = [row for row, at in dates if parsed(at, "lastUpdatedDate") > since]
        key = new_id()
        with self._lock:
            self._sets[key] = rows
            while len(self._sets) > MOST_FROZEN:
                del self._sets[next(iter(self._sets))]
        return key, rows

    def _set(self, key: str) -> list[Row]:
        with self._lock:
            if key not in self._sets:
                raise bad_request("pagingRequestId is not known")
            return self._sets[key]


def search(call: Call) -> Response:
    """GET …/search-content: free text, 25 results unless told, no promise of an exact hit first."""
    sought = call.request.first("q").strip().lower()
    if not sought:
        raise bad_request("q is required")
    asked, types = call.window(default=25), _types(call)
    rows = list(call.store.table("content").values())
    found = [row for row in rows if sought in _words(call, row)]
    if call.switches.search_noise:
        others = [row for row in rows if row["id"] not in {each["id"] for each in found}]
        found = others[: call.switches.search_noise] + found
    if types:
        found = [row for row in found if row["contentType"]["percipioType"] in types]
    headers = {"x_total_count": str(len(found))} if call.switches.search_total else {}
    return json_answer(found[asked], 200, **headers)


def whole_content(values: Row) -> Row:
    """An item with the fields that the vendor's object has; `type`, `title` and `status` are short.

    `type` is a percipioType, `status` ACTIVE or INACTIVE, `title` the one in en-US.
    """
    kind = values.get("type", "COURSE")
    label = kind.capitalize()
    title = values.get("title")
    blank: Row = {
        "id": "", "code": None, "xapiActivityId": "", "by": [], "keywords": [], "duration": "PT30M",
        "contentType": {"percipioType": kind, "category": kind, "displayLabel": label,
                        "source": None},
        "localizedMetadata": [{"localeCode": "en-US", "title": title, "description": ""}]
        if title else [],
        "lifecycle": {"status": values.get("status", "ACTIVE"),
                      "publishDate": "2024-01-01T00:00:00Z",
                      "lastUpdatedDate": values.get("updated", "2024-06-01T00:00:00Z"),
                      "plannedRetirementDate": None, "retiredDate": None,
                      "includedFromActivity": False},
        "characteristics": {"earnsBadge": True, "hasAssessment": False,
                            "isCompliance": bool(values.get("compliance"))},
        "associations": {"areas": [], "subjects": [], "channels": [], "journeys": [],
                         "parent": None, "collections": [], "licensedLocales": ""},
        "credentials": None, "publication": None, "aiccLaunch": None,
    }  # fmt: skip
    short = ("type", "title", "status", "compliance", "updated")
    return blank | {name: value for name, value in values.items() if name not in short}


def title_of(row: Row) -> str:
    """What an item is called, if anything."""
    return str(next((each["title"] for each in row["localizedMetadata"] if each["title"]), ""))


def _types(call: Call) -> set[str]:
    sent = [value for name, value in call.request.query if name == "typeFilter"]
    if call.switches.type_filter == "repeated":
        return set(sent)
    if call.switches.type_filter == "commas" and len(sent) > 1:
        raise Refusal(HTTPStatus.BAD_REQUEST, "typeFilter is given twice")
    return {part for value in sent for part in value.split(",") if part}


def _words(call: Call, row: Row) -> str:
    words = [str(row["code"] or ""), *(each["title"] or "" for each in row["localizedMetadata"])]
    if call.switches.search_finds_ids:
        words.append(row["id"])
    return " ".join(words).lower()


def _links(call: Call, size: int, total: int) -> str:
    path = f"https://api.percipio.com{call.request.path}"
    last = max(0, (total - 1) // size * size)
    relations = {"first": 0, "next": size, "last": last}
    if call.switches.catalogue_link == "last":
        relations = {"last": last}
    return ", ".join(
        f'<{path}?max={size}&offset={offset}>; rel="{name}"' for name, offset in relations.items()
    )
