"""The pages of apps and of people: what there is, who holds it, and what owners decide."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.queries import asserts_queries
from tests.web.client import Browser
from tests.world import World
from tests.world_requests import make_super
from uar import clock
from uar.models import App, AppOwner, AuditEntry, Entitlement, Resource
from uar.models.kinds import Approval, Cause, Risk, Role
from uar.permissions import give


@pytest.fixture
def rita(lite_browser: Browser, lite_world: World) -> Browser:
    return lite_browser.as_(lite_world.rita)


def governor(world: World, browser: Browser) -> Browser:
    with world.as_(world.cam) as work:
        give(work, world.cam.id, Role.APP_ADMIN)
    return browser.as_(world.cam)


def test_an_owner_sees_her_apps_only(lite_browser: Browser, lite_world: World) -> None:
    erp = lite_world.app("ERP", owners=[lite_world.max])

    page = lite_browser.as_(lite_world.rita).get("/apps")

    assert page.rows("Apps (1)") == [["CRM", "Rita Ortiz", "0", "0"]]
    for part in ("", "/entitlements", "/grants", "/past-grants", "/owners"):
        lite_browser.as_(lite_world.rita).get(f"/apps/{erp.id}{part}", status=404)


def test_a_stranger_finds_no_app(lite_browser: Browser, lite_world: World) -> None:
    entitlement = lite_world.entitlement()
    account = lite_world.account(lite_world.ada)
    sam = lite_browser.as_(lite_world.sam)

    for path in ("", "/entitlements", f"/entitlements/{entitlement.id}", "/grants",
                 "/past-grants", "/owners", f"/accounts/{account.id}"):  # fmt: skip
        sam.get(f"/apps/{lite_world.crm.id}{path}", status=404)
    sam.get("/people", status=404)
    sam.get(f"/people/{lite_world.ada.id}", status=404)
    sam.post(f"/apps/{lite_world.crm.id}/owners", status=404, owners="sam@example.test")
    assert lite_world.all(AppOwner)[0].identity_id == lite_world.rita.id


def test_accounts_say_whose_they_are_and_which_are_nobodys(
    rita: Browser, lite_world: World
) -> None:
    lite_world.account(lite_world.ada)
    lite_world.account(None, name="backup")

    page = rita.get(f"/apps/{lite_world.crm.id}")
    orphans = rita.get(page.links()["1 to fix"])

    assert [row[:2] for row in page.rows("Accounts (2)")] == [
        ["Ada Byrne ada@example.test", "Ada Byrne"],
        ["backup", "nobody"],
    ]
    assert [row[0] for row in orphans.rows("Accounts that belong to nobody")] == ["backup"]


def test_an_account_shows_what_it_holds_and_through_what(rita: Browser, lite_world: World) -> None:
    group = lite_world.get(Resource, lite_world.entitlement("crm-admins").resource_id)
    grant = lite_world.grant(
        entitlement=lite_world.entitlement("CRM", type_="app"), kind=Cause.GROUP, via=group
    )

    page = rita.get(f"/apps/{lite_world.crm.id}/accounts/{grant.account_id}")

    assert page.rows("Holds (1)")[0] == [
        "CRM member application", "crm-admins", "12 Mar 2025", "no end", "active",
    ]  # fmt: skip


def test_grants_say_until_when(rita: Browser, lite_world: World) -> None:
    lite_world.grant(kind=Cause.REQUEST, request_id=7, ends_at=clock.now() + timedelta(minutes=10))

    row = rita.get(f"/apps/{lite_world.crm.id}/grants").rows("Grants (1)")[0]

    assert (row[0], row[2], row[5]) == ("Ada Byrne", "Admins member group", "in 10 min")


def test_lists_go_on_where_they_stopped(rita: Browser, lite_world: World) -> None:
    for i in range(52):
        lite_world.entitlement(f"Group {i:02}")

    first = rita.get(f"/apps/{lite_world.crm.id}/entitlements")
    second = rita.get(first.links()["Next 50"])

    assert len(first.rows("Entitlements (50+)")) == 50
    assert [row[0] for row in second.rows("Entitlements (2)")] == [
        "Group 50 member",
        "Group 51 member",
    ]


def test_an_owner_says_how_something_may_be_asked_for(browser: Browser, world: World) -> None:
    entitlement = world.entitlement()
    rita = browser.as_(world.rita)
    path = f"/apps/{world.crm.id}/entitlements/{entitlement.id}"

    rita.submit(rita.get(path).form(path), risk="high", approval="manager_owner", max_minutes="240")

    row = world.get(Entitlement, entitlement.id)
    assert (row.risk, row.approval, row.max_minutes, row.requestable) == (
        Risk.HIGH, Approval.MANAGER_OWNER, 240, True,
    )  # fmt: skip
    entry = world.all(AuditEntry)[-1]
    assert (entry.action, entry.actor) == ("entitlement.terms_set", "Rita Ortiz")
    assert entry.details["before"]["risk"] == "low"


def test_unticking_takes_it_out_of_the_catalogue(rita: Browser, lite_world: World) -> None:
    entitlement = lite_world.entitlement()
    path = f"/apps/{lite_world.crm.id}/entitlements/{entitlement.id}"
    form = rita.get(path).form(path)
    form.fields.pop("requestable")

    rita.submit(form)

    assert not lite_world.get(Entitlement, entitlement.id).requestable


def test_all_problems_are_said_and_what_was_typed_is_kept(rita: Browser, lite_world: World) -> None:
    entitlement = lite_world.entitlement()
    path = f"/apps/{lite_world.crm.id}/entitlements/{entitlement.id}"

    page = rita.submit(
        rita.get(path).form(path), status=422, max_minutes="0", risk="huge", approval="owner"
    )

    assert page.problems() == [
        "Risk: choose one of those offered.",
        "Longest time must be at least 1.",
    ]
    assert page.form(path).fields["approval"] == ["owner"]
    assert page.form(path).fields["max_minutes"] == "0"


def test_what_nobody_can_give_by_hand_is_not_asked_for(rita: Browser, lite_world: World) -> None:
    entitlement = lite_world.entitlement(
        can_provision=False, requestable=False, fixed_why="Members come from a rule."
    )
    path = f"/apps/{lite_world.crm.id}/entitlements/{entitlement.id}"

    page = rita.submit(rita.get(path).form(path), status=422, requestable="true")

    assert page.problems() == ["Nobody can ask for it: Members come from a rule."]
    assert not lite_world.get(Entitlement, entitlement.id).requestable


def test_an_entitlement_of_another_app_is_not_found_here(
    lite_browser: Browser, lite_world: World
) -> None:
    entitlement = lite_world.entitlement()
    erp = lite_world.app("ERP", owners=[lite_world.max])
    max_ = lite_browser.as_(lite_world.max)
    path = f"/apps/{erp.id}/entitlements/{entitlement.id}"

    max_.get(path, status=404)
    max_.post(path, status=404, risk="low", approval="owner", max_minutes="9")

    assert lite_world.get(Entitlement, entitlement.id).max_minutes == 60 * 24


def test_an_auditor_sees_terms_and_sets_none(lite_browser: Browser, lite_world: World) -> None:
    entitlement = lite_world.entitlement()
    with lite_world.as_(lite_world.cam) as work:
        give(work, lite_world.cam.id, Role.AUDITOR)
    cam = lite_browser.as_(lite_world.cam)
    path = f"/apps/{lite_world.crm.id}/entitlements/{entitlement.id}"

    assert path not in cam.get(path).forms()
    cam.post(path, status=404, risk="high", approval="owner", max_minutes="9")

    assert lite_world.get(Entitlement, entitlement.id).risk is Risk.LOW


def test_l25_only_a_super_administrator_is_offered_to_change_what_is_about_uar_itself(
    lite_browser: Browser, lite_world: World
) -> None:
    cam = governor(lite_world, lite_browser)
    own = next(app for app in lite_world.all(App) if app.is_own)
    lite_world.add(AppOwner(app_id=own.id, identity_id=lite_world.rita.id))
    right = next(row for row in lite_world.all(Entitlement) if row.app_id == own.id)
    pages = (f"/apps/{own.id}/entitlements/{right.id}", f"/apps/{own.id}/owners")

    for page in pages:
        assert page not in cam.get(page).forms()
    assert pages[0] not in lite_browser.as_(lite_world.rita).get(pages[0]).forms()
    make_super(lite_world, lite_world.max)
    for page in pages:
        assert page in lite_browser.as_(lite_world.max).get(page).forms()


def test_owners_are_set_by_mail_address(browser: Browser, world: World) -> None:
    cam = governor(world, browser)
    path = f"/apps/{world.crm.id}/owners"
    form = cam.get(path).form(path)

    page = cam.submit(form, owners="max@example.test\nRITA@example.test, ada@example.test")

    assert form.fields["owners"] == "rita@example.test"
    assert [row[0] for row in page.rows("Owners (3)")] == ["Ada Byrne", "Max Roth", "Rita Ortiz"]
    assert world.all(AuditEntry)[-1].action == "app.owners_set"


def test_an_unknown_owner_is_named_and_nothing_changes(
    lite_browser: Browser, lite_world: World
) -> None:
    cam = governor(lite_world, lite_browser)
    path = f"/apps/{lite_world.crm.id}/owners"

    page = cam.submit(
        cam.get(path).form(path), status=422, owners="max@example.test\nnobody@example.test"
    )

    assert page.problems() == ["Nobody who works here has the address nobody@example.test."]
    assert "max@example.test" in page.form(path).fields["owners"]
    assert [row.identity_id for row in lite_world.all(AppOwner)] == [lite_world.rita.id]


def test_an_owner_cannot_make_owners(rita: Browser, lite_world: World) -> None:
    path = f"/apps/{lite_world.crm.id}/owners"

    assert path not in rita.get(path).forms()
    rita.post(path, status=404, owners="sam@example.test")

    assert [row.identity_id for row in lite_world.all(AppOwner)] == [lite_world.rita.id]


def test_a_person_shows_what_she_holds_everywhere(lite_browser: Browser, lite_world: World) -> None:
    cam = governor(lite_world, lite_browser)
    lite_world.grant()
    erp = lite_world.app("ERP")
    lite_world.grant(
        entitlement=lite_world.entitlement("Bookings", app=erp),
        account=lite_world.account(lite_world.ada, app=erp),
    )

    listed = cam.get("/people?q=byrne")
    page = cam.get(listed.links()["Ada Byrne"])

    assert listed.rows("People (1)")[0][1:] == [
        "ada@example.test", "Sales", "Max Roth", "2", "works here",
    ]  # fmt: skip
    assert [row[0] for row in page.rows("Holds (2)")] == [
        "CRM · Admins member",
        "ERP · Bookings member",
    ]
    assert len(page.rows("Accounts (2)")) == 2
    assert "reports to Max Roth" in page.text


def test_a_page_costs_the_same_however_much_there_is(browser: Browser, world: World) -> None:
    for i in range(10):
        world.grant(entitlement=world.entitlement(f"Group {i}"))
    cam = governor(world, browser)
    crm, ada = world.crm.id, world.ada.id

    for path, n in ((f"/apps/{crm}", 7), (f"/apps/{crm}/entitlements", 6), ("/apps", 6),
                    (f"/apps/{crm}/grants", 6), (f"/people/{ada}", 7), ("/people", 5)):  # fmt: skip
        with asserts_queries(n, world.engine):
            cam.get(path)
