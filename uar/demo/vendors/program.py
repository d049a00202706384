"""Start a vendor server from the command line: the flags that all of them have."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from uar.demo.vendors import faults, switches
from uar.demo.vendors.control import Controlled
from uar.demo.vendors.server import Request, Response, Server


class Answering(Controlled, Protocol):
    """A vendor that can be served."""

    def answer(self, request: Request) -> Response:
        """Answer any request."""


def parser(
    name: str, about: str, kind: type[Any], sizes: Mapping[str, int]
) -> argparse.ArgumentParser:
    """The flags of a vendor server: the usual ones, a size for each thing, and its switches."""
    made = argparse.ArgumentParser(prog=f"python -m uar.demo.vendors.{name}", description=about)
    made.add_argument("--host", default="127.0.0.1", help="a loopback address")
    made.add_argument("--port", type=int, default=0, help="0 takes a free port")
    made.add_argument("--state", type=Path, help="file that keeps the state over restarts")
    made.add_argument("--company", type=Path, help="JSON file with the state to begin with")
    for what, size in sizes.items():
        made.add_argument(f"--{what}", type=int, default=size, help="size without --company")
    made.add_argument("--seed", type=int, default=1, help="seed of what is generated")
    made.add_argument("--fault", action="append", default=[], help="kind=429,path=/,times=3")
    made.add_argument("--allow-kill", action="store_true", help="obey POST /_control/kill")
    switches.add_arguments(made, kind)
    return made


def run(vendor: Answering, asked: argparse.Namespace, fill: Callable[[], None]) -> int:
    """Serve until SIGTERM; `fill` fills a store that has no state yet. 2 when it cannot start."""
    try:
        for rule in asked.fault:
            vendor.faults.add(faults.parse(rule))
        if not vendor.store.begin():
            fill()
            vendor.store.snapshot()
        server = Server(asked.host, asked.port, vendor.answer)
    except (OSError, ValueError) as problem:
        print(f"cannot start: {problem}", file=sys.stderr)
        return 2
    server.serve()
    return 0


def company(asked: argparse.Namespace, generated: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The company of the file that was named, or a generated one. Raises ValueError."""
    if not asked.company:
        return generated()
    read = json.loads(asked.company.read_text(encoding="utf-8"))
    if not isinstance(read, dict):
        raise ValueError(f"{asked.company} does not hold a JSON object")
    return read
