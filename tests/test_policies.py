"""Who decides: L20, L21, L22 and L27, as far as people are looked up."""

from __future__ import annotations

import pytest

from tests.queries import asserts_queries
from tests.world import World
from tests.world_requests import make_super, manage, own, part_ways
from uar.models.kinds import Approval, Risk, StepKind
from uar.policies import Deciders, approvers, authority, steps_for


def _who(world: World, kind: StepKind, subject: int, *, already: tuple[int, ...] = ()) -> Deciders:
    with world.reading() as session:
        return approvers(
            session,
            kind,
            subject_id=subject,
            app_id=world.crm.id,
            requester_id=subject,
            already=already,
        )


@pytest.mark.parametrize(
    ("approval", "steps"),
    [
        (Approval.MANAGER, (StepKind.MANAGER,)),
        (Approval.OWNER, (StepKind.OWNER,)),
        (Approval.MANAGER_OWNER, (StepKind.MANAGER, StepKind.OWNER)),
    ],
)
def test_the_entitlement_says_which_steps_there_are(
    approval: Approval, steps: tuple[StepKind, ...]
) -> None:
    assert steps_for(approval) == steps


def test_the_manager_takes_the_manager_step(world: World) -> None:
    who = _who(world, StepKind.MANAGER, world.ada.id)

    assert who.ids == {world.max.id}
    assert who.words == "Max Roth"
    assert who.fallback == ""


def test_any_owner_takes_the_owner_step(world: World) -> None:
    own(world, world.rita, world.cam)

    who = _who(world, StepKind.OWNER, world.ada.id)

    assert who.words == "Cam Lee or Rita Ortiz"


def test_l20_an_owner_does_not_decide_about_herself(world: World) -> None:
    own(world, world.rita, world.cam)

    who = _who(world, StepKind.OWNER, world.rita.id)

    assert who.ids == {world.cam.id}


def test_l21_a_requester_decides_in_no_role(world: World) -> None:
    make_super(world, world.max)

    with world.reading() as session:
        who = approvers(
            session,
            StepKind.MANAGER,
            subject_id=world.ada.id,
            app_id=world.crm.id,
            requester_id=world.max.id,
        )

    assert who.people == ()


def test_l22_without_a_manager_super_administrators_stand_in_and_it_shows(world: World) -> None:
    manage(world, world.ada, None)
    make_super(world, world.cam)

    who = _who(world, StepKind.MANAGER, world.ada.id)

    assert who.ids == {world.cam.id}
    assert who.words == "Cam Lee (super administrator: there is no manager who may decide)"


def test_l22_without_anybody_nobody_decides(world: World) -> None:
    own(world)

    who = _who(world, StepKind.OWNER, world.ada.id)

    assert who.people == ()


def test_l27_a_manager_who_left_decides_nothing(world: World) -> None:
    part_ways(world, world.max)
    make_super(world, world.cam)

    who = _who(world, StepKind.MANAGER, world.ada.id)

    assert who.ids == {world.cam.id}


def test_a_super_administrator_who_left_does_not_stand_in(world: World) -> None:
    manage(world, world.ada, None)
    make_super(world, world.cam)
    part_ways(world, world.cam)

    assert _who(world, StepKind.MANAGER, world.ada.id).people == ()


def test_whoever_took_a_step_is_left_out_of_the_next_when_told_so(world: World) -> None:
    own(world, world.max)
    make_super(world, world.cam)

    who = _who(world, StepKind.OWNER, world.ada.id, already=(world.max.id,))

    assert who.ids == {world.cam.id}


def test_a_plan_at_high_risk_names_different_people_for_two_steps(world: World) -> None:
    own(world, world.max)
    make_super(world, world.cam)

    with world.reading() as session:
        who = authority(session, [world.ada.id], [world.crm.id])
    high, low = (
        who.plan(
            Approval.MANAGER_OWNER,
            risk,
            app_id=world.crm.id,
            subject_id=world.ada.id,
            requester_id=world.ada.id,
        )
        for risk in (Risk.HIGH, Risk.LOW)
    )

    assert [step.ids for step in high] == [{world.max.id}, {world.cam.id}]
    assert [step.ids for step in low] == [{world.max.id}, {world.max.id}]


def test_authority_costs_four_queries_however_many_people_there_are(lite_world: World) -> None:
    reports = [lite_world.person(f"Report{n} Smith", manager=lite_world.max) for n in range(20)]
    apps = [lite_world.app(f"App {n}", owners=[lite_world.rita]) for n in range(20)]

    with lite_world.reading() as session, asserts_queries(4, lite_world.engine):
        who = authority(session, [person.id for person in reports], [app.id for app in apps])

    assert len(who.managers) == 20
    assert len(who.owners) == 20
