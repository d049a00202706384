"""Configured connectors, their secrets, and their runs."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from uar.models.base import json_dict, key, only_when, ref, stored
from uar.models.kinds import Change, ChangeOf, Completeness
from uar.models.states import ConnectorState, RunState


class Connector(SQLModel, table=True):
    """One configured connection to a vendor. ``writes_on`` is off until switched on (L10).

    ``brake_share`` is the share (0 to 1) of open grants or accounts that one run
    may remove before a person must look.
    """

    __table_args__ = (
        sa.CheckConstraint("brake_share >= 0 AND brake_share <= 1", name="brake"),
        sa.CheckConstraint("every_seconds >= 10", name="every"),
        sa.Index("ix_connector_next_sync_at", "next_sync_at"),
    )

    id: int = key()
    app_id: int = ref("app.id")
    kind: str
    name: str
    state: ConnectorState = stored(ConnectorState, ConnectorState.NEW)
    settings: dict[str, str] = json_dict()
    writes_on: bool = False
    brake_share: float = 0.2
    every_seconds: int = 1800
    next_sync_at: datetime | None = None
    failures: int = 0
    trouble: str = ""
    created_at: datetime


class ConnectorSecret(SQLModel, table=True):
    """One sealed secret of a connector; it never leaves but to the vendor."""

    __tablename__ = "connector_secret"

    connector_id: int = Field(foreign_key="connector.id", primary_key=True)
    field: str = Field(primary_key=True)
    sealed: bytes
    set_at: datetime


class SyncRun(SQLModel, table=True):
    """One read of one vendor: what it covered, what it changed, what went wrong."""

    __tablename__ = "sync_run"
    __table_args__ = (
        sa.Index(
            "uq_sync_run_running", "connector_id", unique=True, **only_when("state = 'running'")
        ),
        sa.Index("uq_sync_run_held", "connector_id", unique=True, **only_when("state = 'held'")),
        sa.Index("ix_sync_run_connector_id_id", "connector_id", "id"),
    )

    id: int = key()
    connector_id: int = ref("connector.id", index=False)
    state: RunState = stored(RunState, RunState.RUNNING)
    completeness: Completeness = stored(Completeness, Completeness.UNKNOWN)
    by: str
    started_at: datetime
    heartbeat_at: datetime
    finished_at: datetime | None = None
    requests: int = 0
    trouble: str = ""
    counts: dict[str, Any] = json_dict()


class SyncLog(SQLModel, table=True):
    """One line of a run's log, secrets redacted."""

    __tablename__ = "sync_log"

    id: int = key()
    run_id: int = ref("sync_run.id")
    at: datetime
    text: str


class SyncChange(SQLModel, table=True):
    """One difference that a run found, in the vendor's own ids.

    It is the run's report, what a held run waits with across restarts, and what
    Apply writes. For a path: the account (``account_*``) holds the entitlement
    (``type``, ``vendor_id``, ``slug``), through ``via_*`` unless that is empty.
    """

    __tablename__ = "sync_change"
    __table_args__ = (sa.Index("ix_sync_change_run_id", "run_id", "what", "change", "id"),)

    id: int = key()
    run_id: int = ref("sync_run.id", index=False)
    what: ChangeOf = stored(ChangeOf)
    change: Change = stored(Change)
    type: str
    vendor_id: str
    slug: str = ""
    account_type: str = ""
    account_vendor_id: str = ""
    via_type: str = ""
    via_vendor_id: str = ""
    before: dict[str, Any] | None = Field(default=None, sa_column=sa.Column(sa.JSON()))
    after: dict[str, Any] | None = Field(default=None, sa_column=sa.Column(sa.JSON()))
