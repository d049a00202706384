"""The JumpCloud vendor server: `python -m uar.demo.vendors.jumpcloud --port 0`.

Faithful to the vendor's OpenAPI, articles and PowerShell module; what none of them
says is a switch (jumpcloud_switches.py). /api, /api/v2 and /insights/directory/v1
are served from one address, with a page for people at / and a hidden door for tests
at /_control/.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from uar.demo.vendors import (
    jumpcloud_admins,
    jumpcloud_company,
    jumpcloud_graph,
    jumpcloud_groups,
    jumpcloud_insights,
    jumpcloud_page,
    jumpcloud_v1,
    program,
    switches,
)
from uar.demo.vendors.jumpcloud_switches import Switches
from uar.demo.vendors.jumpcloud_vendor import JumpCloud
from uar.demo.vendors.store import Store

PARTS = (
    jumpcloud_v1,
    jumpcloud_admins,
    jumpcloud_groups,
    jumpcloud_graph,
    jumpcloud_insights,
    jumpcloud_page,
)
SIZES = {"people": 30, "groups": 8, "memberships": 90, "apps": 6, "admins": 4}


def main(arguments: Sequence[str] | None = None) -> int:
    """Start the server and answer until SIGTERM; 2 when it cannot start."""
    asked = program.parser("jumpcloud", __doc__ or "", Switches, SIZES).parse_args(arguments)
    store = Store(asked.state)
    vendor = JumpCloud(store, switches.from_arguments(Switches, asked), may_kill=asked.allow_kill)
    for part in PARTS:
        part.mount(vendor)
    return program.run(vendor, asked, lambda: jumpcloud_company.fill(store, _company(asked)))


def _company(asked: argparse.Namespace) -> dict[str, Any]:
    return program.company(
        asked,
        lambda: jumpcloud_company.generated(
            asked.people, asked.groups, asked.memberships, asked.apps, asked.admins, asked.seed
        ),
    )


if __name__ == "__main__":
    sys.exit(main())
