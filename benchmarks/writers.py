"""How long somebody else's write waits while a connector is read for the first time.

The other writer is a process of its own, as a web process is beside a worker. It
writes one audit row every few milliseconds, as a decision or a sign-in does.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.figures import Figure, at_most
from tests.vendor_process import VendorProcess, vendor
from uar import connections, sync
from uar.db import connect
from uar.models.states import RunState
from uar.settings import Settings
from uar.site import Site
from uar.vault import Vault
from uar.work import SYSTEM

LIMIT_MS = 100.0
PAUSE = 0.01
ALONE_SECONDS = 2.0


def run(tiny: bool, url: str) -> list[Figure]:
    """Measure beside the first read of 10,000 people and 100,000 memberships (60 and 200)."""
    sizes = (60, 6, 200, 1) if tiny else (10_000, 1_000, 100_000, 50)
    names = ("--people", "--groups", "--memberships", "--apps")
    arguments = [str(word) for pair in zip(names, sizes, strict=True) for word in pair]
    engine = connect(url)
    site = Site(engine, Settings(allow_private_hosts="127.0.0.1"), Vault(["bench"]))
    with vendor(*arguments, "--prepared", "--no-memberof") as server:
        with _writing(url) as alone:
            time.sleep(0.2 if tiny else ALONE_SECONDS)
        with _writing(url) as beside:
            _read(site, server)
    engine.dispose()
    beside.sort()
    return [
        at_most(
            "another writer beside a first read, longest wait",
            beside[-1],
            "ms",
            float("inf") if tiny else LIMIT_MS,
            p99=beside[int(len(beside) * 0.99)],
            writes=len(beside),
            longest_alone=max(alone),
        )
    ]


def write_until_told(url: str) -> None:
    """Write again and again until the input ends; then print every wait in milliseconds."""
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    engine = connect(url)
    site = Site(engine, Settings(), Vault(["bench"]))
    waits = []
    _write(site)  # connecting is not waiting
    print("ready", flush=True)
    while not over.wait(PAUSE):
        began = time.perf_counter()
        _write(site)
        waits.append(round((time.perf_counter() - began) * 1000, 1))
    print(json.dumps(waits))


def _write(site: Site) -> None:
    with site.working(SYSTEM) as work:
        work.record("benchmark.written", "benchmark:1")


@contextmanager
def _writing(url: str) -> Iterator[list[float]]:
    """Let another process write; the list has its waits after the block."""
    waits: list[float] = []
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.writers", url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield waits
    finally:
        waits += json.loads(process.communicate()[0])


def _read(site: Site, server: VendorProcess) -> None:
    with site.working(SYSTEM) as work:
        values = {"api_key": "demo-key", "base_url": server.url}
        connector = connections.add(work, site.vault, "jumpcloud", "Directory", values)
    run_ = sync.run(site, connector.id, SYSTEM)
    if run_.state is not RunState.COMPLETE:
        raise RuntimeError(f"the sync ended {run_.state}: {run_.trouble}")


if __name__ == "__main__":
    write_until_told(sys.argv[1])
