"""Percipio's learning-activity report: requested, made in a while, fetched as one array."""

from __future__ import annotations

import csv
import io
import threading
import time
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from uar.demo.vendors.front import Written
from uar.demo.vendors.percipio_call import Call, Refusal, bad_request, new_id, parsed
from uar.demo.vendors.percipio_catalogue import title_of
from uar.demo.vendors.percipio_vendor import Percipio
from uar.demo.vendors.server import Response, json_answer
from uar.demo.vendors.store import Op, Row, instant

REQUESTS = "/reporting/v1/organizations/{org}/report-requests"
FRAMES = {"DAY": 1, "WEEK": 7, "THIRTY_DAYS": 30, "CALENDAR_MONTH": 31}
STATUSES = ("ACHIEVED", "ACTIVE", "COMPLETED", "LISTENED", "READ", "STARTED", "WATCHED",
            "ABANDONED")  # fmt: skip
SORTS = {"lastAccessDate": "lastAccess", "firstAccessDate": "firstAccess", "status": "status",
         "completedDate": "completedDate", "contentTitle": "contentTitle"}  # fmt: skip
FORMATS = ("JSON", "CSV", "TXT")
LONGEST = timedelta(days=731)  # 24 months


def mount(vendor: Percipio) -> None:
    """Add the routes of reports."""
    making = _Making()
    vendor.route("POST", REQUESTS + "/learning-activity", request_report)
    vendor.route("GET", REQUESTS + "/{id}", making.report)


def request_report(call: Call) -> Written:
    """POST …/report-requests/learning-activity."""
    body, switches = call.body(), call.switches
    start, end = _range(body)
    if end - start > LONGEST and switches.long_range == "rejected":
        raise bad_request("the range must not be longer than 24 months")
    if end - start > LONGEST and switches.long_range == "cut":
        start = end - LONGEST
    _check(body)
    report = {
        "id": new_id(),
        "start": instant(start),
        "end": instant(end),
        "types": [part for part in body.get("contentType", "").split(",") if part],
        "status": body.get("status", ""),
        "sort": body.get("sort", {}),
        "format": body.get("formatType", "JSON"),
        "at": time.time(),
    }
    ops: list[Op] = [["put", "reports", report["id"], report]]
    if body.get("isFileRequiredInSftp", True):
        ops.append(["put", "sftp", report["id"], {"report": report["id"], "at": instant()}])
    answer = {"id": report["id"], "status": switches.report_first}
    return Written(json_answer(answer, switches.report_request_status), ops)


