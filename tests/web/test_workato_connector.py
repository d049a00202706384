"""Connecting Workato over the form, as the vendor's setup page describes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vendor_process import VendorProcess
from tests.web.client import Browser
from tests.web.test_connectors import admin
from tests.world_workato import WorkatoWorld, workspace_server
from uar import clock
from uar.db import connect
from uar.models import Connector
from uar.models.states import ConnectorState


@pytest.fixture
def server(tmp_path: Path) -> Iterator[VendorProcess]:
    with workspace_server(tmp_path) as running:
        yield running


@pytest.fixture
def world(sqlite_url: str, noon: object, server: VendorProcess) -> Iterator[WorkatoWorld]:
    engine = connect(sqlite_url)
    yield WorkatoWorld(engine, server)
    engine.dispose()


def test_the_settings_of_the_setup_page_are_entered_and_tested(world: WorkatoWorld) -> None:
    cam = admin(world, Browser(world.site))
    form = cam.get("/connectors/new?kind=workato").form("/connectors")

    page = cam.submit(
        form, app="Second", s_api_key="demo-token", s_environment="prod",
        s_disable_custom_roles_sync="yes", s_base_url=world.server.url,
    )  # fmt: skip

    row = world.all(Connector)[-1]
    assert page.said()[0].startswith("Signed in as an API client at Example")
    assert "demo-token" not in page.html
    assert (row.state, row.next_sync_at, row.writes_on) == (
        ConnectorState.READY, clock.now(), False,
    )  # fmt: skip
    assert row.settings["environment"] == "prod"
    assert row.settings["disable_custom_roles_sync"] == "yes"
    assert row.settings["data_center"] == "us"


def test_an_endpoint_that_is_not_ticked_is_named_on_the_page(world: WorkatoWorld) -> None:
    world.server.switch(tokens="demo-token part:-GET/api/roles")
    cam = admin(world, Browser(world.site))
    form = cam.get("/connectors/new?kind=workato").form("/connectors")
    assert "s_disable_custom_roles_sync" not in form.fields  # a box that nobody has ticked

    page = cam.submit(form, app="Second", s_api_key="part", s_base_url=world.server.url)

    assert "may not call GET /api/roles. Tick it in the client role" in page.html
    assert "Disable custom roles sync" in page.html


def test_a_data_center_that_does_not_exist_is_refused(world: WorkatoWorld) -> None:
    cam = admin(world, Browser(world.site))
    form = cam.get("/connectors/new?kind=workato").form("/connectors")

    page = cam.submit(form, app="Second", s_api_key="demo-token", s_data_center="moon", status=422)

    assert "Data center must be one of us, eu, jp, sg, au, il, sandbox." in page.html
