"""Keeping below a rate limit that is known."""

from __future__ import annotations

import time

from connectors.http import Client
from connectors.pace import Pace
from tests.connectors.loopback import data, in_turn, serving


def test_requests_beyond_a_known_limit_wait_for_the_oldest_to_be_long_enough_ago(heard):
    with serving(in_turn(data({}))) as server:
        client = Client("Crm", server.url, heard.net(), pace=Pace(3, 20.0))
        for _ in range(7):
            client.get("/things")
        client.close()

    assert len(server.asked) == 7
    assert [round(pause / 20) for pause in heard.pauses] == [1, 1, 1, 2]


def test_repeated_requests_count_too(heard):
    with serving(in_turn(data({}, 503), data({}, 503), data({}))) as server:
        client = Client("Crm", server.url, heard.net(), pace=Pace(2, 20.0))
        client.get("/things")
        client.close()

    assert sum(pause > 15 for pause in heard.pauses) == 1


def test_requests_below_the_limit_wait_for_nothing():
    pace = Pace(2, 0.05)

    first = [pace.next(), pace.next()]
    time.sleep(0.06)

    assert first == [0.0, 0.0]
    assert pace.next() == 0.0
