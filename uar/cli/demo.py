"""`uar demo`: the demo company on this machine."""

from __future__ import annotations

import argparse
import os

from uar.cli.base import Commands, command
from uar.demo import run


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(commands, "demo", start, "Try it out with a demo company, on loopback only")
    parser.add_argument("--reset", action="store_true", help="forget what was done in the demo")


def start(chosen: argparse.Namespace) -> int:
    """Run the demo until Ctrl-C, or forget it."""
    return run.reset(os.environ) if chosen.reset else run.run(os.environ)
