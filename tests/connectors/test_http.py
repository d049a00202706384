"""How vendors are called, over real sockets."""

from __future__ import annotations

import gzip
import socket

import pytest

from connectors.errors import (
    AlreadyThere,
    Forbidden,
    Garbled,
    Missing,
    RateLimited,
    Rejected,
    Remote,
    Unauthorised,
    Unavailable,
)
from connectors.http import Client
from tests.connectors.conftest import CRM_KEY as KEY
from tests.connectors.conftest import client_for
from tests.connectors.loopback import Say, data, in_turn

OK = data({"fine": True})


def test_a_read_gives_json_and_sends_the_credentials(call):
    client, server = call(OK)

    answer = client.get("/things", {"limit": 2})

    assert answer.data == {"fine": True}
    assert server.asked[0].query == {"limit": "2"}
    assert server.asked[0].headers["x-api-key"] == KEY.reveal()


def test_an_empty_answer_is_none(call):
    client, _ = call(Say(204))

    assert client.write("POST", "/things").data is None


def test_one_connection_serves_many_reads(call):
    client, _ = call(OK, concurrency=1)
    opened = []
    original = socket.create_connection

    def counting(*args, **kwargs):
        opened.append(args)
        return original(*args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "create_connection", counting)
        for _ in range(5):
            client.get("/things")

    assert len(opened) == 1
    assert client.requests == 5


@pytest.mark.parametrize(
    ("status", "error", "says"),
    [
        (400, Rejected, "refused GET /things (400: no such field)"),
        (401, Unauthorised, "does not accept the credentials (401: no such field)"),
        (403, Forbidden, "does not allow GET /things"),
        (404, Missing, "knows no /things"),
        (409, AlreadyThere, "409"),
        (422, Rejected, "refused"),
        (429, RateLimited, "too many requests"),
        (500, Unavailable, "a fault of its own (500: no such field)"),
        (501, Unavailable, "a fault of its own"),
        (503, Unavailable, "Try again later"),
    ],
)
def test_a_status_becomes_an_error_with_a_sentence(call, status, error, says):
    client, _ = call(data({"message": "no such field."}, status), retries=0)

    with pytest.raises(error) as raised:
        client.get("/things")

    assert says in raised.value.sentence
    assert raised.value.status == status


@pytest.mark.parametrize(
    ("error", "retry"), [(503, True), (429, True), (501, False), (400, False), (401, False)]
)
def test_an_error_says_whether_the_same_call_may_succeed_later(call, error, retry):
    client, _ = call(data({}, error), retries=0)

    with pytest.raises(Remote) as raised:
        client.get("/things")

    assert raised.value.retry is retry


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_read_is_repeated_until_it_works(call, heard, status):
    client, server = call(in_turn(data({}, status), data({}, status), OK))

    assert client.get("/things").data == {"fine": True}
    assert len(server.asked) == client.requests == 3


def test_pauses_grow_and_are_never_all_alike(call, heard):
    client, _ = call(data({}, 503), retries=4)

    with pytest.raises(Unavailable):
        client.get("/things")

    assert len(heard.pauses) == 4
    for attempt, pause in enumerate(heard.pauses):
        assert 0.25 * 2**attempt <= pause <= 0.5 * 2**attempt


def test_a_write_is_sent_once_whatever_happens(call):
    client, server = call(in_turn(data({}, 503), OK))

    with pytest.raises(Unavailable):
        client.write("POST", "/things", {"a": 1})

    assert len(server.asked) == 1
    assert server.asked[0].body == b'{"a":1}'


def test_a_read_through_post_is_repeated(call):
    client, server = call(in_turn(data({}, 503), OK))

    client.search("/search", {"a": 1})

    assert [asked.body for asked in server.asked] == [b'{"a":1}'] * 2


def test_retry_after_in_seconds_is_waited_out(call, heard):
    client, _ = call(in_turn(data({}, 429, retry_after="7"), OK))

    client.get("/things")

    assert 6.9 < sum(heard.pauses) < 7.2


def test_retry_after_as_a_date_is_counted_on_the_vendors_clock(call, heard):
    later = "Thu, 12 Mar 2099 12:00:09 GMT"
    answers = in_turn(data({}, 429, retry_after=later, date="Thu, 12 Mar 2099 12:00:00 GMT"), OK)
    client, _ = call(answers)

    client.get("/things")

    assert 8.9 < sum(heard.pauses) < 9.2


def test_a_vendor_that_counts_in_windows_is_left_alone_for_most_of_one(call, heard):
    _, server = call(in_turn(data({}, 429), OK))
    client = Client("Crm", server.url, heard.net(), quota_window=60.0)

    client.get("/things")
    client.close()

    (pause,) = heard.pauses
    assert 29.0 < pause <= 60.0


@pytest.mark.parametrize("nonsense", ["soon", "nan", "inf", "-5", ""])
def test_a_retry_after_that_makes_no_sense_is_a_short_pause(call, heard, nonsense):
    client, _ = call(in_turn(data({}, 429, retry_after=nonsense), OK))

    client.get("/things")

    assert sum(heard.pauses) < 1.0


