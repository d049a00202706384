"""Measure everything on both databases: ``python -m benchmarks [--tiny] [--only NAME]``.

Prints each figure as soon as its module is done, then all of them as JSON. Exits
1 when a limit is missed or a database cannot be had.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

from benchmarks import endings, promptness, queue, staging, sync, writers
from benchmarks.figures import Figure, as_json, as_table
from tests import postgres
from uar.db import connect
from uar.migrations import migrate

MODULES: dict[str, Callable[[bool, str], list[Figure]]] = {
    "sync": sync.run,
    "staging": staging.run,
    "queue": queue.run,
    "endings": endings.run,
    "promptness": promptness.run,
    "writers": writers.run,
}


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmarks; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="a size that only shows that it works")
    parser.add_argument("--only", choices=sorted(MODULES), help="one of them")
    parser.add_argument("--sqlite", action="store_true", help="leave PostgreSQL out")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    chosen = parser.parse_args(arguments)
    names = [chosen.only] if chosen.only else list(MODULES)
    why = "" if chosen.sqlite else postgres.missing()
    figures: list[Figure] = []
    with postgres.cluster() if not (chosen.sqlite or why) else nullcontext("") as server:
        for name in names:
            figures += measure(name, tiny=chosen.tiny, server=server)
    print(as_json(figures))
    if chosen.json:
        chosen.json.write_text(as_json(figures))
    missed = [figure.name for figure in figures if not figure.met]
    if why:
        print(f"Nothing was measured on PostgreSQL: {why}", file=sys.stderr)
    if missed:
        print(f"Missed: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed or why else 0


def measure(name: str, *, tiny: bool, server: str) -> list[Figure]:
    """Run one module on SQLite, and on the PostgreSQL server unless that is empty."""
    figures = []
    with sqlite_database() as url:
        figures += _measured(name, "SQLite", tiny=tiny, url=url)
    if server:
        with postgres_database(server, f"bench_{name}") as url:
            figures += _measured(name, "PostgreSQL", tiny=tiny, url=url)
    return figures


@contextmanager
def sqlite_database() -> Iterator[str]:
    """Make a migrated SQLite file in a folder of its own, and remove it afterwards."""
    with tempfile.TemporaryDirectory(prefix="uar-bench-") as folder:
        yield _migrated(f"sqlite:///{folder}/uar.db")


@contextmanager
def postgres_database(server: str, name: str) -> Iterator[str]:
    """Make a migrated database on the server, and drop it afterwards."""
    postgres.run(server, f"CREATE DATABASE {name}")
    yield _migrated(postgres.url(server, name))
    postgres.run(server, f"DROP DATABASE {name} WITH (FORCE)")


def _migrated(url: str) -> str:
    engine = connect(url)
    migrate(engine)
    engine.dispose()
    return url


def _measured(name: str, database: str, *, tiny: bool, url: str) -> list[Figure]:
    print(f"{name} on {database} ...", flush=True)
    began = time.monotonic()
    figures = [replace(f, name=f"{f.name} ({database})") for f in MODULES[name](tiny, url)]
    print(as_table(figures))
    print(f"took {time.monotonic() - began:.1f} s", flush=True)
    return figures


if __name__ == "__main__":
    sys.exit(main())
