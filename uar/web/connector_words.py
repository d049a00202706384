"""What the connector pages say: states, runs and settings in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.base import ACCESS, Reader, ResourceType
from connectors.fields import fields
from uar.models import Connector
from uar.models.states import ConnectorState, RunState
from uar.runs import RunRow


@dataclass(frozen=True, slots=True)
class Shown:
    """One connector as its pages show it; ``settings`` are those that are no secrets."""

    id: int
    app_id: int
    kind: str
    name: str
    state: ConnectorState
    settings: Mapping[str, str]
    writes_on: bool
    brake_share: float
    every_seconds: int
    next_sync_at: datetime | None
    trouble: str


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as the page shows it; of a secret only when it was set."""

    label: str
    value: str
    set_at: datetime | None
    secret: bool


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run in the list: how long it took, what there is since, what it changed."""

    id: int
    state: RunState
    by: str
    started_at: datetime
    took: str
    requests: int
    accounts: str
    resources: str
    grants: str
    trouble: str


def shown(connector: Connector) -> Shown:
    """Copy what pages show of a connector's row."""
    return Shown(**{name: getattr(connector, name) for name in Shown.__dataclass_fields__})


def state_word(state: ConnectorState, last: RunState | None, *, held: bool = False) -> str:
    """Return the one state that a connector shows: its run's where that says more."""
    if state is ConnectorState.PAUSED:
        return state.value
    if last is RunState.RUNNING:
        return "syncing"
    if held or last is RunState.HELD:
        return "held"
    return state.value


def run_line(row: RunRow, now: datetime) -> RunLine:
    """Say one run in short: "512 +2 −1" is 512 there now, two new and one gone."""
    counts = row.counts
    known: dict[str, int] = counts.get("after", {}) or {}
    return RunLine(
        id=row.id,
        state=row.state,
        by=row.by,
        started_at=row.started_at,
        took=minutes(row.started_at, row.finished_at or now),
        requests=row.requests,
        accounts=_sum(known.get("accounts"), counts.get("account")),
        resources=_sum(None, counts.get("resource")),
        grants=_sum(known.get("grants"), _grants(counts)),
        trouble=row.trouble,
    )


def minutes(begun: datetime, ended: datetime) -> str:
    """Return a length of time as minutes and seconds: "0:41"."""
    seconds = max(int((ended - begun).total_seconds()), 0)
    return f"{seconds // 60}:{seconds % 60:02d}"


def settings_of(
    reader: type[Reader], values: Mapping[str, str], secrets: Mapping[str, datetime]
) -> list[Setting]:
    """List a connector's settings in the order of its form; secrets never with their text."""
    return [
        Setting(
            label=field.label,
            value="" if field.secret else values.get(field.name, field.default),
            set_at=secrets.get(field.name),
            secret=field.secret,
        )
        for field in fields(reader.Config)
    ]


def matrix(reader: type[Reader]) -> list[ResourceType]:
    """List what a connector declares that it can read and change; accounts, which all read, first.

    Who may sign in is changed only by connectors that declare `ACCESS`.
    """
    declared = sorted(reader.resource_types, key=lambda each: each.slug != ACCESS.type)
    if declared[0].slug == ACCESS.type:
        return declared
    return [ResourceType(ACCESS.type, "Account"), *declared]


def _grants(counts: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return how many grants began and ended; of a run that was not applied, how many paths."""
    applied = counts.get("grants")
    if applied is None:
        return counts.get("path")
    return {"added": applied.get("begun", 0), "gone": applied.get("ended", 0)}


def _sum(total: int | None, found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "—"
    parts = [f"{total:,}".replace(",", " ")] if total is not None else []
    for sign, change in (("+", "added"), ("−", "gone"), ("~", "changed")):
        if found.get(change):
            parts.append(f"{sign}{found[change]:,}".replace(",", " "))
    return " ".join(parts) or "no change"
