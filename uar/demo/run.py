"""The demo: vendor servers, a worker and a web server, watched over by this process.

The watcher itself opens no database: it starts processes, says what happens,
starts again what died, and ends them all when it ends, however it ends.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from uar.demo.cast import CAST
from uar.demo.company import NAME
from uar.demo.environment import folder, is_noted
from uar.demo.processes import Child, Died, dies_with
from uar.demo.servers import Server, answers, insist_on_free, servers
from uar.errors import Conflict, Invalid, Refused
from uar.settings import Settings, is_loopback, load

UNDO_SECONDS = "20"
LOOK_SECONDS = 0.2
OWN = 2  # the worker and the web server, which come after the vendors


def run(given: Mapping[str, str]) -> int:
    """Run the demo until Ctrl-C or SIGTERM; return the exit code.

    Raises Invalid for an address that is not loopback, Conflict when a port is
    taken or the demo runs already, Died when a part of it does not start.
    """
    settings, environ = prepared(given)
    place = folder(settings.folder)
    place.mkdir(parents=True, exist_ok=True)
    # SIGINT, too: who starts it in the background of a script finds it switched off.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    children: list[Child] = []
    with only_one(place):
        try:
            insist_on_free(settings.listen, "UAR_LISTEN")
            _start(settings, environ, place, children)
            _watch(children)
        except KeyboardInterrupt:
            pass
        finally:
            _stop(children)
    return 0


def reset(given: Mapping[str, str]) -> int:
    """Forget the demo's company and database. Raises Conflict while it runs.

    Raises Refused for a database that the demo did not make, or cannot delete.
    """
    settings, _ = prepared(given)
    place = folder(settings.folder)
    if not place.exists():
        _say(f"There is nothing to forget in {settings.folder}.")
        return 0
    with only_one(place):
        if is_noted(settings.folder):
            if settings.database_url:
                raise Refused(
                    "The demo's database is not a file in its folder: empty it yourself, "
                    f"then delete {place}."
                )
            for ending in ("", "-wal", "-shm"):
                (settings.folder / f"uar.db{ending}").unlink(missing_ok=True)
        shutil.rmtree(place)
    _say("Forgotten. make demo starts over.")
    return 0


def prepared(given: Mapping[str, str]) -> tuple[Settings, dict[str, str]]:
    """Return the demo's settings, and the environment that gives them to its processes."""
    environ = {"UAR_UNDO_SECONDS": UNDO_SECONDS} | dict(given)
    environ |= {"UAR_DEMO": "yes", "UAR_SCHEDULER": "off", "PYTHONUNBUFFERED": "1"}
    hosts = [part for part in environ.get("UAR_ALLOW_PRIVATE_HOSTS", "").split(",") if part]
    environ["UAR_ALLOW_PRIVATE_HOSTS"] = ",".join(dict.fromkeys([*hosts, "127.0.0.1"]))
    settings = load(environ)
    if not is_loopback(settings.listen.rpartition(":")[0]):
        raise Invalid("The demo listens on loopback only: anybody can be anybody there.")
    environ["UAR_DATA_DIR"] = str(settings.folder)
    environ.setdefault("UAR_BASE_URL", f"http://{settings.listen}")
    return settings, environ


@contextmanager
def only_one(place: Path) -> Iterator[None]:
    """Hold the demo's folder for this process. Raises Conflict when another one does."""
    file = place / "demo.pid"
    with file.open("a+") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held.seek(0)
            raise Conflict(
                f"The demo runs already with this folder, as process {held.read().strip()}. "
                "Stop it with Ctrl-C there first."
            ) from None
        held.truncate(0)
        held.write(f"{os.getpid()}\n")
        held.flush()
        yield


def _start(settings: Settings, environ: dict[str, str], place: Path, children: list[Child]) -> None:
    web_port = int(settings.listen.rpartition(":")[2])
    vendors = servers(place, web_port, environ)
    logs = place / "log"
    worker = Child("The worker", ["uar.cli", "worker"], environ, logs / "worker.log")
    web = Child("The web server", ["uar.cli", "serve"], environ, logs / "web.log")
    children += [*(vendor.child for vendor in vendors), worker, web]
    for vendor in vendors:
        _say(f"Starting {vendor.system.app} of {NAME} on {vendor.url}")
        vendor.child.start()
    filled, known = place / "filled", " ".join(vendor.system.vendor for vendor in vendors)
    has_data = settings.database_url or (settings.folder / "uar.db").exists()
    if not (has_data and filled.exists() and filled.read_text() == known):
        for vendor in vendors:
            vendor.wait()
        _seed(environ, vendors)
        filled.write_text(known)
    _say("Starting the worker and the web server")
    worker.start()
    web.start()
    for vendor in vendors:
        vendor.wait()
    host = settings.listen.rpartition(":")[0].strip("[]")
    web.wait_until(lambda: answers(host, web_port))
    _greet(settings, vendors, worker.pid)


def _seed(environ: Mapping[str, str], vendors: Sequence[Server]) -> None:
    """Connect and read the company in a process of its own; it says what it does."""
    directory, *others = vendors
    more = [f"{vendor.system.vendor}={vendor.url}" for vendor in others]
    seed = subprocess.run(
        [sys.executable, "-m", "uar.demo.seed", directory.url, *more],
        env=dict(environ),
        check=False,
        preexec_fn=dies_with(os.getpid()),
    )
    if seed.returncode:
        raise Died("The demo could not be filled; what is wrong stands above.")


def _watch(children: list[Child]) -> None:
    while True:
        for child in children:
            said = child.tend()
            if said:
                _say(said)
        time.sleep(LOOK_SECONDS)


def _stop(children: list[Child]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if children:
        _say("Stopping")
    # Vendors last: a read that goes on shall not find one gone and call its connector broken.
    for part in (children[-OWN:], children[:-OWN]):
        for child in part:
            child.ask_to_stop()
        for child in part:
            child.stop()


def _greet(settings: Settings, vendors: Sequence[Server], worker: int) -> None:
    _say()
    _say(f"Open          http://{settings.listen}")
    for number, vendor in enumerate(vendors):
        label = "" if number else "Beside it"
        _say(f"{label:<14}{vendor.url}   {vendor.system.app}'s own page: {vendor.system.page}")
    _say()
    _say("Sign in there as")
    for name, what, attempt in CAST:
        _say(f"  {name:<13}{what}: {attempt[0].lower()}{attempt[1:]}")
    _say()
    _say(f"The worker that sends changes to the vendors is process {worker}. Kill it:")
    _say(f"  kill -9 {worker}")
    _say("and it starts again after 3 seconds. Logs are in " + str(folder(settings.folder) / "log"))
    _say("In another terminal, .venv/bin/uar sync, inventory, verify work on the same company.")
    _say("Ctrl-C stops everything and keeps what you did; make demo-reset starts over.")


def _say(text: str = "") -> None:
    print(text, flush=True)
