"""The Workato vendor server: `python -m uar.demo.vendors.workato --port 0`.

Faithful to the vendor's pages, its published specification and the original
connector's own mock; what none of them says is a switch (workato_switches.py). /api is
served with a page for people at / and a hidden door for tests at /_control/.
"""

from __future__ import annotations

import argparse
import sys

from uar.demo.vendors import (
    starting,
    workato_company,
    workato_groups,
    workato_members,
    workato_page,
    workato_places,
    workato_roles,
)
from uar.demo.vendors.store import Row
from uar.demo.vendors.workato_switches import Switches
from uar.demo.vendors.workato_vendor import Workato

SIZES = {"people": 30, "roles": 6, "projects": 4, "folders": 14, "groups": 3}


def generated(asked: argparse.Namespace) -> Row:
    """A workspace of the sizes that were asked for."""
    sizes = {name: getattr(asked, name) for name in SIZES}
    return workato_company.generated(sizes, asked.model, asked.seed)


START = starting.Start(
    name="workato",
    about=__doc__,
    vendor=Workato,
    switches=Switches,
    parts=(workato_members, workato_roles, workato_places, workato_groups, workato_page),
    fill=workato_company.fill,
    generated=generated,
    sizes=SIZES,
    choices={"model": ("legacy", "mixed", "migrated")},
)

if __name__ == "__main__":
    sys.exit(starting.main(START))
