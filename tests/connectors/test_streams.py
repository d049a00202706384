"""How answers that are too large to hold are read, over real sockets."""

from __future__ import annotations

import gzip
import json

import pytest

from connectors.arrays import rows
from connectors.errors import Forbidden, Garbled, RateLimited, Unavailable
from tests.connectors.conftest import CRM_KEY as KEY
from tests.connectors.loopback import Say, data, in_turn

THREE = [{"id": "1"}, {"id": "2", "tags": [1, 2.5, None, True]}, {"id": "3", "of": {"x": "é"}}]


def counted(incoming):
    return list(rows("Crm", incoming))


def said(body, **headers):
    return Say(200, body, {"content-type": "application/json", **headers})


def test_rows_come_as_they_were_sent(call):
    client, server = call(data(THREE))

    assert client.stream("/report", counted) == THREE
    assert server.asked[0].headers["x-api-key"] == KEY.reveal()


@pytest.mark.parametrize("body", [b"[]", b" [ ]\n", b"\xef\xbb\xbf[]"])
def test_an_array_may_be_empty(call, body):
    client, _ = call(said(body))

    assert client.stream("/report", counted) == []


def test_rows_may_lie_across_pieces(call):
    many = [{"id": str(n), "text": "ü" * 997} for n in range(500)]
    client, _ = call(said(json.dumps(many, ensure_ascii=False, indent=1).encode()))

    assert client.stream("/report", counted) == many


def test_the_first_byte_can_be_looked_at_and_is_read_all_the_same(call):
    client, _ = call(said(b'\n {"status": "PENDING"}'))

    first, whole = client.stream("/report", lambda each: (each.first(), each.whole()))

    assert first == b"{"
    assert json.loads(whole) == {"status": "PENDING"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'[{"id": "1"}, {"id',
        b'[{"id": "1"}',
        b'[{"id": "1"},]',
        b'[{"id": "1"}{"id": "2"}]',
        b'[{"id": "1"}] and more',
        b'{"id": "1"}',
        b"[1, 2]",
        b'[{"id": "\xff"}]',
        b"[" * 100_000,
        b'[{"id": ' + b"[" * 100_000,
    ],
    ids=lambda body: body[:20].decode("ascii", "replace"),
)
def test_what_is_no_list_of_rows_is_garbled(call, body):
    client, _ = call(said(body), retries=0)

    with pytest.raises(Garbled, match="breaks off or is not JSON"):
        client.stream("/report", counted)


def test_a_list_that_breaks_off_is_read_again_from_its_beginning(call):
    client, server = call(in_turn(said(b'[{"id": "1"}, {"id'), data(THREE)))

    assert client.stream("/report", counted) == THREE
    assert client.requests == len(server.asked) == 2


def test_a_list_that_the_network_cuts_off_is_read_again_from_its_beginning(call):
    cut = Say(200, b'[{"id": "1"}, ', {"content-type": "application/json"}, missing=100)
    client, _ = call(in_turn(cut, data(THREE)))

    assert client.stream("/report", counted) == THREE


def test_a_list_that_the_network_always_cuts_off_is_unavailable(call):
    client, _ = call(Say(200, b'[{"id": "1"}, ', missing=100), retries=1)

    with pytest.raises(Unavailable):
        client.stream("/report", counted)


def test_a_row_without_end_is_not_kept(call, monkeypatch):
    monkeypatch.setattr("connectors.arrays.LONGEST_ROW", 1000)
    client, _ = call(said(b'[{"id": "' + b"x" * 500_000 + b'"}]'), retries=0)

    with pytest.raises(Garbled):
        client.stream("/report", counted)


def test_a_list_without_end_is_given_up(call, monkeypatch):
    monkeypatch.setattr("connectors.http.MAX_STREAM_BYTES", 100_000)
    packed = gzip.compress(b"[" + b'{"id": "1"},' * 100_000)
    client, _ = call(said(packed, **{"content-encoding": "gzip"}), retries=0)

    with pytest.raises(Garbled, match="more than 100000 bytes"):
        client.stream("/report", counted)


def test_a_list_that_comes_too_slowly_is_given_up(call):
    client, _ = call(Say(200, b"[" + b" " * 2000 + b"]", rest=0.08), timeout=0.1, retries=0)

    with pytest.raises(Unavailable, match="too slowly"):
        client.stream("/report", counted)


def test_a_web_page_instead_of_a_list_names_the_base_url(call):
    client, server = call(Say(200, b"<!doctype html>", {"content-type": "text/html"}))

    with pytest.raises(Garbled, match="is the base URL right"):
        client.stream("/report", counted)

    assert len(server.asked) == 1


def test_a_refusal_is_the_same_as_for_other_reads(call):
    client, _ = call(data({"errors": [{"code": "X", "message": "no right to reports"}]}, 403))

    with pytest.raises(Forbidden, match=r"GET /report .*403: no right to reports"):
        client.stream("/report", counted)


def test_a_rate_limit_is_waited_out(call, heard):
    client, _ = call(in_turn(data({}, 429, retry_after="7"), data(THREE)))

    assert client.stream("/report", counted) == THREE
    assert 6.9 < sum(heard.pauses) < 7.2


def test_more_patience_than_we_have_ends_it(call):
    client, _ = call(data({}, 429, retry_after="3600"))

    with pytest.raises(RateLimited):
        client.stream("/report", counted)


def test_it_is_one_line_in_the_log(call, heard):
    client, _ = call(data(THREE))

    client.stream("/report", counted)

    assert len(heard.lines) == 1
    assert heard.lines[0].startswith(f"GET /report: 200, {len(json.dumps(THREE).encode())} bytes, ")
