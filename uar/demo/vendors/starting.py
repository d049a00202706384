"""Starting a vendor server from its command line: flags, state, company, then answering."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from uar.demo.vendors import faults, switches
from uar.demo.vendors.server import Server
from uar.demo.vendors.serving import Serving
from uar.demo.vendors.store import Row, Store


@dataclass(frozen=True)
class Start:
    """What one vendor's server is made of.

    `parts` have a function `mount` each. `fill` puts a company into an empty store;
    `generated` makes one from the flags in `sizes` and `choices`.
    """

    name: str
    about: str
    vendor: Callable[..., Serving]
    switches: type[Any]
    parts: Sequence[ModuleType]
    fill: Callable[[Store, Row], None]
    generated: Callable[[argparse.Namespace], Row]
    sizes: Mapping[str, int]
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def main(start: Start, arguments: Sequence[str] | None = None) -> int:
    """Start the server and answer until SIGTERM; 2 when it cannot start."""
    asked = _parser(start).parse_args(arguments)
    store = Store(asked.state)
    chosen = switches.from_arguments(start.switches, asked)
    vendor = start.vendor(store, chosen, may_kill=asked.allow_kill)
    for part in start.parts:
        part.mount(vendor)
    try:
        for rule in asked.fault:
            vendor.faults.add(faults.parse(rule))
        if not store.begin():
            start.fill(store, _company(start, asked))
            store.snapshot()
        server = Server(asked.host, asked.port, vendor.answer)
    except (OSError, ValueError) as problem:
        print(f"cannot start: {problem}", file=sys.stderr)
        return 2
    server.serve()
    return 0


def _company(start: Start, asked: argparse.Namespace) -> Row:
    if not asked.company:
        return start.generated(asked)
    company = json.loads(asked.company.read_text(encoding="utf-8"))
    if not isinstance(company, dict):
        raise ValueError(f"{asked.company} does not hold a JSON object")
    return company


def _parser(start: Start) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m uar.demo.vendors.{start.name}", description=start.about
    )
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--state", type=Path, help="file that keeps the state over restarts")
    parser.add_argument("--company", type=Path, help="JSON file with the state to begin with")
    for name, size in start.sizes.items():
        parser.add_argument(f"--{name}", type=int, default=size, help="size without --company")
    for name, known in start.choices.items():
        text = "kind of what is generated without --company"
        parser.add_argument(f"--{name}", default=known[0], choices=known, help=text)
    parser.add_argument("--seed", type=int, default=1, help="seed of what is generated")
    parser.add_argument("--fault", action="append", default=[], help="kind=429,path=/api,times=3")
    parser.add_argument("--allow-kill", action="store_true", help="obey POST /_control/kill")
    switches.add_arguments(parser, start.switches)
    return parser
