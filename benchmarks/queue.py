"""A page of the review queue at the server, in a large campaign and in a small one.

Both reviewers have the same number of rows on their page. What is measured is a
GET by the app's own test client: signed in, queried, rendered.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlmodel import col

from app import create_app
from benchmarks.company import insert_company
from benchmarks.figures import Figure, at_most
from benchmarks.staging import analyse, plan, stage
from uar import campaigns, sessions
from uar.db import connect
from uar.models import AppOwner, Identity, ReviewItem
from uar.models.states import ItemState
from uar.settings import Settings
from uar.site import Site
from uar.vault import Vault
from uar.web import COOKIE
from uar.work import SYSTEM, Actor, unit_of_work

P95_LIMIT, RATIO_LIMIT = 50.0, 1.2
LARGE, SMALL = 100_000, 1_000
TINY_LARGE, TINY_SMALL = 2_000, 400
WARM, REQUESTS = 20, 100


@dataclass(frozen=True, slots=True)
class Queue:
    """One open campaign and a reviewer of it."""

    campaign_id: int
    reviewer_id: int
    items: int
    total: int


def run(tiny: bool, url: str) -> list[Figure]:
    """Measure on a migrated, empty database."""
    engine = connect(url)
    large = opened(engine, TINY_LARGE if tiny else LARGE, "Large")
    small = opened(engine, TINY_SMALL if tiny else SMALL, "Small")
    analyse(engine)
    settings = Settings(secret_key="for this benchmark only")
    site = Site(engine, settings, Vault(settings.keys()))
    app = create_app(site)
    clients = {queue: signed_in(site, app.test_client(), queue) for queue in (large, small)}
    times: dict[Queue, list[float]] = {large: [], small: []}
    queries = {}
    for queue, client in clients.items():
        for _ in range(2 if tiny else WARM):
            page(client, queue)
        with counting(engine) as seen:
            page(client, queue)
        queries[queue] = len(seen)
    gc.collect()
    for _ in range(
        3 if tiny else REQUESTS
    ):  # in turns, so that a busy machine is unfair to neither
        for queue, client in clients.items():
            times[queue].append(page(client, queue))
    engine.dispose()
    p95 = percentile(times[large], 95)
    ratio = statistics.median(times[large]) / statistics.median(times[small])
    facts = {
        "reviewer_items": large.items,
        "campaign_items": large.total,
        "median_ms": round(statistics.median(times[large]), 1),
    }
    return [
        at_most("queue page, p95", p95, "ms", P95_LIMIT, **facts),
        at_most(
            "queue page in a large campaign, against a small one",
            ratio,
            "x",
            RATIO_LIMIT,
            small_items=small.total,
            small_median_ms=round(statistics.median(times[small]), 1),
        ),
        at_most(
            "queue page, queries more than in a small campaign",
            abs(queries[large] - queries[small]),
            "",
            0.5,
            queries=queries[large],
        ),
    ]


def opened(engine: sa.Engine, items: int, name: str) -> Queue:
    """Make a company of its own and an open campaign over it; take a reviewer of the most."""
    with unit_of_work(engine, SYSTEM) as work:
        app_id = insert_company(work, items, name)
        cam = work.session.scalars(
            sa.select(Identity)
            .join(AppOwner, col(AppOwner.identity_id) == col(Identity.id))
            .where(col(AppOwner.app_id) == app_id)
        ).one()
    actor = Actor(cam.name, cam.id)
    campaign_id = plan(engine, actor, app_id, name)
    stage(engine, actor, campaign_id)
    with unit_of_work(engine, actor) as work:
        campaigns.open_(work, campaign_id)
    with engine.connect() as connection:
        reviewer_id, mine = connection.execute(
            sa.select(col(ReviewItem.reviewer_id), sa.func.count().label("n"))
            .where(
                col(ReviewItem.campaign_id) == campaign_id,
                col(ReviewItem.state) == ItemState.PENDING,
                col(ReviewItem.reviewer_id) != cam.id,
            )
            .group_by(col(ReviewItem.reviewer_id))
            .order_by(sa.desc("n"), col(ReviewItem.reviewer_id))
            .limit(1)
        ).one()
    return Queue(campaign_id, reviewer_id, mine, items)


def signed_in(site: Site, client: FlaskClient, queue: Queue) -> FlaskClient:
    """Sign the queue's reviewer in."""
    with site.working() as work:
        client.set_cookie(COOKIE, sessions.begin(work, queue.reviewer_id))
    return client


def page(client: FlaskClient, queue: Queue) -> float:
    """Get the first page of a queue; return the milliseconds it took."""
    began = time.perf_counter()
    response = client.get(f"/reviews/{queue.campaign_id}")
    took = (time.perf_counter() - began) * 1000
    assert response.status_code == 200
    assert response.text.count("data-row") >= min(queue.items, 100)
    return took


def percentile(values: list[float], percent: int) -> float:
    """Return the value that so many percent do not exceed."""
    return sorted(values)[max(len(values) * percent // 100 - 1, 0)]


@contextmanager
def counting(engine: sa.Engine) -> Iterator[list[str]]:
    """Collect the statements that are sent inside the block."""
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
