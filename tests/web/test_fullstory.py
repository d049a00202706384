"""Fullstory set up as its two pages say: with a SCIM token, and with an API key."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tests.fullstory_company import IDENTIFIED, NAMES, fullstory_company
from tests.vendor_process import VendorProcess, vendor
from tests.web.client import Browser, Page
from tests.world import World
from uar import sync
from uar.db import connect
from uar.models import Connector
from uar.models.kinds import Role
from uar.models.states import ConnectorState
from uar.permissions import give
from uar.settings import Settings
from uar.site import Site
from uar.vault import Vault

TOKEN, KEY = "demo-token", "demo-key"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VendorProcess]:
    file = tmp_path_factory.mktemp("vendor") / "fullstory.json"
    file.write_text(json.dumps(fullstory_company()))
    with vendor("--company", file, "--roles", "objects", name="fullstory") as running:
        yield running


@pytest.fixture
def world(sqlite_url: str, noon: object) -> Iterator[World]:
    engine = connect(sqlite_url)
    yield World(engine)
    engine.dispose()


@pytest.fixture
def connie(world: World) -> Browser:
    """A connector administrator."""
    settings = Settings(secret_key="x" * 40, allow_private_hosts="127.0.0.1")
    with world.as_(world.cam) as work:
        give(work, world.cam.id, Role.CONNECTOR_ADMIN)
    return Browser(Site(world.engine, settings, Vault(["test"]))).as_(world.cam)


def add(connie: Browser, **settings: str) -> Page:
    """Connectors, Add a connector, Fullstory, the settings, Save."""
    kinds = connie.get("/connectors").links()["Add a connector"]
    form = connie.get(connie.get(kinds).links()["Fullstory"]).form("/connectors")
    named = {f"s_{name}": text for name, text in settings.items()}
    return connie.submit(form, app="Fullstory", **named)


def synced(connie: Browser, world: World) -> Page:
    row = world.all(Connector)[-1]
    sync.run_due(connie.site)
    return connie.get(f"/connectors/{row.id}")


def state(page: Page) -> str:
    return page.root.first("div", id="live").first("span").text


def accounts(world: World) -> set[str]:
    with world.reading() as session:
        found = session.execute(sa.text("select vendor_id from account where connector_id > 2"))
        return {row[0] for row in found}


def test_with_a_scim_token_it_ends_connected_with_the_teammates(
    connie: Browser, world: World, server: VendorProcess
) -> None:
    page = add(connie, scim_base_url=f"{server.url}/scim/v2", scim_token=TOKEN)
    assert page.said()[0].startswith("Signed in as a SCIM token of 127.0.0.1")

    page = synced(connie, world)

    assert state(page) == "connected"
    assert "Read 6 accounts." in page.text
    assert "GET /scim/v2/Users?startIndex=1" in page.text
    assert accounts(world) == set(NAMES)
    assert TOKEN not in page.html


def test_with_an_api_key_it_says_that_these_are_not_the_teammates(
    connie: Browser, world: World, server: VendorProcess
) -> None:
    page = add(connie, api_key=KEY, base_url=server.url)
    assert "svc@example.test" in page.text
    assert "not the teammates who can sign in" in page.text

    page = synced(connie, world)

    assert state(page) == "connected"
    assert accounts(world) == IDENTIFIED
    assert KEY not in page.html


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "Fullstory needs a SCIM base URL and a SCIM token, or an API key"),
        ({"scim_token": "wrong"}, "Fullstory does not accept the credentials"),
        ({"api_key": "wrong"}, "Fullstory does not accept the credentials"),
    ],
)
def test_what_is_wrong_is_said_beside_the_settings(
    connie: Browser, world: World, server: VendorProcess, settings: dict[str, str], says: str
) -> None:
    page = add(connie, base_url=server.url, **settings)

    assert says in page.text
    assert world.all(Connector)[-1].state is ConnectorState.BROKEN
