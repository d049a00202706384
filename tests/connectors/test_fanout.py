"""Doing one thing to many items, several at a time."""

from __future__ import annotations

import threading
import time

import pytest

from connectors.errors import Missing, Unauthorised, Unavailable
from tests.connectors.loopback import data

OK = data({"fine": True})


def test_fan_out_keeps_the_order_and_pairs_failures_with_their_item(call):
    def answer(asked):
        return data({}, 404) if asked.path == "/3" else data({"path": asked.path})

    client, _ = call(answer)

    found = list(client.map(lambda each: client.get(f"/{each}").data["path"], range(50)))

    assert [item for item, _ in found] == list(range(50))
    assert isinstance(found[3][1], Missing)
    assert [path for _, path in found[4:]] == [f"/{each}" for each in range(4, 50)]


def test_fan_out_sends_no_more_at_once_than_allowed(call):
    lock, now, most = threading.Lock(), [0], [0]

    def answer(_asked):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.02)
        with lock:
            now[0] -= 1
        return OK

    client, _ = call(answer, concurrency=3)

    list(client.map(lambda each: client.get(f"/{each}"), range(12)))

    assert most[0] == 3


def test_fan_out_inside_fan_out_does_not_wait_for_itself(call):
    client, _ = call(OK, concurrency=2)

    def inner(each):
        return [answer.data for _, answer in client.map(lambda _: client.get("/"), range(3))]

    assert len(list(client.map(inner, range(6)))) == 6


def test_fan_out_ends_when_the_key_is_refused(call):
    client, server = call(data({}, 401), concurrency=2)

    with pytest.raises(Unauthorised):
        list(client.map(lambda each: client.get(f"/{each}"), range(1000)))

    assert len(server.asked) < 50


def test_fan_out_ends_when_the_vendor_is_down(call):
    client, server = call(data({}, 500), concurrency=2, retries=0)

    with pytest.raises(Unavailable):
        list(client.map(lambda each: client.get(f"/{each}"), range(1000)))

    assert len(server.asked) < 50
