"""Forged ids: whoever has no business with a thing changes nothing of it by any form there is."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from tests.test_house import ROUTES
from tests.web.client import Browser, site_of
from tests.web.test_orders import removal
from tests.world import World
from tests.world_requests import ask
from tests.world_reviews import Reviews
from uar.incidents import open_incident
from uar.models import AuditEntry, Grant, ProvisioningOrder, SyncRun
from uar.models.kinds import IncidentKind, Role
from uar.models.states import OrderState, RunState
from uar.permissions import give

FORMS = [line.split()[0] for line in ROUTES.read_text().splitlines() if "  POST  " in line]
WITH_IDS = [path for path in FORMS if "<" in path]

TYPED = {
    "reason": "because I can", "sure": "yes", "minutes": "10", "on": "yes", "agree": "yes",
    "owners": "sam@example.test", "risk": "low", "approval": "manager", "max_minutes": "60",
    "requestable": "yes", "every_minutes": "5", "brake_percent": "100", "name": "Mine",
    "to": "rita@example.test",
    "leftovers": "skip", "waiver": "all is well", "s_api_key": "k", "s_base_url": "",
}  # fmt: skip
"""What every form of ours could be sent, all at once."""

KEEPS_TIME = {"audit_entry", "audit_seal", "sign_in"}


@pytest.fixture
def ids(lite_world: World) -> dict[str, int]:
    """One of everything: of Ada's in Rita's CRM, in a campaign of Cam's that Max reviews."""
    order = removal(lite_world)
    again = removal(lite_world, name="Readers", state=OrderState.CONSENT)
    reviews = Reviews(lite_world)
    campaign = reviews.opened()
    held = reviews.read(state=RunState.HELD)
    request = ask(lite_world, lite_world.entitlement("Sellers"))
    grant = lite_world.get(Grant, order.grant_id)
    with lite_world.as_(lite_world.cam) as work:
        incident = open_incident(
            work, IncidentKind.OVERDUE, app_id=grant.app_id, account_id=grant.account_id,
            entitlement_id=grant.entitlement_id, sentence="It is late.",
        )  # fmt: skip
    assert {row.state for row in lite_world.all(ProvisioningOrder)} == {order.state, again.state}
    assert [row.state for row in lite_world.all(SyncRun)][-1] is RunState.HELD
    return {
        "app_id": lite_world.crm.id, "entitlement_id": grant.entitlement_id,
        "account_id": grant.account_id, "campaign_id": campaign.id,
        "item_id": reviews.items(campaign)[0].id, "run_id": held.id, "grant_id": grant.id,
        "connector_id": grant.connector_id, "incident_id": incident.id, "order_id": again.id,
        "request_id": request.id,
    }  # fmt: skip


def _everything(world: World) -> dict[str, list[Any]]:
    """Read the whole database, but what only notes that somebody was there."""
    with world.reading() as session:
        return {
            name: list(session.connection().execute(sa.select(table)).all())
            for name, table in SQLModel.metadata.tables.items()
            if name not in KEEPS_TIME
        }


def _send(browser: Browser, path: str, ids: dict[str, int]) -> int:
    filled = re.sub(r"<int:(\w+)>", lambda found: str(ids[found[1]]), path)
    verdict = "approve" if path.startswith("/requests") else "certify"
    answer = browser.send(filled, verdict=verdict, items=ids["item_id"], **TYPED)
    return answer.status_code


def test_a_stranger_finds_nothing_to_change(lite_world: World, ids: dict[str, int]) -> None:
    browser = Browser(site_of(lite_world)).as_(lite_world.sam)
    before = _everything(lite_world)

    answers = {path: _send(browser, path, ids) for path in WITH_IDS}

    assert answers == dict.fromkeys(WITH_IDS, 404)
    assert _everything(lite_world) == before
    refusals = [e for e in lite_world.all(AuditEntry) if e.action.endswith(".refused")]
    assert len(refusals) == len(WITH_IDS)
    assert {entry.actor_id for entry in refusals} == {lite_world.sam.id}


def test_an_owner_of_another_app_finds_nothing_to_change(
    lite_world: World, ids: dict[str, int]
) -> None:
    lena = lite_world.person("Lena Huber")
    lite_world.app("ERP", owners=[lena])
    browser = Browser(site_of(lite_world)).as_(lena)
    before = _everything(lite_world)

    answers = {path: _send(browser, path, ids) for path in WITH_IDS}

    assert answers == dict.fromkeys(WITH_IDS, 404)
    assert _everything(lite_world) == before


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.CAMPAIGN_ADMIN])
def test_whoever_may_only_look_changes_nothing(
    lite_world: World, ids: dict[str, int], role: Role
) -> None:
    eve = lite_world.person("Eve Gray")
    with lite_world.as_(eve) as work:
        give(work, eve.id, role)
    browser = Browser(site_of(lite_world)).as_(eve)
    before = _everything(lite_world)

    answers = {path: _send(browser, path, ids) for path in WITH_IDS}

    assert {path for path, status in answers.items() if status not in (403, 404)} == set()
    assert _everything(lite_world) == before


def test_a_thing_is_not_reached_through_a_thing_of_ones_own(
    lite_world: World, ids: dict[str, int]
) -> None:
    """Lena owns the ERP; the run and the right in the address are the CRM's."""
    lena = lite_world.person("Lena Huber")
    erp = lite_world.app("ERP", owners=[lena])
    mine = ids | {"app_id": erp.id, "connector_id": lite_world.connector(erp).id}
    browser = Browser(site_of(lite_world)).as_(lena)
    paths = [path for path in WITH_IDS if "run_id" in path or "entitlement_id" in path]
    before = _everything(lite_world)

    answers = {path: _send(browser, path, mine) for path in paths}

    assert len(paths) == 3
    assert answers == dict.fromkeys(paths, 404)
    assert _everything(lite_world) == before


def test_nobody_who_is_not_signed_in_changes_anything(
    lite_world: World, ids: dict[str, int]
) -> None:
    browser = Browser(site_of(lite_world))
    before = _everything(lite_world)

    answers = {path: _send(browser, path, ids) for path in FORMS}

    assert set(answers.values()) == {401, 404}
    assert [path for path, status in answers.items() if status == 404] == ["/sign-in"]
    assert _everything(lite_world) == before
