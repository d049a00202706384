"""The Workato vendor server: `python -m uar.demo.vendors.workato --port 0`.

Faithful to the vendor's pages, its published specification and the original
connector's own mock; what none of them says is a switch (workato_switches.py). /api is
served with a page for people at / and a hidden door for tests at /_control/.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from uar.demo.vendors import (
    faults,
    switches,
    workato_company,
    workato_groups,
    workato_members,
    workato_page,
    workato_places,
    workato_roles,
)
from uar.demo.vendors.server import Server
from uar.demo.vendors.store import Store
from uar.demo.vendors.workato_switches import Switches
from uar.demo.vendors.workato_vendor import Workato

PARTS = (workato_members, workato_roles, workato_places, workato_groups, workato_page)
SIZES = {"people": 30, "roles": 6, "projects": 4, "folders": 14, "groups": 3}


def main(arguments: Sequence[str] | None = None) -> int:
    """Start the server and answer until SIGTERM; 2 when it cannot start."""
    asked = _parser().parse_args(arguments)
    store = Store(asked.state)
    vendor = Workato(store, switches.from_arguments(Switches, asked), may_kill=asked.allow_kill)
    for part in PARTS:
        part.mount(vendor)
    try:
        for rule in asked.fault:
            vendor.faults.add(faults.parse(rule))
        if not store.begin():
            workato_company.fill(store, _company(asked))
            store.snapshot()
        server = Server(asked.host, asked.port, vendor.answer)
    except (OSError, ValueError) as problem:
        print(f"cannot start: {problem}", file=sys.stderr)
        return 2
    server.serve()
    return 0


def _company(asked: argparse.Namespace) -> dict[str, object]:
    if asked.company:
        company = json.loads(asked.company.read_text(encoding="utf-8"))
        if not isinstance(company, dict):
            raise ValueError(f"{asked.company} does not hold a JSON object")
        return company
    sizes = {name: getattr(asked, name) for name in SIZES}
    return workato_company.generated(sizes, asked.model, asked.seed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m uar.demo.vendors.workato", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--state", type=Path, help="file that keeps the state over restarts")
    parser.add_argument("--company", type=Path, help="JSON file with the state to begin with")
    for name, size in SIZES.items():
        parser.add_argument(f"--{name}", type=int, default=size, help="size without --company")
    parser.add_argument(
        "--model", default="legacy", choices=("legacy", "mixed", "migrated"),
        help="the permission model without --company",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=1, help="seed of what is generated")
    parser.add_argument("--fault", action="append", default=[], help="kind=429,path=/api,times=3")
    parser.add_argument("--allow-kill", action="store_true", help="obey POST /_control/kill")
    switches.add_arguments(parser, Switches)
    return parser


if __name__ == "__main__":
    sys.exit(main())
