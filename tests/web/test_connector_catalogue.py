"""The catalogue of connectors, and how to get the credentials beside each form."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from connectors import CATALOGUE, find
from connectors.base import Reader
from tests.web.client import Browser, Page, site_of
from tests.web.test_connectors import admin
from tests.world import World
from uar.web.connector_words import matrix

KINDS = [each.kind for each in CATALOGUE]


def listed(page: Page) -> dict[str, list[str]]:
    (caption,) = page.tables()
    return {row[0]: row[1:] for row in page.rows(caption)}


def test_the_catalogue_has_a_row_for_each_connector_with_what_it_syncs_and_provisions(
    lite_browser: Browser, lite_world: World
) -> None:
    cam = admin(lite_world, lite_browser)

    rows = listed(cam.get(cam.get("/connectors").links()["Add a connector"]))

    assert list(rows) == ["JumpCloud", "Fullstory beta", "Percipio", "Workato", "SCIM 2.0"]
    assert rows["JumpCloud"] == [
        find("jumpcloud").summary, "Account, Group, Application, Administrator role", "Group",
    ]  # fmt: skip
    assert rows["Percipio"][1:] == ["Account, Role, Course", "Account, Role"]


def test_the_matrix_is_what_the_connector_declares(
    lite_browser: Browser, lite_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = find("workato").resource_types
    monkeypatch.setattr(find("workato"), "resource_types", declared[-1:])
    cam = admin(lite_world, lite_browser)

    assert listed(cam.get("/connectors/new"))["Workato"][1:] == ["Account, Collaborator group", "—"]
    assert cam.get("/connectors/new?kind=workato").rows("What it can do") == [
        ["Account", "yes", "no"],
        ["Collaborator group", "yes", "no"],
    ]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("jumpcloud", ["JumpCloud"]),
        ("COURSES", ["Percipio"]),
        ("folders environment", ["Workato"]),
        ("environment courses", []),
        ("  ", ["JumpCloud", "Fullstory beta", "Percipio", "Workato", "SCIM 2.0"]),
    ],
)
def test_it_is_searched_by_all_of_the_words(
    lite_browser: Browser, lite_world: World, words: str, found: list[str]
) -> None:
    cam = admin(lite_world, lite_browser)

    form = cam.get("/connectors/new").form("/connectors/new")
    page = cam.get(f"{form.action}?{urlencode({'q': words})}")

    assert (list(listed(page)) if page.tables() else []) == found
    assert (form.method, list(form.fields)) == ("get", ["q"])
    assert page.root.first("input", name="q").get("value") == words.strip()


def test_whoever_finds_nothing_is_told_what_else_there_is(
    lite_browser: Browser, lite_world: World
) -> None:
    page = admin(lite_world, lite_browser).get("/connectors/new?q=<b>nothing")

    assert "No connector matches “<b>nothing”." in page.text
    assert page.links()["See all connectors."] == "/connectors/new"


@pytest.mark.parametrize("reader", CATALOGUE, ids=KINDS)
def test_the_steps_stand_beside_the_form_in_their_order(
    lite_browser: Browser, lite_world: World, reader: type[Reader]
) -> None:
    page = admin(lite_world, lite_browser).get(f"/connectors/new?kind={reader.kind}")

    aside = page.root.first("aside", id="steps")
    shown = [item.text for each in aside.all("ol") for item in each.all("li")]
    assert reader.guide.who in aside.text
    places = [
        next(i for i, line in enumerate(shown) if line.startswith(step.text))
        for step in reader.guide.steps()
    ]
    assert places == sorted(places)
    assert page.rows("What it can do") == [
        [each.title, "yes" if each.can_sync else "no", "yes" if each.can_provision else "no"]
        for each in matrix(reader)
    ]
    assert ("in beta" in page.text) is reader.is_beta


def test_each_endpoint_to_tick_says_when_it_may_be_left_out(
    lite_browser: Browser, lite_world: World
) -> None:
    page = admin(lite_world, lite_browser).get("/connectors/new?kind=workato")

    ticked = {
        item.first("code").text: item.text
        for each in page.root.first("aside", id="steps").all("ul")
        for item in each.all("li")
    }
    assert ticked["GET /api/members"] == "GET /api/members Collaborators: Get collaborators"
    assert "left out if writing is off" in ticked["PUT /api/members/:id"]
    assert "left out if Disable custom roles sync is ticked" in ticked["GET /api/roles"]


def test_the_addresses_that_it_calls_are_shown_by_region_and_after_saving_the_one(
    lite_browser: Browser, lite_world: World
) -> None:
    cam = admin(lite_world, lite_browser)
    connector = lite_world.connector()

    new = cam.get("/connectors/new?kind=jumpcloud").root.first("aside", id="steps")
    saved = cam.get(f"/connectors/{connector.id}/settings").root.first("aside", id="steps")

    assert "eu: https://console.eu.jumpcloud.com" in new.text
    assert "eu: " not in saved.text
    assert "https://console.jumpcloud.com" in saved.text
    fullstory = cam.get("/connectors/new?kind=fullstory").text
    assert "us: https://app.fullstory.com/scim/v2, https://api.fullstory.com" in fullstory
    assert "the address that you enter" in cam.get("/connectors/new?kind=scim").text


def test_the_address_that_it_calls_from_is_shown_where_it_is_known(
    lite_browser: Browser, lite_world: World
) -> None:
    path = "/connectors/new?kind=workato"
    unknown = admin(lite_world, lite_browser).get(path)

    known = Browser(site_of(lite_world, calls_from="198.51.100.7")).as_(lite_world.cam).get(path)

    assert "ask whoever runs uar for its outgoing address" in unknown.text
    assert "It calls from 198.51.100.7" in known.text


def test_the_steps_of_a_stranger_are_not_shown(lite_browser: Browser, lite_world: World) -> None:
    for person in (lite_world.sam, lite_world.rita):
        for path in ("/connectors/new", "/connectors/new?kind=workato", "/connectors/new?q=w"):
            lite_browser.as_(person).get(path, status=404)
