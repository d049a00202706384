"""`uar inventory`: what an app holds, in the vendor's own ids."""

from __future__ import annotations

import argparse

from uar.cli.base import OK, Commands, command, opened, say, say_json
from uar.exports import export


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(commands, "inventory", show, "Show what an app holds", json_=True)
    parser.add_argument("--app", required=True, metavar="NAME", help="the app's name")


def show(chosen: argparse.Namespace) -> int:
    """Print how much there is of each kind, or all of it as JSON."""
    with opened() as site, site.reading() as session:
        found = export(session, chosen.app)
    if chosen.json:
        say_json(found)
    else:
        for kind, rows in found.items():
            say(f"{len(rows):>8} {kind}")
    return OK
