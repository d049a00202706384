"""A full JumpCloud sync against bare fetching of the same pages, and a second one with few changes.

The vendor server runs in its own process with its answers prepared; the bare
client asks for exactly the pages that the sync asked for, at the same
concurrency, parses them and stores nothing.
"""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import sqlalchemy as sa

from benchmarks.figures import Figure, at_most
from tests.vendor_process import NO_TLS, VendorProcess, vendor
from uar import connections, sync
from uar.db import connect
from uar.models import SyncLog, SyncRun
from uar.models.states import RunState
from uar.settings import Settings
from uar.site import Site
from uar.vault import Vault
from uar.work import SYSTEM

LIMIT = 2.0
SECOND_LIMIT = 0.5
CONCURRENCY = 8
KEY = {"x-api-key": "demo-key"}
PAGE = re.compile(r"^(GET|POST) (/\S+): 200")


def run(tiny: bool, url: str) -> list[Figure]:
    """Measure 10,000 people and 100,000 memberships (100 and 500 when tiny), at 0 and 20 ms."""
    sizes = (100, 10, 500, 5) if tiny else (10_000, 1_000, 100_000, 50)
    names = ("--people", "--groups", "--memberships", "--apps")
    arguments = [str(word) for pair in zip(names, sizes, strict=True) for word in pair]
    figures: list[Figure] = []
    for memberof in (False, True):
        switch = "--memberof" if memberof else "--no-memberof"
        with vendor(*arguments, "--prepared", switch) as server:
            for latency in (0, 20):
                figures += _measure(url, server, latency, memberof=memberof, tiny=tiny)
    return figures


def _measure(
    url: str, server: VendorProcess, latency: int, *, memberof: bool, tiny: bool
) -> list[Figure]:
    how = "bulk lists" if memberof else "group by group"
    engine = connect(url)
    site = Site(engine, Settings(allow_private_hosts="127.0.0.1"), Vault(["bench"]))
    server.switch(latency_ms=0)
    _warm(site, server)  # fills the server's prepared answers
    server.switch(latency_ms=latency)
    connector_id = _connector(site, server)
    first, took = _timed(site, connector_id)
    pages = _pages(site, first)
    bare = min(_bare(server, pages) for _ in range(2))
    figures = [
        at_most(
            f"first sync, {how}, {latency} ms / bare fetching of the same pages",
            took / bare,
            "x",
            # Bulk lists are few and large: bare fetching then costs next to nothing and the
            # ratio says little. It is printed beside the seconds, and has no limit.
            float("inf") if tiny or memberof else LIMIT,
            seconds=round(took, 2),
            bare=round(bare, 2),
            requests=first.requests,
        )
    ]
    if latency == 0:
        _change_a_thousandth(server)
        bare_again = min(_bare(server, pages) for _ in range(2))
        second, again = _timed(site, connector_id)
        beyond = max(again - bare_again, 0.0) / max(took - bare, 0.001)
        figures.append(
            at_most(
                f"second sync with 0.1 % changed, {how}, beyond fetching / first one's",
                beyond,
                "x",
                float("inf") if tiny else SECOND_LIMIT,
                seconds=round(again, 2),
                bare=round(bare_again, 2),
                changed=sum(second.counts["path"].values()),
            )
        )
    engine.dispose()
    return figures


def _connector(site: Site, server: VendorProcess) -> int:
    """Connect one more app to the server; each starts with an empty inventory."""
    with site.working(SYSTEM) as work:
        name = f"Directory {time.monotonic_ns()}"
        values = {"api_key": "demo-key", "base_url": server.url}
        return connections.add(work, site.vault, "jumpcloud", name, values).id


def _timed(site: Site, connector_id: int) -> tuple[SyncRun, float]:
    began = time.perf_counter()
    run_ = sync.run(site, connector_id, SYSTEM)
    took = time.perf_counter() - began
    if run_.state is not RunState.COMPLETE:
        raise RuntimeError(f"the sync ended {run_.state}: {run_.trouble}")
    return run_, took


def _warm(site: Site, server: VendorProcess) -> None:
    """Read everything once, so that the server has every page ready."""
    reader = connections.open_reader(site, _connector(site, server))
    try:
        list(reader.accounts())
        for _ in reader.grants(list(reader.resources())):
            pass
    finally:
        reader.close()


def _pages(site: Site, run_: SyncRun) -> list[tuple[str, str]]:
    """Return (method, path) of every page that a run asked for, from its own log."""
    with site.reading() as session:
        lines = session.scalars(
            sa.select(SyncLog.text).where(SyncLog.run_id == run_.id).order_by(SyncLog.id)  # type: ignore[arg-type, call-overload]
        ).all()
    pages = [(m.group(1), m.group(2)) for m in map(PAGE.match, lines) if m]
    if len(pages) != run_.requests:
        raise RuntimeError(f"{len(pages)} pages in the log, {run_.requests} requests")
    return pages


def _bare(server: VendorProcess, pages: list[tuple[str, str]]) -> float:
    """Time fetching and parsing the pages with httpx alone, storing nothing."""
    limits = httpx.Limits(max_connections=CONCURRENCY, max_keepalive_connections=CONCURRENCY)
    with (
        httpx.Client(
            base_url=server.url, headers=KEY, limits=limits, verify=NO_TLS, trust_env=False,
            timeout=60,
        ) as client,
        ThreadPoolExecutor(CONCURRENCY) as pool,
    ):  # fmt: skip
        began = time.perf_counter()
        for _ in pool.map(lambda page: _fetch(client, *page), pages):
            pass
        return time.perf_counter() - began


def _fetch(client: httpx.Client, method: str, path: str) -> Any:
    if method == "POST":
        query = dict(httpx.URL(path).params)
        body = {name: int(query[name]) for name in ("limit", "skip") if name in query}
        return client.post(path, json=body).raise_for_status().json()
    return client.get(path).raise_for_status().json()


def _change_a_thousandth(server: VendorProcess) -> None:
    """Take every thousandth person out of one of her groups."""
    groups = server.http.get(f"{server.url}/api/v2/usergroups?limit=100", headers=KEY).json()
    for group in groups:
        address = f"{server.url}/api/v2/usergroups/{group['id']}/members"
        members = server.http.get(f"{address}?limit=1", headers=KEY).json()
        if members and group.get("membershipMethod") in (None, "", "STATIC", "NOTSET"):
            body = {"op": "remove", "type": "user", "id": members[0]["to"]["id"]}
            server.http.post(address, headers=KEY, json=body).raise_for_status()
