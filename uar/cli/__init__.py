"""The `uar` command. Each noun of it is a module here; `main` is the entry point.

Exit codes: 0 only on success; 1 when it could not be done, with one sentence on
standard error; 2 when the command line makes no sense. `uar sync` adds 3, 4 and 5.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from sqlalchemy.exc import OperationalError

from connectors.errors import Remote
from uar.cli import audit, connectors, demo, inventory, people, running, settings, syncs
from uar.cli.base import FAILED, INTERRUPTED, complain
from uar.errors import UarError

NOUNS = (demo, running, settings, connectors, syncs, inventory, people, audit)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code. Arguments are the process's unless given."""
    chosen = parser().parse_args(arguments)
    try:
        return int(chosen.run(chosen))
    except UarError as error:
        complain(error.sentence)
    except Remote as error:
        complain(error.sentence)
    except OperationalError as error:
        complain(f"The database does not answer: {_first_line(error.orig)}")
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone; there is nobody to tell
    except KeyboardInterrupt:
        return INTERRUPTED
    return FAILED


def parser() -> argparse.ArgumentParser:
    """Build the parser of every command."""
    top = argparse.ArgumentParser(
        prog="uar", description="User access reviews and just-in-time access."
    )
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    for noun in NOUNS:
        noun.add(commands)
    return top


def _first_line(error: BaseException | None) -> str:
    lines = str(error or "").strip().splitlines()
    return lines[0] if lines else "no reason given"
