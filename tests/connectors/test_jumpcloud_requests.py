"""How many requests a full read of JumpCloud takes, and that no quirk of the vendor loses access.

What could not be verified about the vendor is a switch of its server; each is
read both ways here.
"""

from __future__ import annotations

import math

import pytest

from connectors.errors import Forbidden, Garbled, Unauthorised, Unavailable
from tests.connectors.jumpcloud_cast import (
    ADA,
    ENGINEERS,
    EVERYBODY,
    MAX,
    VAULT,
    Read,
    fewest_requests,
    group_id,
    large_company,
    many_company,
    person_id,
    small_company,
    true_grants,
)

SMALL, LARGE = small_company(), large_company()
MEMBERS = "GET /api/v2/usergroups/{id}/members"
# Each with whether people's own lists are there and right.
WORLDS = [
    ({}, True),
    ({"memberof": False}, False),
    ({"memberof_when_named": True}, True),
    ({"memberof_device_groups": True}, True),
    ({"memberof_when_empty": False}, None),
    ({"memberof_at_most": 2}, False),
    ({"memberof": False, "v2_sort_id": "rejected"}, False),
    ({"memberof": False, "v2_sort_id": "ignored"}, False),
    ({"memberof": False, "shuffle_unsorted": True}, False),
    ({"shuffle_unsorted": True}, True),
    ({"graph_from": True}, True),
    ({"search_most": 100}, True),
    ({"search_most": 100, "over_limit": "reject"}, True),
    ({"search_paging": "body"}, True),
    ({"search_paging": "query"}, True),
    ({"admin_link": "null"}, True),
    ({"admin_link": "absent", "lastlogin": True}, True),
]


def within_budget(company):
    return math.floor(fewest_requests(company) * 1.05)


def told(heard):
    return next(line for line in heard.lines if line.startswith("Memberships:"))


@pytest.mark.parametrize(("world", "believed"), WORLDS, ids=lambda each: str(each))
def test_a_small_organisation_is_read_whole_without_one_request_too_many(
    small, connect, heard, world, believed
):
    small.switch(**world)

    read = Read(connect(small))

    assert read.shared() == true_grants(SMALL)
    assert read.unread == []
    assert read.requests == small.requests()["total"] <= within_budget(SMALL)
    if believed is not None:
        assert ("from people's own lists" in told(heard)) is believed


@pytest.mark.parametrize(("world", "believed"), WORLDS, ids=lambda each: str(each))
def test_a_large_organisation_is_read_whole_within_the_documented_minimum(
    large, connect, heard, world, believed
):
    large.switch(**world)

    read = Read(connect(large))

    assert read.shared() == true_grants(LARGE)
    assert len({each.id for each in read.accounts}) == 257
    assert read.unread == []
    assert read.requests == large.requests()["total"] <= within_budget(LARGE)
    if believed is not None:
        assert ("from people's own lists" in told(heard)) is believed


def test_the_search_gives_people_by_the_thousand_where_it_can(large, connect):
    Read(connect(large))

    assert large.requests()["routes"]["POST /api/search/systemusers"] == 2


def test_peoples_own_lists_save_most_requests_for_groups(large, connect):
    Read(connect(large))

    assert large.requests()["routes"][MEMBERS] < 15


@pytest.mark.parametrize(
    "world",
    [
        {"users_most": 5, "users_page": 3},
        {"users_most": 50, "over_limit": "reject"},
        {"applications_most": 5, "applications_page": 4},
        {"applications_most": 50, "over_limit": "reject"},
        {"systemusers_most": 50},
    ],
    ids=str,
)
def test_lists_with_other_page_sizes_than_expected_are_read_whole(large, connect, world):
    large.switch(**world)

    read = Read(connect(large))

    assert read.shared() == true_grants(LARGE)
    assert len({each.id for each in read.accounts}) == 257


@pytest.mark.parametrize("status", ["400", "403", "404"])
def test_where_the_search_is_refused_the_list_is_read(large, connect, heard, status):
    large.fault(status, path="/api/search/systemusers", times=0)

    read = Read(connect(large))

    assert read.shared() == true_grants(LARGE)
    assert "read group by group" in told(heard)


