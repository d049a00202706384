"""The Fullstory vendor server: `python -m uar.demo.vendors.fullstory --port 0`.

One process, two faces: SCIM for teammates under /scim/v2, and the server API for
recorded visitors under /me and /v2/users. What no source could prove is a switch
(fullstory_switches.py). A page for people is at /, a hidden door at /_control/.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from uar.demo.vendors import (
    fullstory_company,
    fullstory_visitors,
    program,
    scim_page,
    switches,
)
from uar.demo.vendors.fullstory_switches import Switches
from uar.demo.vendors.scim_vendor import Scim
from uar.demo.vendors.store import Store

SIZES = {"people": 12, "groups": 3, "visitors": 50}
TITLE = "Fullstory (demo vendor server)"


def main(arguments: Sequence[str] | None = None) -> int:
    """Start the server and answer until SIGTERM; 2 when it cannot start."""
    asked = program.parser("fullstory", __doc__ or "", Switches, SIZES).parse_args(arguments)
    store = Store(asked.state)
    vendor = Scim(store, switches.from_arguments(Switches, asked), may_kill=asked.allow_kill)
    fullstory_visitors.mount(vendor)
    scim_page.mount(vendor, TITLE)

    def generated() -> dict[str, object]:
        return fullstory_company.generated(asked.people, asked.groups, asked.visitors, asked.seed)

    return program.run(
        vendor, asked, lambda: fullstory_company.fill(store, program.company(asked, generated))
    )


if __name__ == "__main__":
    sys.exit(main())
