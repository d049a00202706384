"""The SCIM vendor server: `python -m uar.demo.vendors.scim --port 0`.

As RFC 7643, 7644 and 9865 have it; what servers in the field do differently is a
switch (scim_switches.py). The API is under /scim/v2, a page for people at /, and a
hidden door for tests at /_control/.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from uar.demo.vendors import program, scim_company, scim_page, switches
from uar.demo.vendors.scim_switches import Switches
from uar.demo.vendors.scim_vendor import Scim
from uar.demo.vendors.store import Store

SIZES = {"people": 30, "groups": 6, "memberships": 60}


def main(arguments: Sequence[str] | None = None) -> int:
    """Start the server and answer until SIGTERM; 2 when it cannot start."""
    asked = program.parser("scim", __doc__ or "", Switches, SIZES).parse_args(arguments)
    store = Store(asked.state)
    vendor = Scim(store, switches.from_arguments(Switches, asked), may_kill=asked.allow_kill)
    scim_page.mount(vendor, scim_page.TITLE)

    def generated() -> dict[str, object]:
        return scim_company.generated(asked.people, asked.groups, asked.memberships, asked.seed)

    return program.run(
        vendor, asked, lambda: scim_company.fill(store, program.company(asked, generated))
    )


if __name__ == "__main__":
    sys.exit(main())
