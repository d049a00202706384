"""Lists that come in pages: whole, or not at all."""

from __future__ import annotations

import pytest

from connectors.errors import Garbled
from connectors.http import Client
from connectors.pages import Listing, Page, every_row
from tests.connectors.loopback import Heard, data, serving

ROWS = [{"id": str(number)} for number in range(250)]


class Vendor:
    """A list of rows over HTTP, and ways in which it may be served badly."""

    def __init__(
        self, rows=ROWS, *, most=100, says_total=True, bend=lambda _vendor, page, _n: page
    ):
        self.rows, self.most, self.says_total, self.bend = rows, most, says_total, bend
        self.n_requests = 0

    def answer(self, asked):
        self.n_requests += 1
        skip, limit = int(asked.query["skip"]), int(asked.query["limit"])
        page = self.rows[skip : skip + min(limit, self.most)]
        total = {"x-total-count": str(len(self.rows))} if self.says_total else {}
        return data(self.bend(self, page, self.n_requests), 200, **total)


def read(vendor, limit=100, heard=None):
    with serving(vendor.answer) as server:
        client = Client("Crm", server.url, (heard or Heard()).net(concurrency=4))

        def fetch(skip, _again):
            answer = client.get("/rows", {"skip": skip, "limit": limit})
            total = answer.headers.get("x-total-count")
            return Page(answer.data, int(total) if total else None)

        try:
            return every_row(client, Listing("rows", fetch, min(limit, 100), lambda row: row["id"]))
        finally:
            client.close()


@pytest.mark.parametrize("says_total", [True, False])
@pytest.mark.parametrize(("n_rows", "n_requests"), [(0, 1), (1, 1), (99, 1), (101, 2), (250, 3)])
def test_no_page_is_read_beyond_the_last(says_total, n_rows, n_requests):
    vendor = Vendor(ROWS[:n_rows], says_total=says_total)

    assert read(vendor) == ROWS[:n_rows]
    assert vendor.n_requests == n_requests


def test_a_full_last_page_needs_no_empty_one_where_the_vendor_counts():
    vendor = Vendor(ROWS[:200])

    read(vendor)

    assert vendor.n_requests == 2


@pytest.mark.parametrize("says_total", [True, False])
def test_a_vendor_that_sends_fewer_rows_than_asked_for_is_read_whole(says_total):
    assert read(Vendor(most=100, says_total=says_total), limit=1000) == ROWS


def test_the_same_page_for_ever_is_garbled():
    vendor = Vendor(bend=lambda vendor, _page, _n: vendor.rows[:100])

    with pytest.raises(Garbled, match="same page came twice"):
        read(vendor)

    assert vendor.n_requests < 10


def test_a_list_that_never_ends_is_garbled(monkeypatch):
    monkeypatch.setattr("connectors.pages.MAX_ROWS", 500)
    fresh = iter(range(10**6))
    vendor = Vendor(
        says_total=False, bend=lambda *_: [{"id": str(next(fresh))} for _ in range(100)]
    )

    with pytest.raises(Garbled, match="does not stop"):
        read(vendor)


def test_rows_that_came_twice_are_dropped_with_a_line_in_the_log():
    heard = Heard()
    vendor = Vendor(bend=lambda vendor, page, n: [*page, vendor.rows[0]] if n == 2 else page)
    vendor.most = 100

    rows = read(vendor, heard=heard)

    assert sorted(rows, key=lambda row: int(row["id"])) == ROWS
    assert "1 rows of rows came twice and are dropped" in "\n".join(heard.lines)


def test_a_list_shorter_than_its_count_is_read_once_more():
    vendor = Vendor(bend=lambda _v, page, n: page[:-1] if n == 3 else page)

    assert read(vendor) == ROWS
    assert vendor.n_requests == 6


def test_a_list_that_stays_shorter_than_its_count_is_garbled():
    vendor = Vendor(bend=lambda _v, page, _n: [row for row in page if row["id"] != "7"])

    with pytest.raises(Garbled, match="it counts 250 and sends 249"):
        read(vendor)


def test_an_empty_list_that_counts_rows_is_garbled():
    vendor = Vendor(bend=lambda *_: [])

    with pytest.raises(Garbled, match="it counts 250 and sends 0"):
        read(vendor)


@pytest.mark.parametrize("row", [{}, "text", None, {"name": "no id"}])
def test_a_row_without_its_id_is_garbled(row):
    with pytest.raises(Garbled, match="without its id"):
        read(Vendor([*ROWS[:3], row]))
