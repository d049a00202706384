"""Configured connectors: their settings, their secrets, and what switches them on and off."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from connectors.jumpcloud import JumpCloud
from tests.world import World
from uar import clock, connections, vendor_settings
from uar.connection_health import found_broken, found_ready
from uar.errors import Conflict, Invalid, NotFound, Refused
from uar.models import App, AuditEntry, Connector, ConnectorSecret
from uar.models.kinds import AppStatus
from uar.models.states import ConnectorState
from uar.permissions import ensure_own_app
from uar.settings import Settings
from uar.site import Site
from uar.vault import Sealed, Vault
from uar.work import Actor, unit_of_work

VALUES = {"api_key": "s3cret", "region": "eu", "org_id": " "}


@pytest.fixture
def vault() -> Vault:
    return Vault(["test"])


def added(world: World, vault: Vault, app: str = "JumpCloud", **values: str) -> Connector:
    with world.as_(world.rita) as work:
        return connections.add(work, vault, "jumpcloud", app, VALUES | values)


def test_adding_a_connector_makes_its_app_and_writing_is_off(world: World, vault: Vault) -> None:
    connector = added(world, vault)

    app = world.get(App, connector.app_id)
    assert (app.name, app.is_directory, app.status) == ("JumpCloud", True, AppStatus.MANAGED)
    assert (connector.state, connector.writes_on) == (ConnectorState.NEW, False)
    assert connector.next_sync_at is None


def test_a_connector_can_feed_an_app_that_is_there(world: World, vault: Vault) -> None:
    with world.as_(world.rita) as work:
        connector = connections.add(
            work, vault, "jumpcloud", " CRM ", VALUES, is_directory=False, writes_on=True
        )

    assert connector.app_id == world.crm.id
    assert connector.writes_on
    assert not world.get(App, world.crm.id).is_directory


def test_nothing_is_connected_to_uar_itself(lite_world: World, vault: Vault) -> None:
    with lite_world.as_(lite_world.rita) as work:
        ensure_own_app(work)

    with pytest.raises(Invalid, match="tool itself"):
        added(lite_world, vault, "uar")


def test_everything_that_is_wrong_is_said_at_once(lite_world: World, vault: Vault) -> None:
    with pytest.raises(Invalid) as caught, lite_world.as_(lite_world.rita) as work:
        connections.add(work, vault, "jumpcloud", " ", {"region": "mars", "colour": "red"})

    assert sorted(caught.value.problems) == ["api_key", "app", "colour", "region"]


def test_an_unknown_kind_names_those_there_are(lite_world: World, vault: Vault) -> None:
    with pytest.raises(Invalid, match="jumpcloud"), lite_world.as_(lite_world.rita) as work:
        connections.add(work, vault, "abacus", "Abacus", {})


def test_secrets_are_sealed_and_bound_to_their_row(world: World, vault: Vault) -> None:
    one, two = added(world, vault), added(world, vault, "Second")

    rows = world.all(ConnectorSecret)
    with world.reading() as session:
        config = connections.config_of(session, vault, one, Settings())
        assert set(vendor_settings.secrets_set(session, one.id)) == {"api_key"}
    assert config.api_key.reveal() == "s3cret"
    assert config.region == "eu"
    assert all(b"s3cret" not in row.sealed for row in rows)
    assert "api_key" not in one.settings
    with unit_of_work(world.engine, Actor("thief")) as work:
        work.session.connection().execute(
            sa.text("UPDATE connector_secret SET sealed = :other WHERE connector_id = :id"),
            {"other": rows[1].sealed, "id": one.id},
        )
    with pytest.raises(Sealed), world.reading() as session:
        connections.config_of(session, vault, one, Settings())
    assert two.id != one.id


def test_no_secret_is_in_the_audit(lite_world: World, vault: Vault) -> None:
    connector = added(lite_world, vault)
    with lite_world.as_(lite_world.rita) as work:
        connections.change_settings(work, vault, connector.id, {"api_key": "n3w", "region": "in"})

    text = " ".join(str(row.details) for row in lite_world.all(AuditEntry))
    assert "s3cret" not in text
    assert "n3w" not in text
    assert "'secrets': ['api_key']" in text


def test_a_secret_left_blank_stays(lite_world: World, vault: Vault) -> None:
    connector = added(lite_world, vault)

    with lite_world.as_(lite_world.rita) as work:
        connections.change_settings(work, vault, connector.id, {"region": "us", "org_id": "42"})

    with lite_world.reading() as session:
        row = connections.get(session, connector.id)
        config = connections.config_of(session, vault, row, Settings())
    assert (config.api_key.reveal(), config.region, config.org_id) == ("s3cret", "us", "42")


def test_a_secret_does_not_follow_to_another_address(lite_world: World, vault: Vault) -> None:
    """Whoever may change settings must not have the key sent to herself."""
    connector = added(lite_world, vault)
    elsewhere = {"region": "eu", "base_url": "https://collector.example.com"}

    with pytest.raises(Invalid) as caught, lite_world.as_(lite_world.rita) as work:
        connections.change_settings(work, vault, connector.id, elsewhere)
    assert caught.value.problems == {"api_key": "The address changes: enter this again."}

    with lite_world.as_(lite_world.rita) as work:
        connections.change_settings(work, vault, connector.id, elsewhere | {"api_key": "n3w"})
    assert lite_world.get(Connector, connector.id).settings["base_url"] == elsewhere["base_url"]


def test_settings_that_do_not_fit_change_nothing(lite_world: World, vault: Vault) -> None:
    connector = added(lite_world, vault)

    with pytest.raises(Invalid), lite_world.as_(lite_world.rita) as work:
        connections.change_settings(work, vault, connector.id, {"region": "mars"})

    assert lite_world.get(Connector, connector.id).settings == {"region": "eu"}


def test_settings_kept_by_an_older_version_are_told_apart(lite_world: World, vault: Vault) -> None:
    connector = added(lite_world, vault)
    with lite_world.as_(lite_world.rita) as work:
        row = work.session.get_one(Connector, connector.id)
        row.settings = {"colour": "red"}
        work.session.add(row)

    with (
        pytest.raises(Invalid, match=r"The settings of JumpCloud: .*colour"),
        lite_world.reading() as session,
    ):
        row = connections.get(session, connector.id)
        connections.config_of(session, vault, row, Settings())


def test_a_reader_is_opened_with_its_secrets_and_addresses(lite_world: World, vault: Vault) -> None:
    connector = added(lite_world, vault, base_url="")
    reader = connections.open_reader(
        Site(lite_world.engine, Settings(), vault), connector.id, retries=0
    )
    reader.close()

    assert isinstance(reader, JumpCloud)


def test_a_paused_connector_does_not_sync_until_it_is_resumed(
    lite_world: World, vault: Vault
) -> None:
    connector = added(lite_world, vault)
    with lite_world.as_(lite_world.rita) as work:
        connections.pause(work, connector.id, why="Maintenance.")
    paused = lite_world.get(Connector, connector.id)
    with pytest.raises(Refused, match="paused"), lite_world.as_(lite_world.rita) as work:
        connections.sync_now(work, connector.id)

    with lite_world.as_(lite_world.rita) as work:
        connections.resume(work, connector.id)

    after = lite_world.get(Connector, connector.id)
    assert paused.state is ConnectorState.PAUSED
    assert (after.state, after.next_sync_at) == (ConnectorState.READY, clock.now())
    with pytest.raises(Conflict), lite_world.as_(lite_world.rita) as work:
        connections.pause(work, connector.id, why="")
        connections.pause(work, connector.id, why="again")


def test_resuming_what_is_not_paused_is_refused(lite_world: World, vault: Vault) -> None:
    with pytest.raises(Refused, match="not paused"), lite_world.as_(lite_world.rita) as work:
        connections.resume(work, lite_world.connector().id)


def test_writing_is_switched_with_a_trace(lite_world: World) -> None:
    connector = lite_world.connector()
    with lite_world.as_(lite_world.rita) as work:
        connections.switch_writes(work, connector.id, on=False, why="Audit.")
        connections.switch_writes(work, connector.id, on=False)

    (row,) = [row for row in lite_world.all(AuditEntry) if "writes" in row.action]
    assert (row.action, row.reason) == ("connector.writes_switched_off", "Audit.")
    assert not lite_world.connector().writes_on


def test_limits_are_checked(lite_world: World) -> None:
    connector = lite_world.connector()
    with pytest.raises(Invalid) as caught, lite_world.as_(lite_world.rita) as work:
        connections.set_limits(work, connector.id, every_seconds=1, brake_share=2)

    with lite_world.as_(lite_world.rita) as work:
        connections.set_limits(work, connector.id, every_seconds=60, brake_share=1)

    assert sorted(caught.value.problems) == ["brake_share", "every_seconds"]
    assert lite_world.connector().every_seconds == 60


def test_uars_own_connector_is_none_of_them(lite_world: World) -> None:
    with lite_world.as_(lite_world.rita) as work:
        own = ensure_own_app(work)
    own_id = lite_world.connector(own).id

    with lite_world.reading() as session:
        listed = connections.connectors(session)
        with pytest.raises(NotFound):
            connections.get(session, own_id)
    assert [row.name for row in listed] == ["CRM"]
    assert listed[0].run_id is None


def test_what_is_broken_is_tried_later_and_later_but_never_after_six_hours(
    lite_world: World,
) -> None:
    waits = []
    for _ in range(12):
        with lite_world.as_(lite_world.rita) as work:
            connector = work.session.get_one(Connector, lite_world.connector().id)
            connector.next_sync_at = work.now
            found_broken(work, connector, "It is down.")
        waits.append(lite_world.connector().next_sync_at - clock.now())

    assert waits[:3] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert max(waits) == waits[-1] == timedelta(hours=6)


def test_the_vendor_is_left_alone_for_as_long_as_it_asked(lite_world: World) -> None:
    with lite_world.as_(lite_world.rita) as work:
        connector = work.session.get_one(Connector, lite_world.connector().id)
        connector.next_sync_at = work.now
        found_broken(work, connector, "Too many requests.", at_least=timedelta(minutes=30))

    assert lite_world.connector().next_sync_at == clock.now() + timedelta(minutes=30)


def test_a_paused_connector_stays_paused_whatever_is_found(lite_world: World) -> None:
    with lite_world.as_(lite_world.rita) as work:
        connections.pause(work, lite_world.connector().id, why="Maintenance.")
        connector = work.session.get_one(Connector, lite_world.connector().id)
        found_broken(work, connector, "It is down.")
        found_ready(work, connector)

    assert lite_world.connector().state is ConnectorState.PAUSED
