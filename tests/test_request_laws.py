"""No sequence of asking, answering, taking back, waiting and proving breaks a law of requests."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import NOON
from tests.world import Person, World
from tests.world_requests import answer, make_super, manage, own, prove, site_of, steps_of
from uar import clock
from uar.access_requests import cancel, lapse_due, order_due
from uar.approvals import Answer
from uar.db import connect
from uar.endings import end_due
from uar.errors import UarError
from uar.filing import file
from uar.inbox import inbox
from uar.models import (
    AccessRequest,
    AppOwner,
    ApprovalStep,
    Entitlement,
    GrantCause,
    Identity,
    StepHandover,
)
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import Approval, Risk, StepKind
from uar.models.states import OrderState, RequestState, StepState
from uar.provisioning import SETTLED
from uar.step_handover import pass_on

Move: TypeAlias = tuple[str, int, int, int | None]

RIGHT_ONE = -1
"""Stands for somebody who may really do it, so that most sequences get somewhere."""

people = st.integers(0, 4)
asker = st.sampled_from([0, 0, 0, 1, 1, 2, 3])
decider = st.sampled_from([RIGHT_ONE] * 8 + [0, 1, 2, 3, 4])
nth = st.sampled_from([0, 0, 0, 1, 2, 3])
right = st.integers(0, 3)
minutes = st.sampled_from([30, 60, 120, 45, 1, 0, 121])
left = st.sampled_from([None, None, None, 20, 60, 0, 500])


def _move(
    verb: str, by: st.SearchStrategy[int], n: st.SearchStrategy[int], number: st.SearchStrategy[Any]
) -> st.SearchStrategy[Move]:
    return st.tuples(st.just(verb), by, n, number)


MOVES = st.sampled_from(
    [_move("file", asker, right, minutes)] * 6
    + [_move("approve", decider, nth, left)] * 8
    + [_move("prove", people, st.just(0), minutes)] * 4
    + [_move("wait", people, right, minutes)] * 2
    + [
        _move("deny", decider, nth, left),
        _move("cancel", decider, nth, left),
        _move("pass on", decider, nth, people),
        _move("pass on", decider, nth, people),
        _move("lapse", people, right, left),
        _move("manage", people, right, st.integers(0, 5)),
        _move("own", people, right, st.integers(0, 4)),
    ]
).flatmap(lambda move: move)


@dataclass
class Run:
    """One company, its clock, and who was allowed what when each step was decided."""

    world: World
    now: timedelta = timedelta(0)
    allowed: dict[int, frozenset[int]] = field(default_factory=dict)

    @property
    def people(self) -> list[Person]:
        world = self.world
        return [world.ada, world.max, world.rita, world.cam, world.sam]

    def one(self, person: int, right_ones: Sequence[int]) -> Person:
        """Return a person by number; RIGHT_ONE is the first of those who may, if there are any."""
        if person == RIGHT_ONE and right_ones:
            return next(each for each in self.people if each.id == right_ones[0])
        return self.people[max(person, 0)]

    def request(self, n: int) -> AccessRequest | None:
        newest = self.world.all(AccessRequest)[::-1]
        return newest[n] if n < len(newest) else None

    def may(self, request: AccessRequest, step: ApprovalStep) -> frozenset[int]:
        """Say who may take a step now, worked out anew from plain rows."""
        out = self.out(request)
        handed = [
            row.to_id
            for row in self.world.all(StepHandover)
            if row.step_id == step.id and row.ended_at is None
        ]
        return frozenset(set(handed) - out) or self.by_policy(request, step)

    def out(self, request: AccessRequest) -> set[int]:
        """Say who may take no step of a request now."""
        right = self.world.get(Entitlement, request.entitlement_id)
        out = {request.subject_id, request.requester_id}
        if right.risk is Risk.HIGH:
            out |= {s.decided_by for s in steps_of(self.world, request) if s.decided_by}
        return out

    def by_policy(self, request: AccessRequest, step: ApprovalStep) -> frozenset[int]:
        """Say who may take a step that nobody has passed on."""
        out = self.out(request)
        if step.kind is StepKind.MANAGER:
            regular = {self.world.get(Identity, request.subject_id).manager_id} - {None}
        else:
            regular = {owner.identity_id for owner in self.world.all(AppOwner)}
        return frozenset(regular - out) or frozenset({self.world.cam.id} - out)


@settings(max_examples=25, deadline=None, database=None)
@given(moves=st.lists(MOVES, min_size=15, max_size=40))
def test_no_sequence_breaks_a_law(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, moves: list[Move]
) -> None:
    file_ = tmp_path_factory.mktemp("laws") / "uar.db"
    shutil.copy(sqlite_template, file_)
    engine = connect(f"sqlite:///{file_}")
    with clock.frozen(NOON):
        run = Run(_company(World(engine)))
    try:
        for verb, person, nth, number in moves:
            with clock.frozen(NOON + run.now):
                VERBS[verb](run, person, nth, number)
                _check(run)
    finally:
        engine.dispose()


def _company(world: World) -> World:
    """Max and Ada have accounts and each a manager; Cam stands in for whoever is missing."""
    make_super(world, world.cam)
    manage(world, world.max, world.rita)
    for person in (world.ada, world.max, world.rita):
        world.account(person)
    for n, (approval, risk) in enumerate(
        [
            (Approval.MANAGER, Risk.LOW),
            (Approval.OWNER, Risk.HIGH),
            (Approval.MANAGER_OWNER, Risk.MEDIUM),
            (Approval.MANAGER_OWNER, Risk.HIGH),
        ]
    ):
        world.entitlement(f"Right {n}", approval=approval, risk=risk, max_minutes=120)
    return world


def _file(run: Run, person: int, nth: int, number: int | None) -> None:
    rights = [row for row in run.world.all(Entitlement) if row.app_id == run.world.crm.id]
    try:
        with run.world.as_(run.people[person]) as work:
            file(work, rights[nth].id, number or 0, "a good reason")
    except UarError:
        return


def _say(said: Answer) -> Callable[[Run, int, int, int | None], None]:
    def act(run: Run, person: int, nth: int, number: int | None) -> None:
        request = run.request(nth)
        if request is None:
            return
        before = {step.id: run.may(request, step) for step in steps_of(run.world, request)}
        decided = {step.id for step in steps_of(run.world, request) if step.decided_by}
        asked = next((s for s in steps_of(run.world, request) if s.state is StepState.ASKED), None)
        allowed = sorted(before[asked.id]) if asked else []
        try:
            answer(run.world, request, run.one(person, allowed), said, minutes=number, reason="so")
        except UarError:
            return
        for step in steps_of(run.world, request):
            if step.decided_by and step.id not in decided:
                run.allowed[step.id] = before[step.id]

    return act


def _pass_on(run: Run, person: int, nth: int, number: int | None) -> None:
    request = run.request(nth)
    if request is None:
        return
    asked = next((s for s in steps_of(run.world, request) if s.state is StepState.ASKED), None)
    may = run.may(request, asked) if asked else frozenset()
    giver, taker = run.one(person, sorted(may)), run.people[number or 0]
    try:
        with run.world.as_(giver) as work:
            pass_on(work, request.id, taker.id, "she knows better")
    except UarError:
        return
    assert asked is not None
    assert giver.id in may
    assert taker.id not in run.out(request)
    named = run.by_policy(request, asked)
    assert giver.id in named or taker.id in named, "delegated twice"


def _cancel(run: Run, person: int, nth: int, _number: int | None) -> None:
    request = run.request(nth)
    if request is None:
        return
    try:
        with run.world.as_(run.one(person, [request.subject_id])) as work:
            cancel(work, request.id)
    except UarError:
        return


def _prove(run: Run, _person: int, nth: int, _number: int | None) -> None:
    waiting = [order for order in run.world.all(Order) if order.state not in SETTLED]
    if nth < len(waiting):
        prove(run.world, waiting[nth])
    order_due(site_of(run.world))


def _wait(run: Run, _person: int, _nth: int, number: int | None) -> None:
    run.now += timedelta(minutes=number or 0)
    with clock.frozen(NOON + run.now):
        end_due(site_of(run.world))
        order_due(site_of(run.world))


def _lapse(run: Run, _person: int, _nth: int, _number: int | None) -> None:
    run.now += timedelta(days=8)
    with clock.frozen(NOON + run.now):
        end_due(site_of(run.world))
        lapse_due(site_of(run.world))


def _manage(run: Run, person: int, _nth: int, number: int | None) -> None:
    others = [*run.people, None]
    boss = others[(number or 0) % len(others)]
    if boss != run.people[person]:
        manage(run.world, run.people[person], boss)


def _own(run: Run, person: int, _nth: int, number: int | None) -> None:
    own(run.world, *{run.people[person], run.people[(number or 0) % 5]})


VERBS: dict[str, Callable[[Run, int, int, int | None], None]] = {
    "file": _file,
    "approve": _say(Answer.APPROVE),
    "deny": _say(Answer.DENY),
    "cancel": _cancel,
    "pass on": _pass_on,
    "prove": _prove,
    "wait": _wait,
    "lapse": _lapse,
    "manage": _manage,
    "own": _own,
}


def _check(run: Run) -> None:
    world = run.world
    requests = world.all(AccessRequest)
    open_ones = Counter(
        (request.subject_id, request.entitlement_id)
        for request in requests
        if request.state in (RequestState.WAITING, RequestState.APPROVED)
    )
    assert all(n == 1 for n in open_ones.values())
    for request in requests:
        _check_request(run, request)
    for cause in world.all(GrantCause):
        if cause.request_id:
            assert cause.ends_at <= cause.began_at + timedelta(minutes=120)
    for person in run.people:
        with world.reading() as session:
            listed = {row.request_id for row in inbox(session, person.id)}
        assert listed == {
            request.id
            for request in requests
            if request.state is RequestState.WAITING
            for step in steps_of(world, request)
            if step.state is StepState.ASKED and person.id in run.may(request, step)
        }


def _check_request(run: Run, request: AccessRequest) -> None:
    steps = steps_of(run.world, request)
    right = run.world.get(Entitlement, request.entitlement_id)
    assert 1 <= request.granted_minutes <= request.minutes <= right.max_minutes
    deciders = [step.decided_by for step in steps if step.decided_by]
    assert request.subject_id not in deciders
    assert request.requester_id not in deciders
    assert all(step.decided_by in run.allowed[step.id] for step in steps if step.decided_by)
    if right.risk is Risk.HIGH:
        assert len(deciders) == len(set(deciders))
    if request.state in (RequestState.APPROVED, RequestState.GRANTED):
        assert all(step.state is StepState.APPROVED for step in steps)
    if request.state is RequestState.WAITING:
        assert [step.state for step in steps].count(StepState.ASKED) == 1
    else:
        assert not {StepState.ASKED, StepState.WAITING} & {step.state for step in steps}
    orders = [order for order in run.world.all(Order) if order.request_id == request.id]
    assert sum(order.state is not OrderState.CANCELLED for order in orders) <= 1
    if orders:
        assert all(step.state is StepState.APPROVED for step in steps)
