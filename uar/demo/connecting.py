"""Steps of filling the demo that every connector takes; each is left out once it is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col

from uar import connections, sync
from uar.errors import NotFound, Refused
from uar.models import Entitlement, Identity, Resource, SyncRun
from uar.models.states import RunState
from uar.site import Site
from uar.work import Actor

SEED = Actor("uar demo")
SYNC_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Wanted:
    """A connector to have: whose vendor's, for which app, with what settings."""

    kind: str
    app: str
    values: Mapping[str, str]
    is_directory: bool = False
    writes_on: bool = False


def connect(site: Site, wanted: Wanted, say: Callable[[str], None]) -> int:
    """Return the id of a connector, configured now if it is not yet."""
    with site.reading() as session:
        found = [row for row in connections.connectors(session) if row.kind == wanted.kind]
    if found:
        return found[0].id
    how = "reading and writing are on" if wanted.writes_on else "reading is on, writing is off"
    say(f"Connecting {wanted.app}: {how}")
    with site.working(SEED) as work:
        connector = connections.add(
            work,
            site.vault,
            wanted.kind,
            wanted.app,
            wanted.values,
            is_directory=wanted.is_directory,
            writes_on=wanted.writes_on,
        )
        # Often, so that what one changes on the vendor's page shows up while one looks.
        connections.set_limits(
            work, connector.id, every_seconds=SYNC_SECONDS, brake_share=connector.brake_share
        )
        return connector.id


def read(site: Site, connector_id: int, what: str, say: Callable[[str], None]) -> None:
    """Read a vendor unless it was read whole before; ``what`` is there, in words.

    Raises Refused when the read is not whole, UarError and Remote.
    """
    with site.reading() as session:
        was_read = session.scalars(
            sa.select(col(SyncRun.id)).where(
                col(SyncRun.connector_id) == connector_id,
                col(SyncRun.state) == RunState.COMPLETE,
            )
        ).first()
    if was_read:
        return
    who = connections.check(site, connector_id, SEED)
    say(f"Signed in as {who.who} at {who.organisation}; reading {what}")
    run = sync.run(site, connector_id, SEED, lambda line: say(f"  {line}"))
    if run.state is not RunState.COMPLETE:
        raise Refused(f"The first sync is {run.state.value}: {run.trouble}")
    # The key's own account is protected from orders, and is only now in the inventory (L14).
    connections.check(site, connector_id, SEED)


def person(session: Session, name: str) -> Identity:
    """Return somebody of the demo company by name. Raises NotFound."""
    found = session.scalars(sa.select(Identity).where(col(Identity.name) == name)).one_or_none()
    if found is None:
        raise NotFound(f"{name} is not in the directory that was read.")
    return found


def right(session: Session, app_id: int, kind: str, name: str) -> int:
    """Return the id of the one right on a resource of an app. Raises NotFound."""
    found = session.scalars(
        sa.select(col(Entitlement.id))
        .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
        .where(
            col(Entitlement.app_id) == app_id,
            col(Resource.type) == kind,
            col(Resource.name) == name,
        )
    ).one_or_none()
    if found is None:
        raise NotFound(f"There is no {kind} {name} in what was read.")
    return found
