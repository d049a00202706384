"""`uar verify`: walk the chain of seals over the audit log."""

from __future__ import annotations

import argparse

from uar import audit
from uar.cli.base import FAILED, OK, Commands, command, complain, opened, say, say_json


def add(commands: Commands) -> None:
    """Add the command."""
    command(commands, "verify", verify, "Check that nobody changed the audit log", json_=True)


def verify(chosen: argparse.Namespace) -> int:
    """Walk the chain; say its head, which one can note elsewhere, or the first problem."""
    with opened() as site, site.reading() as session:
        found = audit.verify(session)
    intact = not found.first_problem
    if chosen.json:
        say_json(
            {
                "intact": intact,
                "entries": found.count,
                "unsealed": found.unsealed,
                "head": found.head,
                "problem": found.first_problem,
            }
        )
    elif intact:
        say(f"{found.count} entries are as they were sealed, {found.unsealed} wait for their seal.")
        say(f"head {found.head}")
    if not intact:
        complain(f"{found.first_problem} The {found.count} links before it hold.")
    return OK if intact else FAILED
