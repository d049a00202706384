"""Whatever happens in whatever order, nobody decides about herself and nothing is removed twice."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import NOON
from tests.world import Person, World
from tests.world_reviews import (
    WHY,
    Reviews,
)
from uar import (
    campaigns,
    clock,
    reassignment,
    reviews,
)
from uar.db import connect
from uar.errors import UarError
from uar.models import (
    Account,
    Grant,
    Handover,
    HandoverItem,
    Identity,
    ReviewItem,
)
from uar.models.kinds import (
    PersonStatus,
    RemovalAt,
    Verdict,
)
from uar.models.states import OrderState
from uar.provisioning import SETTLED
from uar.work import Work

KEEP, REMOVE = Verdict.CERTIFY, Verdict.REVOKE


@pytest.fixture
def property_world(
    sqlite_template: Path, tmp_path: Path, noon: datetime
) -> Iterator[Callable[[], Reviews]]:
    """Make a fresh world for each example."""
    engines: list[sa.Engine] = []

    def fresh() -> Reviews:
        file = tmp_path / f"{len(engines)}.db"
        shutil.copy(sqlite_template, file)
        engines.append(connect(f"sqlite:///{file}"))
        return Reviews(World(engines[-1]))

    yield fresh
    for engine in engines:
        engine.dispose()


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["keep", "remove", "undo", "bulk", "sign", "close", "close and remove", "send",
             "prove", "match", "leave", "pass on", "reassign"]
        ),
        st.sampled_from(["max", "rita", "cam", "ada"]),
        st.integers(0, 3),
    ),
    max_size=12,
)  # fmt: skip


@given(steps=STEPS, removal_at=st.sampled_from(list(RemovalAt)))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_sequence_decides_about_oneself_or_orders_a_removal_twice(
    property_world: Callable[[], Reviews],
    steps: list[tuple[str, str, int]],
    removal_at: RemovalAt,
) -> None:
    lite = property_world()
    world = lite.world
    entitlement = world.entitlement()
    for account in (
        world.account(world.ada),
        world.account(world.rita),
        world.account(None),
        world.account(world.max),
    ):
        world.grant(entitlement=entitlement, account=account)
    campaign = lite.opened(removal_at=removal_at)
    items = lite.items(campaign)

    for at, (step, who, n) in enumerate(steps):
        with clock.frozen(NOON + timedelta(minutes=at)):
            _take(lite, campaign.id, step, getattr(world, who), items[n])
            _laws_hold(lite)


def _take(lite: Reviews, campaign_id: int, step: str, who: Person, item: ReviewItem) -> None:
    """Try one step; what the laws refuse is refused."""
    leftovers = campaigns.Leftovers.REVOKE if "remove" in step else campaigns.Leftovers.SKIP
    acts: dict[str, Callable[[Work], object]] = {
        "keep": lambda work: reviews.decide(work, item.id, KEEP, WHY),
        "remove": lambda work: reviews.decide(work, item.id, REMOVE, WHY),
        "undo": lambda work: reviews.undo(work, item.id),
        "bulk": lambda work: reviews.decide_many(work, campaign_id, [item.id], REMOVE, WHY),
        "sign": lambda work: reviews.sign(work, campaign_id, "mine"),
        "close": lambda work: campaigns.close(
            work, campaign_id, reason="over", leftovers=leftovers
        ),
        "close and remove": lambda work: campaigns.close(
            work, campaign_id, reason="over", leftovers=leftovers
        ),
    }
    others = [person.id for person in (lite.world.sam, lite.world.rita, lite.world.ada)]
    taker_id = others[item.id % 3]
    acts["pass on"] = lambda work: reassignment.pass_on(work, campaign_id, [item.id], taker_id, WHY)
    acts["reassign"] = lambda work: reassignment.reassign(
        work, campaign_id, lite.world.get(ReviewItem, item.id).reviewer_id, who.id, WHY
    )
    if step in acts:
        with contextlib.suppress(UarError), lite.world.as_(who) as work:
            acts[step](work)
    else:
        _happen(lite, step, who, item)


def _happen(lite: Reviews, step: str, who: Person, item: ReviewItem) -> None:
    """Let something happen that nobody decided here."""
    grant: Grant = lite.world.get(Grant, item.grant_id)
    queued = [o for o in lite.orders() if o.grant_id == grant.id and o.state is OrderState.QUEUED]
    if step == "send" and queued:
        lite.send(grant)
    elif step == "prove" and queued:
        lite.prove_gone(grant)
    elif step == "match":
        lite.set(Account, item.account_id, identity_id=who.id)
    elif step == "leave" and who.name != "Cam Lee":
        lite.set(Identity, who.id, status=PersonStatus.INACTIVE)


def _laws_hold(lite: Reviews) -> None:
    world = lite.world
    _nobody_is_asked_about_herself(lite)
    for decision in lite.decisions():
        item = world.get(ReviewItem, decision.item_id)
        assert item.identity_id != decision.by, "decided by the subject"
        if decision.at == clock.now():
            account = world.get(Account, item.account_id)
            assert account.identity_id != decision.by, "decided by the holder of the account"
    unsettled = [
        (order.account_id, order.entitlement_id, order.kind)
        for order in lite.orders()
        if order.state not in SETTLED
    ]
    assert len(unsettled) == len(set(unsettled)), "ordered twice"
    proven = [o.grant_id for o in lite.orders() if o.state is OrderState.VERIFIED]
    assert len(proven) == len(set(proven)), "removed twice"


def _nobody_is_asked_about_herself(lite: Reviews) -> None:
    """Who is asked now is who the last handover named; she was not the holder then (L20)."""
    world = lite.world
    taken = {row.id: row for row in world.all(Handover)}
    last = {row.item_id: taken[row.handover_id] for row in world.all(HandoverItem)}
    for item in world.all(ReviewItem):
        assert item.reviewer_id is None or item.reviewer_id != item.identity_id
        if item.id not in last:
            continue
        assert item.reviewer_id == last[item.id].to_id, "moved without a trace"
        assert last[item.id].reason
        if last[item.id].at == clock.now():
            assert last[item.id].by != last[item.id].to_id, "given to oneself"
            assert world.get(Account, item.account_id).identity_id != item.reviewer_id or (
                item.reviewer_id is None
            )