def test_a_vendor_that_wants_more_patience_than_we_have_ends_the_run(call, heard):
    client, server = call(data({}, 429, retry_after="3600"))

    with pytest.raises(RateLimited) as raised:
        client.get("/things")

    assert raised.value.retry_after == 3600.0
    assert len(server.asked) == 1
    assert heard.pauses == []


def test_a_rate_limit_makes_every_thread_wait(call, heard):
    client, _ = call(in_turn(data({}, 429, retry_after="50"), OK))

    client.get("/things")
    client.get("/things")

    assert len([pause for pause in heard.pauses if pause > 49]) == 2


def test_a_refused_connection_is_unavailable(heard):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        client = client_for(f"http://127.0.0.1:{taken.getsockname()[1]}", heard.net(retries=1))

        with pytest.raises(Unavailable, match=r"cannot be reached \(Connection refused\)"):
            client.get("/things")

    assert client.requests == 2
    client.close()


def test_a_vendor_that_does_not_answer_in_time_is_unavailable(call):
    client, _ = call(Say(wait=1.0), timeout=0.2, retries=0)

    with pytest.raises(Unavailable, match=r"within 0\.2 seconds"):
        client.get("/things")


def test_tls_that_fails_is_unavailable(call, heard):
    _, server = call(OK)
    client = client_for(server.url.replace("http://", "https://"), heard.net(retries=0))

    with pytest.raises(Unavailable, match="SSL"):
        client.get("/things")

    client.close()


def test_a_web_page_that_says_not_found_is_missing_and_names_the_base_url(call):
    page = Say(404, b"<!doctype html><title>Not found</title>", {"content-type": "text/html"})
    client, _ = call(page)

    with pytest.raises(Missing, match=r"knows no /things .* is the base URL right\?"):
        client.get("/things")


def test_a_web_page_instead_of_data_names_the_base_url(call):
    page = Say(200, b"<!doctype html><title>Sign in</title>", {"content-type": "text/html"})
    client, server = call(page)

    with pytest.raises(Garbled, match="a web page instead of data; is the base URL right"):
        client.get("/things")

    assert len(server.asked) == 1


def test_json_that_breaks_off_is_read_again(call):
    client, _ = call(in_turn(Say(200, b'{"fine": tr'), OK))

    assert client.get("/things").data == {"fine": True}


def test_json_that_always_breaks_off_is_garbled(call):
    client, _ = call(Say(200, b'[{"id": "1"}, {"id'))

    with pytest.raises(Garbled, match="breaks off"):
        client.get("/things")


def test_an_answer_cut_off_by_the_network_is_unavailable(call):
    client, _ = call(Say(200, b'{"fine":', missing=20), retries=0)

    with pytest.raises(Unavailable):
        client.get("/things")


def test_packed_answers_are_unpacked_and_broken_ones_are_garbled(call):
    packed = Say(200, gzip.compress(b'{"fine": true}'), {"content-encoding": "gzip"})
    broken = Say(200, b"not packed", {"content-encoding": "gzip"})
    client, _ = call(in_turn(packed, broken), retries=0)

    assert client.get("/things").data == {"fine": True}
    with pytest.raises(Garbled, match="unpacked"):
        client.get("/things")


def test_an_endless_answer_is_not_kept(call, monkeypatch):
    monkeypatch.setattr("connectors.http.MAX_BYTES", 1000)
    bomb = Say(200, gzip.compress(b"[" + b" " * 100_000 + b"]"), {"content-encoding": "gzip"})
    client, _ = call(bomb, retries=0)

    with pytest.raises(Garbled, match="more than 1000 bytes"):
        client.get("/things")


def test_every_page_is_one_line_in_the_log_without_secrets(call, heard):
    client, _ = call(in_turn(data({"message": f"bad key {KEY.reveal()}"}, 503), OK))

    client.get("/things", {"limit": 2})

    assert heard.lines[-1].startswith("GET /things?limit=2: 200, 14 bytes, ")
    assert "hunter2" not in "\n".join(heard.lines)
    assert "bad key ••••••" in "\n".join(heard.lines)


def test_a_vendor_that_echoes_the_key_does_not_put_it_into_an_error(call):
    client, _ = call(data({"message": f"{KEY.reveal()} is revoked"}, 401))

    with pytest.raises(Unauthorised) as raised:
        client.get("/things")

    assert "hunter2" not in repr(raised.value) + str(raised.value) + raised.value.sentence


def test_a_key_that_no_header_can_carry_is_refused_without_repeating_it(heard):
    for bad in ("hunter2\r\nx: y", "hunter2é"):
        with pytest.raises(Rejected) as raised:
            Client("Crm", "https://crm.example", heard.net(), headers={"x-api-key": bad})

        assert "hunter2" not in raised.value.sentence


def test_a_line_that_a_connector_logs_is_searched_for_secrets(call, heard):
    client, _ = call(OK)

    client.log(f"signed in with {KEY.reveal()}")

    assert heard.lines == ["signed in with ••••••"]
