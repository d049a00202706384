"""Connect the demo company's systems beside its directory, all at once, and say who owns them.

People are read before: whose an account is follows from its address (L26).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from uar import apps, connections
from uar.apps import Terms
from uar.demo.connecting import SEED, Wanted, connect, person, read, right
from uar.demo.vendors.percipio_tokens import token
from uar.models.kinds import Approval, Risk
from uar.site import Site

HOUR = 60
RISKY = Terms(Risk.HIGH, False, Approval.MANAGER_OWNER, 8 * HOUR)
WATCHED = Terms(Risk.MEDIUM, False, Approval.MANAGER_OWNER, 8 * HOUR)


@dataclass(frozen=True, slots=True)
class Other:
    """A connector, what is behind it in words, who owns the app, and terms by role's name.

    ``path`` is added to the server's address.
    """

    wanted: Wanted
    what: str
    owner: str
    path: str = ""
    terms: Mapping[str, Terms] = field(default_factory=dict)


OTHERS = (
    Other(
        Wanted("workato", "Workato", {"api_key": "demo-token"}, writes_on=True),
        "collaborators, roles by environment and projects",
        "Connie Park",
        terms={
            "Admin in prod": Terms(Risk.HIGH, True, Approval.MANAGER, 8 * HOUR),
            "Admin in test": Terms(Risk.MEDIUM, True, Approval.MANAGER, 24 * HOUR),
            "Operator in prod": Terms(Risk.MEDIUM, True, Approval.MANAGER, 30 * 24 * HOUR),
        },
    ),
    Other(
        Wanted("scim", "Ticketree", {"token": "demo-token"}),
        "users, teams and roles",
        "Rita Ortiz",
        path="/scim/v2",
        terms={"Administrator": RISKY, "Team lead": WATCHED},
    ),
    Other(
        Wanted("percipio", "Percipio", {"api_token": token()}),
        "people, roles, courses and who is learning them",
        "Sue Grant",
        terms={"Site administrator": RISKY, "Learning administrator": WATCHED},
    ),
    Other(
        Wanted("fullstory", "Fullstory", {"scim_token": "demo-token"}),
        "teammates and roles",
        "Max Roth",
        terms={"Admin": RISKY, "Architect": WATCHED},
    ),
)


def begin(
    site: Site, addresses: Mapping[str, str], say: Callable[[str], None], pool: ThreadPoolExecutor
) -> list[Future[None]]:
    """Begin to connect, read and govern the systems of these addresses, by kind of connector.

    Each in a thread of the pool: most of the time goes into waiting for vendors.
    """
    chosen = [each for each in OTHERS if each.wanted.kind in addresses]
    return [
        pool.submit(_whole, site, each, addresses[each.wanted.kind] + each.path, say)
        for each in chosen
    ]


def _whole(site: Site, other: Other, address: str, say: Callable[[str], None]) -> None:
    def named(line: str) -> None:
        say(f"{other.wanted.app}: {line.strip()}")

    wanted = other.wanted
    values = {**wanted.values, "base_url": address}
    wanted = Wanted(wanted.kind, wanted.app, values, writes_on=wanted.writes_on)
    connector_id = connect(site, wanted, say)
    read(site, connector_id, other.what, named)
    _govern(site, connector_id, other)


def _govern(site: Site, connector_id: int, other: Other) -> None:
    """Set owner and terms, the first time only: afterwards people may have changed them."""
    with site.working(SEED) as work:
        app_id = connections.get(work.session, connector_id).app_id
        if apps.owners(work.session, app_id):
            return
        apps.set_owners(work, app_id, [person(work.session, other.owner).email])
        for name, terms in other.terms.items():
            apps.set_terms(work, app_id, right(work.session, app_id, "role", name), terms)
