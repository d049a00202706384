"""Opening a vendor for changes, and saying each order's exact call before it is sent."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col

from connectors.base import AccountRecord, EntitlementRecord, Provisioner
from connectors.errors import Remote
from uar.claims import gives_back, records, right
from uar.connections import USUAL, open_reader
from uar.errors import UarError
from uar.models import Connector
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import OrderKind
from uar.permissions import OWN_KIND
from uar.provisioning import SETTLED
from uar.site import Site

log = logging.getLogger(__name__)

MOST = 200


@dataclass(frozen=True, slots=True)
class Vendor:
    """A connector opened for changes: None when it cannot make any, or is uar itself."""

    provisioner: Provisioner | None
    close: Callable[[], None]


def open_vendor(site: Site, connector_id: int) -> Vendor:
    """Open a connector for changes; the caller closes it. Raises UarError or Remote.

    It waits for the vendor no longer than a third of a lease at a time, so that a
    call does not outlive the lease under which it was made.
    """
    with site.reading() as session:
        kind = session.get_one(Connector, connector_id).kind
    if kind == OWN_KIND:
        return Vendor(None, lambda: None)
    patience = min(site.settings.lease_seconds / 3, USUAL.timeout)
    reader = open_reader(site, connector_id, log.debug, retries=0, timeout=patience)
    return Vendor(reader if isinstance(reader, Provisioner) else None, reader.close)


def describe_due(site: Site, connector_id: int) -> int:
    """Write the exact call onto orders that do not say it yet, before anything is sent.

    Up to two hundred at once; returns how many.
    """
    with site.reading() as session:
        rows = session.scalars(
            sa.select(Order)
            .where(
                col(Order.connector_id) == connector_id,
                col(Order.call) == "",
                col(Order.state).not_in(SETTLED),
            )
            .order_by(col(Order.id))
            .limit(MOST)
        ).all()
        todo = [_wish(session, row) for row in rows]
    if not todo:
        return 0
    calls = _calls(site, connector_id, todo)
    with site.working() as work:
        for order_id, text in calls.items():
            work.session.connection().execute(
                sa.update(Order).where(col(Order.id) == order_id).values(call=text)
            )
    return len(calls)


def _wish(session: Session, row: Order) -> tuple[int, OrderKind, AccountRecord, EntitlementRecord]:
    """Return what an order will ask of the vendor: a removal may give other access back (L6)."""
    account, entitlement = records(session, row)
    restored = gives_back(session, row) if entitlement.exclusive else None
    if restored is not None:
        return row.id, OrderKind.GRANT, account, right(session, restored.entitlement_id)
    return row.id, row.kind, account, entitlement


def _calls(
    site: Site,
    connector_id: int,
    todo: list[tuple[int, OrderKind, AccountRecord, EntitlementRecord]],
) -> dict[int, str]:
    try:
        vendor = open_vendor(site, connector_id)
    except (Remote, UarError) as error:
        return {order_id: f"Not known: {error.sentence}" for order_id, *_ in todo}
    try:
        return {
            order_id: _text(vendor.provisioner, kind, account, entitlement)
            for order_id, kind, account, entitlement in todo
        }
    finally:
        vendor.close()


def _text(
    vendor: Provisioner | None,
    kind: OrderKind,
    account: AccountRecord,
    entitlement: EntitlementRecord,
) -> str:
    if vendor is None:
        return "in uar itself"
    try:
        return vendor.call(kind.value, account, entitlement)
    except Remote as error:
        return error.sentence
    except Exception:  # a fault in saying a call must not keep it from being made
        log.exception("the call of an order cannot be said")
        return "Not known: uar met a fault of its own; its log says more."
