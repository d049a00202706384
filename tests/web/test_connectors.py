"""The pages of connectors: health, what syncs changed, and what a person can tell them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.queries import asserts_queries
from tests.vendor_process import VendorProcess
from tests.web.client import Browser, Page
from tests.world import World
from tests.world_vendor import VendorWorld, company_server
from uar import clock
from uar.db import connect
from uar.models import AuditEntry, Connector, ConnectorSecret, SyncChange, SyncLog, SyncRun
from uar.models.kinds import Change, ChangeOf, Completeness, Role
from uar.models.states import ConnectorState, RunState
from uar.permissions import give

SECRET = "jca_0123456789abcdef"


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VendorProcess]:
    with company_server(tmp_path_factory.mktemp("vendor")) as server:
        yield server


@pytest.fixture
def synced(sqlite_url: str, noon: object, vendor: VendorProcess) -> Iterator[VendorWorld]:
    engine = connect(sqlite_url)
    yield VendorWorld(engine, vendor)
    engine.dispose()


def admin(world: World, browser: Browser) -> Browser:
    with world.as_(world.cam) as work:
        give(work, world.cam.id, Role.CONNECTOR_ADMIN)
    return browser.as_(world.cam)


def a_run(world: World, state: RunState = RunState.COMPLETE, **values: Any) -> SyncRun:
    now = clock.now()
    filled: dict[str, Any] = {
        "by": "uar", "started_at": now - timedelta(minutes=5), "heartbeat_at": now,
        "finished_at": None if state is RunState.RUNNING else now - timedelta(minutes=4),
        "completeness": Completeness.FULL, "requests": 12,
        "counts": {
            "account": {"added": 2, "changed": 0, "gone": 0},
            "resource": {"added": 0, "changed": 0, "gone": 0},
            "path": {"added": 5, "changed": 0, "gone": 1},
            "after": {"accounts": 512, "grants": 640},
        },
    }  # fmt: skip
    run: SyncRun = world.add(
        SyncRun(connector_id=world.connector().id, state=state, **(filled | values))
    )
    return run


def held(world: World) -> SyncRun:
    return a_run(
        world, RunState.HELD, trouble="It would remove 212 of 640 grants, which is more than 20%."
    )


def test_a_connector_shows_its_health_and_what_its_syncs_changed(
    lite_browser: Browser, lite_world: World
) -> None:
    run = a_run(lite_world)
    lite_world.add(SyncLog(run_id=run.id, at=clock.now(), text="512 accounts (6 pages)"))

    page = lite_browser.as_(lite_world.rita).get(f"/connectors/{lite_world.connector().id}")

    assert page.h1 == "CRM"
    assert "owned by Rita Ortiz" in page.text
    assert page.rows("Syncs")[0] == [
        str(run.id), "11:55", "1:00", "12", "512 +2", "no change", "640 +5 −1", "complete",
    ]  # fmt: skip
    assert "512 accounts (6 pages)" in page.text


def test_it_says_what_it_can_read_and_change(lite_browser: Browser, lite_world: World) -> None:
    page = lite_browser.as_(lite_world.rita).get(f"/connectors/{lite_world.connector().id}")

    assert page.rows("What it can do") == [
        ["Group", "yes", "yes"],
        ["Application", "yes", "no"],
        ["Administrator role", "yes", "no"],
    ]


@pytest.mark.parametrize(
    ("state", "run", "word"),
    [
        (ConnectorState.NEW, None, "not connected"),
        (ConnectorState.READY, RunState.COMPLETE, "connected"),
        (ConnectorState.READY, RunState.RUNNING, "syncing"),
        (ConnectorState.READY, RunState.HELD, "held"),
        (ConnectorState.BROKEN, RunState.FAILED, "error"),
        (ConnectorState.PAUSED, RunState.COMPLETE, "paused"),
    ],
)
def test_its_state_is_one_word(
    lite_browser: Browser,
    lite_world: World,
    state: ConnectorState,
    run: RunState | None,
    word: str,
) -> None:
    with lite_world.as_(lite_world.cam) as work:
        work.session.connection().execute(sa.update(Connector).values(state=state))
    if run:
        a_run(lite_world, run)
    rita = lite_browser.as_(lite_world.rita)

    listed = rita.get("/connectors").rows("Connectors (1)")[0]
    page = rita.get(f"/connectors/{lite_world.connector().id}")

    assert listed[-1] == word
    assert page.root.first("div", id="live").first("span").text == word


def test_a_stranger_finds_no_connector(lite_browser: Browser, lite_world: World) -> None:
    connector = lite_world.connector()
    run = held(lite_world)
    lite_world.app("ERP", owners=[lite_world.max])

    for person in (lite_world.sam, lite_world.max):
        browser = lite_browser.as_(person)
        for path in ("", f"/runs/{run.id}", "/settings"):
            browser.get(f"/connectors/{connector.id}{path}", status=404)
        for path in ("syncs", "pause", "resumption", "writing", f"runs/{run.id}/application",
                     f"runs/{run.id}/discard", "settings", "limits", "check"):  # fmt: skip
            browser.post(f"/connectors/{connector.id}/{path}", status=404, reason="mine", on="no")

    assert lite_world.get(SyncRun, run.id).state is RunState.HELD
    assert lite_world.connector().writes_on
    assert len(lite_browser.as_(lite_world.max).get("/connectors").rows("Connectors (1)")) == 1


def test_an_auditor_looks_and_changes_nothing(lite_browser: Browser, lite_world: World) -> None:
    connector = lite_world.connector()
    with lite_world.as_(lite_world.cam) as work:
        give(work, lite_world.cam.id, Role.AUDITOR)
    cam = lite_browser.as_(lite_world.cam)

    page = cam.get(f"/connectors/{connector.id}")
    cam.post(f"/connectors/{connector.id}/syncs", status=404)

    assert [form for form in page.forms() if form.startswith("/connectors")] == []


def test_sync_now_makes_it_due_and_reads_nothing_in_the_request(
    browser: Browser, world: World
) -> None:
    rita = browser.as_(world.rita)
    connector = world.connector()

    page = rita.submit(
        rita.get(f"/connectors/{connector.id}").form(f"/connectors/{connector.id}/syncs")
    )

    assert world.connector().next_sync_at == clock.now()
    assert world.all(SyncRun) == []
    assert page.said()[0] == "A sync begins within seconds."
    assert "every 2s" in page.html


def test_the_page_polls_while_it_syncs_and_is_quiet_afterwards(
    lite_browser: Browser, lite_world: World
) -> None:
    a_run(lite_world, RunState.RUNNING)
    path = f"/connectors/{lite_world.connector().id}"
    rita = lite_browser.as_(lite_world.rita)

    running = rita.fragment(path)
    with lite_world.as_(lite_world.cam) as work:
        work.session.connection().execute(sa.update(SyncRun).values(state=RunState.COMPLETE))
    quiet = rita.fragment(path)

    assert "every 2s" in running.html
    assert "every 2s" not in quiet.html


def test_a_held_sync_is_announced_with_its_list(lite_browser: Browser, lite_world: World) -> None:
    run = held(lite_world)
    connector = lite_world.connector()
    lite_world.add(
        SyncChange(
            run_id=run.id, what=ChangeOf.ACCOUNT, change=Change.GONE, type="user",
            vendor_id="a0001", before={"name": "Chi Okafor", "email": "chi@example.test"},
        )
    )  # fmt: skip
    rita = lite_browser.as_(lite_world.rita)

    page = rita.get(f"/connectors/{connector.id}")
    listed = rita.get(page.links()["See the list"])

    assert f"Sync {run.id} is held: It would remove 212 of 640 grants" in page.text
    assert f"/connectors/{connector.id}/syncs" not in page.forms()
    row = listed.rows("What it found (1)")[0]
    assert (row[0], row[1], row[3]) == ("Chi Okafor", "account", "gone")


@pytest.mark.parametrize("verb", ["application", "discard"])
def test_deciding_on_a_held_sync_needs_a_reason(
    lite_browser: Browser, lite_world: World, verb: str
) -> None:
    run = held(lite_world)
    path = f"/connectors/{lite_world.connector().id}/runs/{run.id}/{verb}"

    page = lite_browser.as_(lite_world.rita).post(path, status=422, reason="")

    assert page.problems() == ["Reason is missing."]
    assert lite_world.get(SyncRun, run.id).state is RunState.HELD


def test_a_discarded_sync_changes_nothing_and_keeps_the_reason(
    browser: Browser, world: World
) -> None:
    run = held(world)
    connector = world.connector()

    browser.as_(world.rita).post(
        f"/connectors/{connector.id}/runs/{run.id}/discard", reason="vendor was restoring"
    )

    assert world.get(SyncRun, run.id).state is RunState.DISCARDED
    assert world.all(AuditEntry)[-1].reason == "vendor was restoring"


def test_a_sync_of_another_connector_is_not_found_here(
    lite_browser: Browser, lite_world: World
) -> None:
    run = held(lite_world)
    erp = lite_world.app("ERP", owners=[lite_world.rita])
    other = lite_world.connector(erp)
    rita = lite_browser.as_(lite_world.rita)

    rita.get(f"/connectors/{other.id}/runs/{run.id}", status=404)
    rita.post(f"/connectors/{other.id}/runs/{run.id}/discard", status=404, reason="no")

    assert lite_world.get(SyncRun, run.id).state is RunState.HELD


def test_pausing_and_resuming(browser: Browser, world: World) -> None:
    connector = world.connector()
    rita = browser.as_(world.rita)
    path = f"/connectors/{connector.id}"

    paused = rita.submit(rita.get(path).form(f"{path}/pause"), reason="maintenance")
    assert world.connector().state is ConnectorState.PAUSED
    assert f"{path}/syncs" not in paused.forms()

    rita.submit(paused.form(f"{path}/resumption"))
    assert world.connector().state is ConnectorState.READY


def test_writing_is_switched_by_the_owner(browser: Browser, world: World) -> None:
    connector = world.connector()
    rita = browser.as_(world.rita)
    path = f"/connectors/{connector.id}"

    off = rita.post(f"{path}/writing", on="no")
    assert not world.connector().writes_on
    assert off.rows("What it can do")[0] == ["Group", "yes", "switched off"]

    rita.post(f"{path}/writing", on="yes")
    assert world.connector().writes_on
    actions = [entry.action for entry in world.all(AuditEntry)]
    assert actions[-2:] == ["connector.writes_switched_off", "connector.writes_switched_on"]


def test_the_page_costs_the_same_however_much_there_is(browser: Browser, world: World) -> None:
    for _ in range(8):
        run = a_run(world)
        world.add(SyncLog(run_id=run.id, at=clock.now(), text="a line"))
    rita = browser.as_(world.rita)
    path = f"/connectors/{world.connector().id}"

    with asserts_queries(11, world.engine):
        rita.get(path)


def test_all_problems_of_a_new_connector_are_said_at_once_and_what_was_typed_is_kept(
    lite_browser: Browser, lite_world: World
) -> None:
    cam = admin(lite_world, lite_browser)
    page = cam.get("/connectors").links()["Add a connector"]
    form = cam.get(cam.get(page).links()["JumpCloud"]).form("/connectors")

    again = cam.submit(form, status=422, app="", s_base_url="ftp://x", s_org_id="org-7")

    said = " ".join(again.problems())
    assert "Name the app." in said
    assert "API key is missing." in said
    assert "Base URL" in said
    assert again.form("/connectors").fields["s_org_id"] == "org-7"
    assert [row.name for row in lite_world.all(Connector)] == ["CRM", "uar"]


def test_what_few_need_is_folded_away_unless_something_is_wrong_with_it(
    lite_browser: Browser, lite_world: World
) -> None:
    cam = admin(lite_world, lite_browser)
    page = cam.get("/connectors/new?kind=scim")
    (more,) = page.root.first("form", action="/connectors").all("details")

    again = cam.submit(page.form("/connectors"), status=422, s_page_size="many")

    folded = {each["name"] for each in more.all("input", "select")}
    assert {"s_page_size", "s_paging", "s_changes"} <= folded
    assert not {"s_base_url", "s_token"} & folded
    assert "open" not in more.attrs
    (shown,) = again.root.first("form", action="/connectors").all("details")
    assert "open" in shown.attrs


def test_a_new_connector_is_tested_against_the_vendor_and_its_first_sync_is_due(
    synced: VendorWorld, vendor: VendorProcess
) -> None:
    cam = admin(synced, Browser(synced.site))
    form = cam.get("/connectors/new?kind=jumpcloud").form("/connectors")

    page = cam.submit(form, app="Second", s_api_key="demo-key", s_base_url=vendor.url)

    row = synced.all(Connector)[-1]
    assert page.h1 == "Second"
    assert page.said()[0].startswith("Signed in as")
    assert (row.state, row.next_sync_at, row.writes_on) == (
        ConnectorState.READY, clock.now(), False,
    )  # fmt: skip


def test_a_wrong_key_is_said_in_a_sentence_and_never_shown(
    synced: VendorWorld, vendor: VendorProcess
) -> None:
    cam = admin(synced, Browser(synced.site))
    form = cam.get("/connectors/new?kind=jumpcloud").form("/connectors")

    page = cam.submit(form, app="Second", s_api_key=SECRET, s_base_url=vendor.url)

    assert SECRET not in page.html
    assert page.root.first("p", data_tone="bad").text
    assert page.h1 == "Settings of Second"  # to be corrected there, and not added once more
    assert page.form(f"/connectors/{synced.all(Connector)[-1].id}/settings")
    assert synced.all(Connector)[-1].state is ConnectorState.BROKEN
    assert synced.all(Connector)[-1].next_sync_at is None


def test_a_connector_for_uar_itself_is_a_problem_of_the_form(
    lite_browser: Browser, lite_world: World
) -> None:
    cam = admin(lite_world, lite_browser)
    form = cam.get("/connectors/new?kind=jumpcloud").form("/connectors")

    again = cam.submit(form, 422, app="uar", s_api_key="k", s_org_id="org-7")

    assert again.problems() == ["The app uar is this tool itself: nothing is connected to it."]
    assert again.form("/connectors").fields["s_org_id"] == "org-7"


def test_a_secret_is_never_sent_back_and_stays_when_left_blank(synced: VendorWorld) -> None:
    cam = admin(synced, Browser(synced.site))
    path = f"/connectors/{synced.connector_id}"
    before = [row.sealed for row in synced.all(ConnectorSecret)]

    page = cam.get(f"{path}/settings")
    saved = cam.submit(page.form(f"{path}/settings"), s_org_id="")

    assert "demo-key" not in page.html
    assert "It is set 12 Mar." in page.text
    assert [row.sealed for row in synced.all(ConnectorSecret)] == before
    assert "Signed in as" in saved.text
    assert "API key set 12 Mar" in saved.text


def test_limits_are_checked_and_kept(lite_browser: Browser, lite_world: World) -> None:
    cam = admin(lite_world, lite_browser)
    path = f"/connectors/{lite_world.connector().id}"
    page = cam.get(f"{path}/settings")

    wrong = cam.submit(page.form(f"{path}/limits"), status=422, brake_percent="200")
    cam.submit(wrong.form(f"{path}/limits"), every_minutes="60", brake_percent="35")

    assert wrong.problems() == ["Brake must be at most 100."]
    row = lite_world.connector()
    assert (row.every_seconds, row.brake_share) == (3600, 0.35)


def test_a_real_sync_is_readable_on_its_page(synced: VendorWorld) -> None:
    cam = admin(synced, Browser(synced.site))
    page: Page = cam.get(f"/connectors/{synced.connector_id}")

    run = cam.get(page.links()[page.rows("Syncs")[0][0]])

    assert page.rows("Syncs")[0][-1] == "complete"
    assert "Applied." in run.text
    people = cam.get(run.response.request.path + "?what=account&change=added")
    assert len(people.rows("What it found (5)")) == 5
