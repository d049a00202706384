"""The outbox: changes that we want at vendors; and incidents, which people must look at."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import SQLModel

from uar.models.base import json_dict, key, only_when, ref, stored
from uar.models.kinds import IncidentKind, OrderKind, OrderReason, Seen
from uar.models.states import IncidentState, OrderState

UNSETTLED = "state IN ('consent', 'queued', 'sending', 'sent', 'manual', 'failed')"
MOVING = "state IN ('queued', 'sending', 'sent')"


class ProvisioningOrder(SQLModel, table=True):
    """One change that we want at one vendor, and how far it has come.

    ``next_at`` is when to look at it next: when to send a queued one, when the
    lease of one being sent runs out, when to read back a sent one. ``read_before``
    is what the read before our first call showed; a later attempt trusts it (L11).
    ``restores_id`` is the displaced grant that a removal gives back instead (L6).
    """

    __tablename__ = "provisioning_order"
    __table_args__ = (
        sa.Index(
            "uq_provisioning_order_unsettled",
            "account_id",
            "entitlement_id",
            "kind",
            unique=True,
            **only_when(UNSETTLED),
        ),
        sa.Index("ix_provisioning_order_due", "next_at", **only_when(MOVING)),
        sa.Index(
            "ix_provisioning_order_undescribed",
            "connector_id",
            **only_when(f"call = '' AND {UNSETTLED}"),
        ),
        sa.Index("ix_provisioning_order_campaign_id_state", "campaign_id", "state"),
        sa.Index("ix_provisioning_order_connector_id_state", "connector_id", "state"),
    )

    id: int = key()
    kind: OrderKind = stored(OrderKind)
    reason: OrderReason = stored(OrderReason)
    state: OrderState = stored(OrderState, OrderState.QUEUED)
    app_id: int = ref("app.id")
    connector_id: int = ref("connector.id", index=False)
    account_id: int = ref("account.id", index=False)
    entitlement_id: int = ref("entitlement.id", index=False)
    grant_id: int | None = ref("grants.id", nullable=True)
    request_id: int | None = ref("access_request.id", nullable=True)
    item_id: int | None = ref("review_item.id", nullable=True)
    campaign_id: int | None = ref("campaign.id", nullable=True, index=False)
    incident_id: int | None = ref("incident.id", nullable=True, index=False)
    created_at: datetime
    not_before: datetime
    next_at: datetime
    attempts: int = 0
    lease_by: str = ""
    read_before: Seen = stored(Seen, Seen.UNREAD)
    sent_at: datetime | None = None
    settled_at: datetime | None = None
    call: str = ""
    result: str = ""
    restores_id: int | None = None


class Incident(SQLModel, table=True):
    """Something that should not have happened and that a person must look at."""

    __table_args__ = (
        sa.Index(
            "uq_incident_open",
            "kind",
            "account_id",
            "entitlement_id",
            unique=True,
            **only_when("state = 'open'"),
        ),
    )

    id: int = key()
    kind: IncidentKind = stored(IncidentKind)
    state: IncidentState = stored(IncidentState, IncidentState.OPEN)
    app_id: int = ref("app.id")
    account_id: int = ref("account.id", index=False)
    entitlement_id: int = ref("entitlement.id", index=False)
    grant_id: int | None = ref("grants.id", nullable=True)
    campaign_id: int | None = ref("campaign.id", nullable=True)
    sentence: str
    opened_at: datetime
    closed_at: datetime | None = None
    closed_by: str = ""
    closed_why: str = ""
    facts: dict[str, str] = json_dict()
