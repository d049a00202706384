"""Staging a campaign of 100,000 items, against one INSERT ... SELECT of the same rows."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import col

from benchmarks.company import insert_company, keep_everything
from benchmarks.figures import Figure, at_most
from uar import campaigns, clock, drafts
from uar.db import connect
from uar.drafts import Draft
from uar.models import Identity, ReviewItem
from uar.models.kinds import ReviewerRule
from uar.population import Scope
from uar.work import SYSTEM, Actor, unit_of_work

LIMIT = 4.0
ITEMS, TINY = 100_000, 400
ROUNDS = 3


def run(tiny: bool, url: str) -> list[Figure]:
    """Measure on a migrated, empty database; the last review's decisions are in it."""
    engine = connect(url)
    with unit_of_work(engine, SYSTEM) as work:
        app_id = insert_company(work, TINY if tiny else ITEMS)
        cam = work.session.scalars(sa.select(Identity).order_by(col(Identity.id))).first()
        assert cam is not None
    actor = Actor(cam.name, cam.id)
    earlier = plan(engine, actor, app_id, "Last quarter")
    stage(engine, actor, earlier)
    with unit_of_work(engine, actor) as work:
        campaigns.open_(work, earlier)
        keep_everything(work, earlier, cam.id)
    analyse(engine)
    staging, copying = [], []
    for n in range(1 if tiny else ROUNDS):
        campaign_id = plan(engine, actor, app_id, f"This quarter {n}")
        staging.append(timed(lambda c=campaign_id: stage(engine, actor, c)))  # type: ignore[misc]
        copy_id = plan(engine, actor, app_id, f"Copy {n}")
        copying.append(timed(lambda c=campaign_id, k=copy_id: copy(engine, c, k)))  # type: ignore[misc]
    with engine.connect() as connection:
        items, unchanged = connection.execute(
            sa.select(
                sa.func.count(), sa.func.sum(sa.case((col(ReviewItem.unchanged), 1), else_=0))
            ).where(col(ReviewItem.campaign_id) == campaign_id)
        ).one()
    engine.dispose()
    ratio = statistics.median(staging) / statistics.median(copying)
    return [
        at_most(
            "staging a campaign, against one INSERT ... SELECT of its rows",
            ratio,
            "x",
            LIMIT,
            items=items,
            unchanged=unchanged,
            staging_s=round(statistics.median(staging), 2),
            copying_s=round(statistics.median(copying), 2),
        )
    ]


def plan(engine: sa.Engine, actor: Actor, app_id: int, name: str) -> int:
    """Plan a campaign over one app; return its id."""
    assert actor.id is not None
    with unit_of_work(engine, actor) as work:
        draft = Draft(
            name=name,
            due_on=(clock.now() + timedelta(days=14)).date(),
            scope=(Scope(app_id),),
            reviewer_rule=ReviewerRule.MANAGER,
            fallback_id=actor.id,
        )
        return int(drafts.create(work, draft).id)


def stage(engine: sa.Engine, actor: Actor, campaign_id: int) -> None:
    """Stage it, as its page does: frozen, counted, hashed, recorded, committed."""
    with unit_of_work(engine, actor) as work:
        campaigns.stage(work, campaign_id)


def copy(engine: sa.Engine, source_id: int, target_id: int) -> None:
    """Insert the rows of one campaign again, as rows of another: the yardstick."""
    table = sa.inspect(ReviewItem).local_table
    names = [column.name for column in table.columns if column.name not in ("id", "campaign_id")]
    rows = sa.select(sa.literal(target_id), *(table.columns[name] for name in names)).where(
        table.columns["campaign_id"] == source_id
    )
    with unit_of_work(engine, SYSTEM) as work:
        work.session.connection().execute(
            sa.insert(table).from_select(["campaign_id", *names], rows, include_defaults=False)
        )


def timed(work: Callable[[], None]) -> float:
    """Return the seconds that something takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def analyse(engine: sa.Engine) -> None:
    """Let PostgreSQL look at its tables, as it does by itself on a running site."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
