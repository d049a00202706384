"""States move only as the law says, only from what was read, and are recorded."""

from __future__ import annotations

from enum import StrEnum

import pytest
import sqlalchemy as sa

from tests.world import World
from uar.errors import Conflict
from uar.lifecycle import move, move_all
from uar.models import AuditEntry, Grant
from uar.models.states import MOVES, GrantState


@pytest.mark.parametrize("kind", MOVES, ids=lambda kind: kind.__name__)
def test_every_state_is_in_the_law_and_leads_only_to_states_of_its_kind(
    kind: type[StrEnum],
) -> None:
    assert set(MOVES[kind]) == set(kind)
    for targets in MOVES[kind].values():
        assert all(isinstance(target, kind) for target in targets)


def test_a_move_writes_who_when_from_and_to(world: World) -> None:
    grant = world.grant()

    with world.as_(world.rita) as work:
        row = work.session.get_one(Grant, grant.id)
        move(work, row, GrantState.ENDING, reason="not needed")

    entry = world.all(AuditEntry)[-1]
    assert (entry.actor, entry.actor_id) == ("Rita Ortiz", world.rita.id)
    assert (entry.action, entry.subject) == ("grants.ending", f"grants:{grant.id}")
    assert entry.details == {"from": "active", "to": "ending"}
    assert entry.reason == "not needed"
    assert world.get(Grant, grant.id).state is GrantState.ENDING


def test_a_move_that_the_law_does_not_know_is_a_conflict(world: World) -> None:
    grant = world.grant()

    with world.as_(world.rita) as work:
        row = work.session.get_one(Grant, grant.id)
        move(work, row, GrantState.ENDED, ended_at=work.now)

        with pytest.raises(Conflict, match="already ended"):
            move(work, row, GrantState.ACTIVE)


def test_whoever_read_an_old_state_is_told_that_somebody_was_faster(world: World) -> None:
    grant = world.grant()
    with world.reading() as session:
        stale = session.get_one(Grant, grant.id)
    with world.as_(world.max) as work:
        move(work, work.session.get_one(Grant, grant.id), GrantState.ENDING)

    with pytest.raises(Conflict, match="faster"), world.as_(world.rita) as work:
        move(work, stale, GrantState.ENDING)


def test_a_set_moves_in_one_update_and_leaves_alone_what_moved_meanwhile(world: World) -> None:
    entitlement = world.entitlement()
    grants = [world.grant(world.person(f"P{n} X"), entitlement) for n in range(3)]
    with world.as_(world.max) as work:
        move(work, work.session.get_one(Grant, grants[0].id), GrantState.ENDING)

    with world.as_(world.rita) as work:
        moved = move_all(
            work, Grant, [g.id for g in grants], before=GrantState.ACTIVE, to=GrantState.ENDING
        )

    assert sorted(moved) == [grants[1].id, grants[2].id]
    with world.reading() as session:
        n = session.scalar(
            sa.select(sa.func.count())
            .select_from(AuditEntry)
            .where(AuditEntry.action == "grants.ending")
        )
    assert n == 3
