"""Orders as pages show them; reading only. Verbs are in :mod:`uar.provisioning`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from uar.db import AnySelect, rows
from uar.models import Account, App, Campaign, Connector, Entitlement, Resource
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import OrderKind, OrderReason
from uar.models.states import OrderState
from uar.words import access_name


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One change at a vendor: what, for whom, why, and how far it has come.

    ``call`` is the exact request, or empty until the connector has said it;
    ``result`` is the last thing that happened, in words.
    """

    id: int
    kind: OrderKind
    reason: OrderReason
    state: OrderState
    app_id: int
    app: str
    connector_id: int
    connector: str
    account_id: int
    account: str
    identity_id: int | None
    entitlement_id: int
    entitlement: str
    resource: str
    grant_id: int | None
    request_id: int | None
    item_id: int | None
    campaign_id: int | None
    campaign: str | None
    created_at: datetime
    not_before: datetime
    next_at: datetime
    attempts: int
    sent_at: datetime | None
    settled_at: datetime | None
    call: str
    result: str

    @property
    def access(self) -> str:
        """Name what it is about: "JumpCloud · crm-admins · Member"."""
        return access_name(self.app, self.resource, self.entitlement)


def orders(
    session: Session,
    *,
    order_id: int | None = None,
    app_ids: Collection[int] | None = None,
    app_id: int | None = None,
    campaign_id: int | None = None,
    item_id: int | None = None,
    connector_id: int | None = None,
    grant_id: int | None = None,
    states: Sequence[OrderState] = (),
    after: int | None = None,
    limit: int = 100,
) -> list[OrderRow]:
    """List orders, newest first; ``after`` is the last id seen. One query.

    ``app_ids`` keeps to some apps, none of them when it is empty.
    """
    statement: AnySelect = (
        sa.select(
            *(
                sa.inspect(Order).columns[name]
                for name in OrderRow.__dataclass_fields__
                if name in sa.inspect(Order).columns
            ),
            col(App.name).label("app"),
            col(Connector.name).label("connector"),
            col(Account.name).label("account"),
            col(Account.identity_id),
            col(Entitlement.name).label("entitlement"),
            col(Resource.name).label("resource"),
            col(Campaign.name).label("campaign"),
        )
        .join(App, col(App.id) == col(Order.app_id))
        .join(Connector, col(Connector.id) == col(Order.connector_id))
        .join(Account, col(Account.id) == col(Order.account_id))
        .join(Entitlement, col(Entitlement.id) == col(Order.entitlement_id))
        .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
        .outerjoin(Campaign, col(Campaign.id) == col(Order.campaign_id))
        .order_by(col(Order.id).desc())
        .limit(limit)
    )
    wanted = {
        "id": order_id,
        "app_id": app_id,
        "campaign_id": campaign_id,
        "item_id": item_id,
        "connector_id": connector_id,
        "grant_id": grant_id,
    }
    for name, value in wanted.items():
        if value is not None:
            statement = statement.where(sa.inspect(Order).columns[name] == value)
    if app_ids is not None:
        statement = statement.where(col(Order.app_id).in_(app_ids))
    if states:
        statement = statement.where(col(Order.state).in_(states))
    if after is not None:
        statement = statement.where(col(Order.id) < after)
    return rows(session, OrderRow, statement)


def counts(session: Session, campaign_id: int) -> dict[OrderState, int]:
    """Count a campaign's orders by state. One query."""
    found = session.connection().execute(
        sa.select(col(Order.state), sa.func.count())
        .where(col(Order.campaign_id) == campaign_id)
        .group_by(col(Order.state))
    )
    return {OrderState(state): n for state, n in found}
