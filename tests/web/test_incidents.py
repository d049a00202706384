"""Alarms: seen by whom they concern, closed with a reason."""

from __future__ import annotations

from tests.web.client import Browser
from tests.world import World
from uar.incidents import open_incident
from uar.models import AuditEntry, Incident
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import IncidentKind, OrderKind, Role
from uar.models.states import IncidentState, OrderState
from uar.permissions import give

SENTENCE = "Ada Byrne holds Admins again, though “Finance apps, Q1” removed it."


def alarm(world: World) -> Incident:
    grant = world.grant()
    with world.as_(world.cam) as work:
        return open_incident(
            work, IncidentKind.REAPPEARED, app_id=grant.app_id, account_id=grant.account_id,
            entitlement_id=grant.entitlement_id, grant_id=grant.id, sentence=SENTENCE,
        )  # fmt: skip


def test_the_owner_meets_the_alarm_in_her_menu_and_on_the_start_page(
    browser: Browser, world: World
) -> None:
    alarm(world)

    page = browser.as_(world.rita).get("/incidents")

    assert SENTENCE in page.rows("Open alarms (1)")[0][0]
    assert page.links()["Alarms 1"] == "/incidents"
    assert browser.as_(world.rita).get("/").rows("To do")[0][0] == "1 alarm to look at"


def test_a_stranger_finds_no_alarm(lite_browser: Browser, lite_world: World) -> None:
    incident = alarm(lite_world)
    lite_world.app("ERP", owners=[lite_world.max])

    lite_browser.as_(lite_world.sam).get("/incidents", status=404)
    lite_browser.as_(lite_world.max).get(f"/incidents/{incident.id}", status=404)
    lite_browser.as_(lite_world.max).post(
        f"/incidents/{incident.id}/closing", status=404, reason="no"
    )

    assert lite_world.get(Incident, incident.id).state is IncidentState.OPEN


def test_l18_the_owner_has_it_removed_again_with_a_reason(browser: Browser, world: World) -> None:
    incident = alarm(world)
    rita = browser.as_(world.rita)
    there = f"/incidents/{incident.id}"
    assert "Remove it again" in rita.get(there).text

    again = rita.post(f"{there}/removal", 422, reason=" ")
    page = rita.post(f"{there}/removal", reason="She was moved to support in May.")

    assert again.problems() == ["Reason is missing."]
    assert page.said() == ["Closed, and its removal is ordered."]
    assert "Remove it again" not in rita.get(there).text
    [order] = world.all(Order)
    assert (order.kind, order.state) == (OrderKind.REVOKE, OrderState.QUEUED)
    assert world.get(Incident, incident.id).closed_by == "Rita Ortiz"


def test_who_does_not_own_the_app_has_nothing_removed(
    lite_browser: Browser, lite_world: World
) -> None:
    incident = alarm(lite_world)
    with lite_world.as_(lite_world.cam) as work:
        give(work, lite_world.cam.id, Role.CONNECTOR_ADMIN)
    cam = lite_browser.as_(lite_world.cam)

    assert "Remove it again" not in cam.get(f"/incidents/{incident.id}").text
    cam.post(f"/incidents/{incident.id}/removal", 404, reason="gone")
    lite_world.app("ERP", owners=[lite_world.max])
    lite_browser.as_(lite_world.max).post(f"/incidents/{incident.id}/removal", 404, reason="gone")

    assert lite_world.all(Order) == []


def test_closing_keeps_who_and_why(browser: Browser, world: World) -> None:
    incident = alarm(world)
    rita = browser.as_(world.rita)
    form = rita.get(f"/incidents/{incident.id}").form(f"/incidents/{incident.id}/closing")

    page = rita.submit(form, reason="She was moved back on Monday.")

    assert page.said() == ["Closed."]
    row = world.get(Incident, incident.id)
    assert (row.state, row.closed_by) == (IncidentState.CLOSED, "Rita Ortiz")
    assert world.all(AuditEntry)[-1].reason == "She was moved back on Monday."
    assert "She was moved back" in rita.get("/incidents?show=closed").text


def test_closing_needs_a_reason(lite_browser: Browser, lite_world: World) -> None:
    incident = alarm(lite_world)

    page = lite_browser.as_(lite_world.rita).post(
        f"/incidents/{incident.id}/closing", status=422, reason=""
    )

    assert page.problems() == ["Reason is missing."]
    assert lite_world.get(Incident, incident.id).state is IncidentState.OPEN


def test_a_closed_alarm_is_not_closed_again(lite_browser: Browser, lite_world: World) -> None:
    incident = alarm(lite_world)
    rita = lite_browser.as_(lite_world.rita)
    rita.post(f"/incidents/{incident.id}/closing", reason="seen")

    rita.post(f"/incidents/{incident.id}/closing", status=403, reason="again")

    assert lite_world.get(Incident, incident.id).closed_why == "seen"
