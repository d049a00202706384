"""The JumpCloud vendor server: `python -m uar.demo.vendors.jumpcloud --port 0`.

Faithful to the vendor's OpenAPI, articles and PowerShell module; what none of them
says is a switch (jumpcloud_switches.py). /api, /api/v2 and /insights/directory/v1
are served from one address, with a page for people at / and a hidden door for tests
at /_control/.
"""

from __future__ import annotations

import argparse
import sys

from uar.demo.vendors import (
    jumpcloud_admins,
    jumpcloud_company,
    jumpcloud_graph,
    jumpcloud_groups,
    jumpcloud_insights,
    jumpcloud_page,
    jumpcloud_v1,
    starting,
)
from uar.demo.vendors.jumpcloud_switches import Switches
from uar.demo.vendors.jumpcloud_vendor import JumpCloud
from uar.demo.vendors.store import Row


def generated(asked: argparse.Namespace) -> Row:
    """A tenant of the sizes that were asked for."""
    return jumpcloud_company.generated(
        asked.people, asked.groups, asked.memberships, asked.apps, asked.admins, asked.seed
    )


START = starting.Start(
    name="jumpcloud",
    about=__doc__,
    vendor=JumpCloud,
    switches=Switches,
    parts=(
        jumpcloud_v1,
        jumpcloud_admins,
        jumpcloud_groups,
        jumpcloud_graph,
        jumpcloud_insights,
        jumpcloud_page,
    ),
    fill=jumpcloud_company.fill,
    generated=generated,
    sizes={"people": 30, "groups": 8, "memberships": 90, "apps": 6, "admins": 4},
)

if __name__ == "__main__":
    sys.exit(starting.main(START))
