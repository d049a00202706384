"""`uar serve`, `uar worker` and `uar migrate`: what runs an installation."""

from __future__ import annotations

import argparse
import logging
import signal
import threading

from uar.cli.base import OK, Commands, command, is_embedded, opened, read_settings, say
from uar.errors import Invalid
from uar.migrations import migrate
from uar.scheduler import Scheduler
from uar.serving import Web
from uar.settings import is_loopback
from uar.site import open_site


def add(commands: Commands) -> None:
    """Add the commands."""
    command(commands, "serve", serve, "Run the web server, and the jobs unless they run elsewhere")
    command(commands, "worker", work, "Run the jobs only; as many of them as wanted on PostgreSQL")
    command(commands, "migrate", bring_up_to_date, "Bring the database to this version's schema")


def serve(_chosen: argparse.Namespace) -> int:
    """Serve until told to stop; brings the embedded database up to date first."""
    settings = read_settings()
    with opened(migrates=True):
        pass  # each web process opens the site for itself
    if settings.demo and not is_loopback(settings.listen.rpartition(":")[0]):
        raise Invalid("The demo listens on loopback only: anybody can be anybody there.")
    from app import create_app  # only here: the other commands start without Flask

    _log()
    say(f"Serving http://{settings.listen}")
    Web(settings, create_app).run()
    return OK


def work(_chosen: argparse.Namespace) -> int:
    """Run the jobs until SIGTERM or Ctrl-C, then finish what is under way."""
    _log()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    with opened() as site:
        scheduler = Scheduler(site)
        scheduler.start()
        say("Working. Ctrl-C stops.")
        while not stop.wait(1):
            pass  # signals reach Python code between waits
        scheduler.stop()
    return OK


def bring_up_to_date(_chosen: argparse.Namespace) -> int:
    """Migrate, whatever database it is."""
    settings = read_settings()
    site = open_site(settings)
    try:
        migrate(site.engine)
    finally:
        site.engine.dispose()
    where = "The SQLite file" if is_embedded(settings) else "The database"
    say(f"{where} is at this version's schema.")
    return OK


def _log() -> None:
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
