"""How many requests a full read of Percipio takes, and that no quirk of the vendor loses access.

What could not be verified about the vendor is a switch of its server; each is
read both ways here or beside what it is about.
"""

from __future__ import annotations

import pytest

from connectors.base import AccountRecord, EntitlementRecord, Ref
from connectors.errors import Forbidden, Garbled, Unauthorised, Unavailable
from tests.connectors.percipio_cast import (
    ADA,
    GRANTS,
    Read,
    budget,
    large_company,
    small_company,
)
from uar.demo.vendors.percipio_tokens import token

SMALL, LARGE = small_company(), large_company()
CATALOGUE = "/content-discovery/v2"
USERS = "/user-management"
PAGES = [
    {},
    {"users_total": False},
    {"catalogue_total": False},
    {"catalogue_total": False, "catalogue_link": "none"},
    {"catalogue_link": "all"},
    {"catalogue_link": "none"},
    {"paging_id_repeated": False},
    {"blank_paging_id": "reject"},
]
OTHERS = [
    {"report_request_status": 202},
    {"report_first": "IN_PROGRESS"},
    {"report_first": "COMPLETED", "report_polls": 0},
    {"report_id_name": "reportId"},
    {"report_id_name": "none"},
    {"search_total": True},
    {"active_filter": True},
]


@pytest.mark.parametrize("world", [*PAGES, *OTHERS], ids=str)
def test_a_small_organisation_is_read_whole_in_as_few_requests_as_there_are_pages_and_polls(
    site, percipio, world
):
    site.switch(**world)

    read = Read(percipio(site))

    polls = site.control("switches")["report_polls"] + 1
    assert read.held() == GRANTS
    assert read.unread == []
    assert read.requests == site.requests()["total"] == budget(SMALL, polls=polls) == 3 + polls


@pytest.mark.parametrize("world", PAGES, ids=str)
def test_a_large_organisation_is_read_whole_in_as_few_requests_as_there_are_pages_and_polls(
    large_site, percipio, world
):
    large_site.switch(**world)

    read = Read(percipio(large_site))

    polls = large_site.control("switches")["report_polls"] + 1
    assert (len(read.accounts), len(read.courses())) == (2345, 2300)
    assert len(read.grants) == 2 * 2345
    assert read.unread == []
    assert read.requests == large_site.requests()["total"] == budget(LARGE, polls=polls)
    assert budget(LARGE, polls=polls) == 3 + 4 + 1 + polls


def test_a_catalogue_that_begins_anew_on_each_page_is_not_believed(large_site, percipio):
    large_site.fault("same_page", path=CATALOGUE, times=0)

    with pytest.raises(Garbled, match="contradicts itself about courses"):
        Read(percipio(large_site))


def test_a_catalogue_that_ends_before_its_last_page_is_not_believed(large_site, percipio):
    large_site.switch(catalogue_total=False)
    large_site.fault("empty", path=CATALOGUE, after=1, times=0)

    with pytest.raises(Garbled, match="last page begins after 3000 items and sends 1000"):
        Read(percipio(large_site))


def test_an_empty_page_of_people_in_the_middle_is_read_again(large_site, percipio):
    large_site.fault("empty", path=USERS, after=1, times=1)

    assert len(Read(percipio(large_site)).accounts) == 2345


def test_people_who_come_on_the_same_page_for_ever_are_not_believed(large_site, percipio):
    large_site.fault("same_page", path=USERS, times=0)

    with pytest.raises(Garbled, match="contradicts itself about people"):
        Read(percipio(large_site))


def test_the_rate_limit_of_the_vendor_is_never_met_by_a_large_read(large_site, percipio):
    large_site.switch(rate_limit=100)

    assert Read(percipio(large_site)).unread == []
    assert large_site.requests()["statuses"] == {"200": large_site.requests()["total"]}


def test_more_than_the_vendor_takes_in_twenty_seconds_is_spread_instead_of_refused(
    site, percipio, heard
):
    reader, ada = percipio(site), AccountRecord("user", ADA)

    for _ in range(100):
        reader.holds(ada, EntitlementRecord(Ref("role", "ADMIN"), "assigned"))

    assert len(heard.pauses) == 10
    assert all(15 < pause <= 20 for pause in heard.pauses)


def test_a_rate_limit_is_waited_out(site, percipio, heard):
    site.fault("429", after=1, times=1, retry_after="3")

    assert Read(percipio(site)).held() == GRANTS
    assert 2.9 < heard.pauses[0] < 3.2


def test_a_rate_limit_without_a_word_about_its_length_is_waited_out_longer_each_time(
    site, percipio, heard
):
    site.fault("429", path=USERS, times=2)

    assert Read(percipio(site)).held() == GRANTS
    assert 0.2 < heard.pauses[0] < 0.6


@pytest.mark.parametrize("fault", ["429", "500", "503", "truncated", "cut", "drop"])
@pytest.mark.parametrize("path", [USERS, CATALOGUE, "/reporting"])
def test_a_fault_that_passes_costs_a_request_and_nothing_else(site, percipio, fault, path):
    site.fault(fault, path=path, times=2)

    read = Read(percipio(site))

    assert read.held() == GRANTS
    assert read.unread == []


def test_a_vendor_that_dies_in_the_middle_ends_the_read(large_site, percipio):
    large_site.fault("503", path=CATALOGUE, after=1, times=0)

    with pytest.raises(Unavailable):
        Read(percipio(large_site, net={"retries": 0}))


def test_a_token_that_ends_in_the_middle_ends_the_read(site, percipio):
    site.fault("401", path="/reporting", after=1, times=0)

    with pytest.raises(Unauthorised):
        Read(percipio(site))


def test_a_web_page_instead_of_people_says_that_the_base_url_may_be_wrong(site, percipio):
    site.fault("html", times=0)

    with pytest.raises(Garbled, match="is the base URL right"):
        Read(percipio(site))


def test_a_token_without_user_management_cannot_read(site, percipio):
    with pytest.raises(Forbidden, match="does not allow GET /user-management"):
        Read(percipio(site, key=token("no-api")))


@pytest.mark.parametrize("keys", ["code_message", "error_detail", "text"])
def test_a_refusal_says_what_the_vendor_says_however_it_writes_it(site, percipio, keys):
    site.switch(error_keys=keys)

    with pytest.raises(Forbidden) as raised:
        Read(percipio(site, key=token("no-api")))

    said = "403" if keys == "error_detail" else "the service account has no user-management"
    assert said in raised.value.sentence
