"""The Percipio vendor server: `python -m uar.demo.vendors.percipio --port 0`.

Faithful to the vendor's published SDK and to what other connectors send and read;
what none of them says is a switch (percipio_switches.py). User management, content
discovery and reporting are served from one address, with a page for people at / and
a hidden door for tests at /_control/. `--print-token NAME` prints the token of a
service account and ends.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from uar.demo.vendors import (
    percipio_catalogue,
    percipio_company,
    percipio_page,
    percipio_reports,
    percipio_users,
    program,
    switches,
)
from uar.demo.vendors.percipio_switches import Switches
from uar.demo.vendors.percipio_tokens import token
from uar.demo.vendors.percipio_vendor import Percipio
from uar.demo.vendors.store import Store

PARTS = (percipio_users, percipio_catalogue, percipio_reports, percipio_page)
SIZES = {"people": 60, "courses": 24, "others": 10, "activity": 200}


def main(arguments: Sequence[str] | None = None) -> int:
    """Start the server and answer until SIGTERM; 2 when it cannot start."""
    parser = program.parser("percipio", __doc__ or "", Switches, SIZES)
    parser.add_argument("--print-token", metavar="NAME", help="print a service account's token")
    asked = parser.parse_args(arguments)
    if asked.print_token:
        print(token(asked.print_token))
        return 0
    store = Store(asked.state)
    vendor = Percipio(store, switches.from_arguments(Switches, asked), may_kill=asked.allow_kill)
    for part in PARTS:
        part.mount(vendor)
    return program.run(vendor, asked, lambda: percipio_company.fill(store, _company(asked)))


def _company(asked: argparse.Namespace) -> dict[str, Any]:
    return program.company(
        asked,
        lambda: percipio_company.generated(
            asked.people, asked.courses, asked.others, asked.activity, asked.seed
        ),
    )


if __name__ == "__main__":
    sys.exit(main())