class _Making:
    """How far each report is: it counts how often it was asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._polls: dict[str, int] = {}

    def report(self, call: Call) -> Response:
        """GET …/report-requests/{id}: an object until it is ready, then an array of rows."""
        held = call.store.table("reports").get(call.ids["id"])
        age = time.time() - held["at"] if held else 0.0
        kept = call.switches.report_kept_s
        if held is None or (kept and age > kept):
            raise Refusal(HTTPStatus.NOT_FOUND, "there is no such report")
        with self._lock:
            polls = self._polls[held["id"]] = self._polls.get(held["id"], 0) + 1
        state = _state(call, polls, age)
        if state:
            name = call.switches.report_id_name
            own = {} if name == "none" else {name: held["id"]}
            return json_answer({**own, "status": state})
        made: Response = call.keep(("report", held["id"]), lambda: _made(call, held))
        return made


def activity_rows(call: Call, report: Row) -> list[Row]:
    """The rows of a report, the latest access first unless it is sorted."""
    users, content = call.store.table("users"), call.store.table("content")
    rows = []
    for each in _stretches(call):
        item, person = content.get(each["content"]), users.get(each["user"])
        if item is None or person is None or not _wanted(report, each, item):
            continue
        rows.append(_row(call, each, person, item))
    sort = report["sort"] or {"field": "lastAccessDate", "order": "desc"}
    field = SORTS[sort["field"]]
    rows.sort(key=lambda row: row.get(field, ""), reverse=sort.get("order", "") != "asc")
    rows += [_stray(call, n) for n in range(call.switches.stray_rows)]
    if not call.switches.row_dates:
        for row in rows:
            for name in ("firstAccess", "lastAccess", "completedDate"):
                row.pop(name, None)
    return rows


def _state(call: Call, polls: int, age: float) -> str:
    """What an unready report says of itself; "" for a ready one."""
    switches = call.switches
    if polls <= switches.report_polls or age < switches.report_s:
        return "PENDING" if polls == 1 else "IN_PROGRESS"
    match switches.report_ends:
        case "failed":
            return "FAILED"
        case "never":
            return "IN_PROGRESS"
        case "completed_first" if polls == switches.report_polls + 1:
            return "COMPLETED"
    return ""


def _made(call: Call, report: Row) -> Response:
    rows = activity_rows(call, report)
    if report["format"] == "JSON":
        return json_answer(rows)
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    written = csv.DictWriter(text, names, delimiter="," if report["format"] == "CSV" else "\t")
    written.writeheader()
    written.writerows(rows)
    kind = "text/csv" if report["format"] == "CSV" else "text/plain"
    return Response(200, text.getvalue().encode(), {"Content-Type": f"{kind}; charset=utf-8"})


def _stretches(call: Call) -> list[Row]:
    every = list(call.store.table("activity").values())
    if call.switches.rows_per_pair == "all":
        return every
    latest: dict[tuple[str, str], Row] = {}
    for each in sorted(every, key=lambda row: str(row["last"])):
        latest[each["user"], each["content"]] = each
    return list(latest.values())


def _wanted(report: Row, each: Row, item: Row) -> bool:
    label = item["contentType"]["displayLabel"]
    if report["types"] and label not in report["types"]:
        return False
    if report["status"] and each["status"].upper() != report["status"]:
        return False
    return bool(report["start"] <= each["last"] <= report["end"])


def _row(call: Call, each: Row, person: Row, item: Row) -> Row:
    completed = {"completedDate": each["completed"]} if each.get("completed") else {}
    status = each["status"]
    attributes = {a["name"]: a["value"] for a in person["customAttributes"] if a["value"]}
    return {
        **{_camel(name): value for name, value in attributes.items()},
        "userUuid": person["id"],
        "userId": person["externalUserId"],
        "emailAddress": person["email"],
        "firstName": person["firstName"],
        "lastName": person["lastName"],
        "userStatus": "Active" if person["isActive"] else "Inactive",
        "contentUuid": item["id"],
        "contentId": item["code"] or "",
        "contentTitle": title_of(item),
        "contentType": item["contentType"]["displayLabel"],
        "status": status if call.switches.row_statuses == "display" else status.upper(),
        "firstAccess": each["first"],
        "lastAccess": each["last"],
        **completed,
        "totalAccesses": str(each.get("accesses", 1)),
        "duration": "1800",
        "durationHms": "00h30m00s",
        "estimatedDurationHms": "00h30m00s",
        "audience": "All Users; Example",
        "languageCode": "en-US",
    }


def _stray(call: Call, n: int) -> Row:
    """A row about somebody whom no list has, in a course that no list has, by turns."""
    users, content = call.store.table("users"), call.store.table("content")
    person = new_id() if n % 2 == 0 or not users else next(iter(users))
    item = new_id() if n % 2 == 1 or not content else next(iter(content))
    at = instant()
    return {"userUuid": person, "contentUuid": item, "contentType": "Course",
            "status": "Completed", "lastAccess": at, "completedDate": at}  # fmt: skip


def _range(body: Row) -> tuple[datetime, datetime]:
    frame = body.get("timeFrame")
    if frame is not None:
        if "start" in body or "end" in body:
            raise bad_request("timeFrame excludes start and end")
        if frame not in FRAMES:
            raise bad_request(f"timeFrame must be one of {', '.join(FRAMES)}")
        now = datetime.now(UTC)
        return now - timedelta(days=FRAMES[frame]), now
    if "start" not in body or "end" not in body:
        raise bad_request("give start and end, or timeFrame")
    return parsed(body["start"], "start"), parsed(body["end"], "end")


def _check(body: Row) -> None:
    """Refuse empty texts and empty objects, which the vendor answers with 400."""
    for name, value in body.items():
        if value in ("", {}):
            raise bad_request(f"{name} must not be empty")
    if body.get("status") not in (None, *STATUSES):
        raise bad_request(f"status must be one of {', '.join(STATUSES)}")
    if body.get("formatType") not in (None, *FORMATS):
        raise bad_request(f"formatType must be one of {', '.join(FORMATS)}")
    if "sort" in body and body["sort"].get("field") not in SORTS:
        raise bad_request("sort.field is not a column")


def _camel(name: str) -> str:
    words = name.split()
    return "".join([words[0].lower(), *(word.capitalize() for word in words[1:])])