def test_a_list_that_is_cut_short_for_one_person_only_is_noticed(connect, heard, servers):
    server = servers("many")
    server.switch(memberof_at_most=11, shuffle_unsorted=False)

    read = Read(connect(server))

    assert person_id(0) in {account for account, _ in read.of(group_id(11))}
    assert len(read.shared()) == 12 + 60
    assert "people's own lists are wrong" in told(heard)


def test_groups_that_come_in_another_order_on_each_page_are_read_whole(connect, servers):
    server = servers("many")
    server.switch(memberof_at_most=0, shuffle_unsorted=True)

    read = Read(connect(server))

    assert len([each for each in read.resources if each.type == "group"]) == 140
    assert read.shared() == true_grants(many_company())


def test_a_group_that_cannot_be_read_is_unread_and_so_is_what_it_opens(small, connect):
    small.switch(memberof=False)
    small.fault("500", path=f"/api/v2/usergroups/{EVERYBODY}/members", times=0)

    read = Read(connect(small))

    unread = {each.resource.id for each in read.unread}
    assert unread == {EVERYBODY, VAULT}
    assert read.of(VAULT) == {(ADA, ENGINEERS), (MAX, ENGINEERS)}


def test_two_reads_in_a_row_see_the_same(small, connect):
    reader = connect(small)

    first, second = Read(reader), Read(reader)

    assert (first.accounts, first.resources) == (second.accounts, second.resources)
    assert first.shared() == second.shared()


def test_a_key_that_stops_working_in_the_middle_ends_the_read(large, connect):
    large.switch(memberof=False)
    large.fault("401", path="/api/v2/usergroups/", after=5, times=0)

    with pytest.raises(Unauthorised):
        Read(connect(large))

    assert large.requests()["total"] < 60


def test_a_vendor_that_dies_in_the_middle_ends_the_read(large, connect):
    large.switch(memberof=False)
    large.fault("503", path="/api/v2/usergroups/", after=5, times=0)

    with pytest.raises(Unavailable):
        Read(connect(large, net={"retries": 0}))


def test_people_who_come_on_the_same_page_for_ever_are_not_believed(large, connect):
    large.switch(search_most=100)
    large.fault("same_page", path="/api/s", times=0)

    with pytest.raises(Garbled, match="contradicts itself about people"):
        Read(connect(large))


def test_a_group_that_comes_on_the_same_page_for_ever_is_unread(large, connect):
    large.fault("same_page", path="/api/v2/usergroups/", times=0)

    read = Read(connect(large))

    assert group_id(0) in {each.resource.id for each in read.unread}
    assert read.shared() < true_grants(LARGE)


def test_an_empty_page_in_the_middle_is_read_again(large, connect):
    large.fault("empty", path="/api/search/systemusers", after=1, times=1)

    assert len(Read(connect(large)).accounts) == 257


def test_a_web_page_instead_of_people_says_that_the_base_url_may_be_wrong(small, connect):
    small.fault("html", times=0)

    with pytest.raises(Garbled, match="is the base URL right"):
        Read(connect(small))


@pytest.mark.parametrize("fault", ["429", "500", "503", "truncated", "cut", "drop"])
def test_a_fault_that_passes_costs_a_request_and_nothing_else(small, connect, fault):
    small.fault(fault, after=3, times=2)

    read = Read(connect(small))

    assert read.shared() == true_grants(SMALL)
    assert read.unread == []


def test_a_rate_limit_is_waited_out(small, connect, heard):
    small.fault("429", after=2, times=1, retry_after="3")

    assert Read(connect(small)).shared() == true_grants(SMALL)
    assert 2.9 < heard.pauses[0] < 3.2


def test_a_key_without_rights_cannot_read_people(small, connect):
    with pytest.raises(Forbidden, match="does not allow GET /api/systemusers"):
        Read(connect(small, key="demo-no-rights-key"))


def test_the_organisation_is_named_on_every_read(small, connect):
    small.switch(multi_tenant=True)

    read = Read(connect(small, org_id="5f0000000000000000000001"))

    assert read.shared() == true_grants(SMALL)
