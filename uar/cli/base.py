"""What every command needs: the installation opened, output, exit codes."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from uar import audit
from uar.demo.environment import with_demo
from uar.migrations import check_current, migrate
from uar.settings import Settings, load
from uar.site import Site, open_site
from uar.work import Actor

OK, FAILED, PARTIAL, HELD, RUN_FAILED, INTERRUPTED = 0, 1, 3, 4, 5, 130

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Command: TypeAlias = Callable[[argparse.Namespace], int]


@contextmanager
def opened(*, migrates: bool = False) -> Iterator[Site]:
    """Open the installation that the environment describes, and close it again.

    An SQLite file of our own that does not exist yet is made, and one that does is
    brought up to date when ``migrates``; any other database must be at this
    version's schema already. Raises WrongSchema otherwise.
    """
    settings = read_settings()
    is_new = is_embedded(settings) and not (settings.folder / "uar.db").exists()
    site = open_site(settings)
    try:
        if is_new or (migrates and is_embedded(settings)):
            migrate(site.engine)
        else:
            check_current(site.engine)
        yield site
    finally:
        site.engine.dispose()


@contextmanager
def changing() -> Iterator[Site]:
    """Open the installation for a command that changes something; its record is sealed after."""
    with opened() as site:
        yield site
        while audit.seal_due(site):
            pass


def read_settings() -> Settings:
    """Read the settings; in a data folder of the demo, the demo's where none are given."""
    return load(environment())


def environment() -> dict[str, str]:
    """Return this process's environment, with the demo's settings in a folder of the demo."""
    return with_demo(os.environ)


def is_embedded(settings: Settings) -> bool:
    """Say whether the database is the SQLite file in the data folder."""
    return not settings.database_url


def operator() -> Actor:
    """Return who types: the system account's name, for it is not a person of the directory."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = str(os.getuid())
    return Actor(f"{name} (command line)")


def command(
    commands: Commands, name: str, run: Command, help_: str, *, json_: bool = False
) -> argparse.ArgumentParser:
    """Add one command; its first line of help is ``help_``, and --json where there is output."""
    parser = commands.add_parser(name, help=help_, description=help_, allow_abbrev=False)
    parser.set_defaults(run=run)
    if json_:
        parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def group(commands: Commands, name: str, help_: str) -> Commands:
    """Add a command that only has others below it, such as `uar connectors`."""
    parser = commands.add_parser(name, help=help_, description=help_)
    return parser.add_subparsers(metavar="COMMAND", required=True)


def say(text: str = "") -> None:
    """Print one line, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def say_json(value: Any) -> None:
    """Print a value as JSON; instants in ISO 8601."""
    say(json.dumps(value, indent=2, default=_plain, ensure_ascii=False))


def say_table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], empty: str) -> None:
    """Print rows under their columns, or the sentence ``empty``."""
    if not rows:
        say(empty)
        return
    cells = [[_cell(row[column]) for column in columns] for row in rows]
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    for line in [list(columns), *cells]:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        say("  ".join(padded).rstrip())


def complain(sentence: str) -> None:
    """Print one sentence on standard error."""
    sys.stderr.write(f"uar: {sentence}\n")


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if hasattr(value, "strftime"):
        return str(value.strftime("%Y-%m-%d %H:%M UTC"))
    return str(value)
