"""Incidents: raised once, told to the owners, closed with a reason."""

from __future__ import annotations

import pytest

from tests.world import World
from tests.world_requests import make_super, own, part_ways
from uar.errors import Invalid, NotFound, Refused
from uar.incidents import close, incidents, open_incident
from uar.models import Grant, Incident, Notification
from uar.models.kinds import IncidentKind
from uar.models.states import IncidentState


def _open(world: World, grant: Grant) -> int:
    with world.as_(world.cam) as work:
        return open_incident(
            work,
            IncidentKind.REAPPEARED,
            app_id=grant.app_id,
            account_id=grant.account_id,
            entitlement_id=grant.entitlement_id,
            grant_id=grant.id,
            sentence="Ada Byrne has “Admins” again. It had been removed on 3 March.",
        ).id


def test_the_same_alarm_twice_is_one_incident_and_one_message(world: World) -> None:
    grant = world.grant()

    assert _open(world, grant) == _open(world, grant)

    assert [n.identity_id for n in world.all(Notification)] == [world.rita.id]


def test_the_mail_says_in_its_subject_what_happened_and_leads_to_the_alarm(world: World) -> None:
    incident_id = _open(world, world.grant())

    [note] = world.all(Notification)
    assert note.subject == "Alarm: Ada Byrne has “Admins” again"
    assert note.body == "Ada Byrne has “Admins” again. It had been removed on 3 March."
    assert note.path == f"/incidents/{incident_id}"


def test_an_incident_is_closed_with_a_reason(world: World) -> None:
    incident_id = _open(world, world.grant())

    with pytest.raises(Invalid), world.as_(world.rita) as work:
        close(work, incident_id, "  ")
    with world.as_(world.rita) as work:
        close(work, incident_id, "she needs it until Friday")

    with world.reading() as session:
        assert incidents(session) == []
        (row,) = incidents(session, state=None)
    assert (row.state, row.closed_by) == (IncidentState.CLOSED, "Rita Ortiz")


def test_after_it_was_closed_the_next_alarm_is_a_new_incident(world: World) -> None:
    grant = world.grant()
    first = _open(world, grant)
    with world.as_(world.rita) as work:
        close(work, first, "looked at")

    assert _open(world, grant) != first


def test_closing_what_does_not_exist_is_not_found(world: World) -> None:
    with pytest.raises(NotFound), world.as_(world.rita) as work:
        close(work, 404, "why not")


def test_l20_nobody_closes_the_alarm_about_her_own_access(world: World) -> None:
    """Rita owns the app and has put herself back where a review had taken her out."""
    incident_id = _open(world, world.grant(world.rita))

    with pytest.raises(Refused, match="your own access"), world.as_(world.rita) as work:
        close(work, incident_id, "it is fine")
    with world.as_(world.cam) as work:
        close(work, incident_id, "spoken to her")

    assert world.get(Incident, incident_id).closed_by == "Cam Lee"


@pytest.mark.parametrize("owner", ["nobody", "left", "herself"])
def test_l22_an_alarm_that_no_independent_owner_hears_goes_to_super_administrators(
    world: World, owner: str
) -> None:
    make_super(world, world.cam)
    own(world, *{"nobody": [], "left": [world.rita], "herself": [world.ada]}[owner])
    if owner == "left":
        part_ways(world, world.rita)

    _open(world, world.grant())

    told = {note.identity_id for note in world.all(Notification)}
    assert told == {world.cam.id} | ({world.ada.id} if owner == "herself" else set())
