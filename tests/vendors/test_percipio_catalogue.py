"""Percipio's vendor server: the catalogue in frozen pages, and the search."""

from __future__ import annotations

import pytest

from tests.vendors.percipio_site import (
    CATALOGUE,
    EXAM,
    FILM,
    PRIVACY,
    PYTHON,
    RETIRED,
    SEARCH,
    ids,
)


def test_the_catalogue_has_content_of_every_type_and_state(site):
    rows = site.get(CATALOGUE, params={"max": 5}).json()

    assert ids(rows) == [PRIVACY, PYTHON, EXAM, RETIRED, FILM]
    assert [row["contentType"]["percipioType"] for row in rows] == [
        "COURSE", "COURSE", "ASSESSMENT", "COURSE", "VIDEO"]  # fmt: skip
    assert rows[3]["lifecycle"]["status"] == "INACTIVE"
    assert rows[0]["characteristics"]["isCompliance"] is True
    assert rows[0]["localizedMetadata"] == [
        {"localeCode": "en-US", "title": "Data protection", "description": ""}
    ]
    assert rows[0]["associations"]["licensedLocales"] == ""


def test_the_first_call_gives_total_last_page_and_the_id_of_a_frozen_result(site):
    headers = site.get(CATALOGUE).headers

    assert headers["x-total-count"] == "1005"
    assert headers["link"].endswith('max=1000&offset=1000>; rel="last"')
    assert len(headers["x-paging-request-id"]) == 36


def test_later_calls_carry_the_id_and_go_on(site):
    first = site.get(CATALOGUE)
    key = first.headers["x-paging-request-id"]

    second = site.get(CATALOGUE, params={"offset": 1000, "pagingRequestId": key})

    assert len({*ids(first.json()), *ids(second.json())}) == 1005
    assert second.headers["x-paging-request-id"] == key


def test_one_item_is_enough_to_learn_total_and_id_and_to_read_the_rest(site):
    key = site.get(CATALOGUE, params={"max": 1}).headers["x-paging-request-id"]

    whole = [row for offset in (0, 1000) for row in site.get(
        CATALOGUE, params={"offset": offset, "pagingRequestId": key}).json()]  # fmt: skip

    assert len(set(ids(whole))) == 1005


def test_an_unknown_id_is_answered_400(site):
    assert site.get(CATALOGUE, params={"offset": 0, "pagingRequestId": "x"}).status_code == 400


def test_only_what_changed_since_can_be_listed(site):
    rows = site.get(CATALOGUE, params={"updatedSince": "2026-03-01T00:00:00Z"}).json()

    assert ids(rows) == [PYTHON]


@pytest.mark.parametrize("wrong", [{"max": 0}, {"max": 1001}, {"offset": -1}])
def test_a_page_that_cannot_be_is_answered_400(site, wrong):
    assert site.get(CATALOGUE, params=wrong).status_code == 400


def test_a_search_is_for_free_text(site):
    assert set(ids(site.get(SEARCH, params={"q": "python"}).json())) == {PYTHON, EXAM, FILM}
    assert ids(site.get(SEARCH, params={"q": PYTHON}).json()) == [PYTHON]
    assert ids(site.get(SEARCH, params={"q": "PR_01"}).json()) == [PRIVACY]
    assert site.get(SEARCH).status_code == 400


def test_a_search_gives_25_unless_told(site):
    assert len(site.get(SEARCH, params={"q": "course"}).json()) == 25
    assert len(site.get(SEARCH, params={"q": "course", "max": 1000}).json()) == 1000


def test_a_search_can_be_narrowed_to_types(site):
    asked = {"q": "python", "typeFilter": "COURSE,ASSESSMENT"}

    assert set(ids(site.get(SEARCH, params=asked).json())) == {PYTHON, EXAM}
