"""How many requests a full read through SCIM takes, and that no way of paging loses anybody."""

from __future__ import annotations

import json
import math

import pytest

from connectors.errors import Garbled, Unauthorised, Unavailable
from tests.connectors.conftest import fresh
from tests.connectors.scim_cast import Read
from tests.scim_company import TRUE, scim_company
from tests.vendor_process import vendor

N_PEOPLE, N_GROUPS = 250, 60
DISCOVERY = 3
PROJECTS = 1


def large_company():
    """250 users, each in three of 60 groups; nobody in the last."""
    users = [{"id": f"u{n}", "userName": f"p{n}", "displayName": f"P {n}",
              "roles": [{"value": f"role-{n % 7}"}]} for n in range(N_PEOPLE)]  # fmt: skip
    members: list[list[str]] = [[] for _ in range(N_GROUPS)]
    for n in range(N_PEOPLE):
        for group in {n % 59, (n * 7 + 3) % 59, (n * 5 + 26) % 59}:
            members[group].append(f"u{n}")
    groups = [
        {"id": f"g{n}", "displayName": f"Group {n}", "members": each}
        for n, each in enumerate(members)
    ]
    return {"users": users, "groups": groups}


LARGE = large_company()
TRUE_OF_LARGE = {
    *((group["id"], "member", who, "") for group in LARGE["groups"] for who in group["members"]),
    *((user["roles"][0]["value"], "assigned", user["id"], "") for user in LARGE["users"]),
}


@pytest.fixture(scope="module")
def large_server(tmp_path_factory):
    file = tmp_path_factory.mktemp("company") / "large.json"
    file.write_text(json.dumps(LARGE))
    with vendor("--company", file, name="scim") as running:
        yield running


@pytest.fixture
def large(large_server):
    yield from fresh(large_server)


def pages(size):
    return math.ceil(N_PEOPLE / size) + math.ceil(N_GROUPS / size)


@pytest.mark.parametrize("size", [7, 50, 100, 200, 1000])
@pytest.mark.parametrize("paging", ["index", "cursor", "both"])
def test_a_full_read_takes_a_request_per_page_and_three_more(large, scim, size, paging):
    large.switch(max_results=size, paging=paging)

    read = Read(scim(large))

    assert read.grants == TRUE_OF_LARGE
    assert len(read.accounts) == N_PEOPLE
    assert read.unread == []
    assert read.requests == large.requests()["total"] == DISCOVERY + pages(size)


@pytest.mark.parametrize(("default", "way"), [("index", "startIndex"), ("cursor", "cursor")])
def test_of_both_ways_the_server_s_own_is_taken(large, scim, heard, default, way):
    large.switch(paging="both", default_paging=default)

    Read(scim(large))

    assert all(way in line for line in heard.lines if "/Users?" in line)


@pytest.mark.parametrize("paging", ["index", "cursor"])
def test_the_way_of_paging_can_be_chosen(large, scim, heard, paging):
    large.switch(paging="both", announces_paging=False)

    assert Read(scim(large, paging=paging)).grants == TRUE_OF_LARGE
    word = "startIndex" if paging == "index" else "cursor="
    assert all(word in line for line in heard.lines if "/Users?" in line)


def test_a_server_that_pages_by_cursor_unannounced_is_followed(large, scim):
    large.switch(paging="cursor", announces_paging=False, total_results="absent")

    assert Read(scim(large, paging="cursor")).grants == TRUE_OF_LARGE


def test_cursors_that_are_announced_and_refused_are_not_insisted_on(large, scim, heard):
    large.switch(paging="cursor")
    connector = scim(large)
    connector.check()
    large.switch(paging="index")

    assert Read(connector).grants == TRUE_OF_LARGE
    assert any("cursors are refused" in line for line in heard.lines)


@pytest.mark.parametrize("size", [1, 25])
def test_the_size_of_a_page_can_be_chosen(large, scim, size):
    read = Read(scim(large, page_size=size))

    assert read.requests == DISCOVERY + pages(size)
    assert read.grants == TRUE_OF_LARGE


def test_a_server_that_sends_fewer_than_announced_costs_only_its_pages(large, scim):
    large.switch(max_results=40)
    connector = scim(large, page_size=200)

    assert Read(connector).requests == DISCOVERY + pages(40)


def test_lists_that_come_in_one_piece_are_read_so(large, scim):
    large.switch(honours_count=False, honours_start_index=False)

    read = Read(scim(large, paging="whole"))

    assert read.grants == TRUE_OF_LARGE
    assert read.requests == DISCOVERY + 2


def test_a_server_that_pages_is_not_believed_to_send_everything(large, scim):
    with pytest.raises(Garbled, match="another way of paging"):
        Read(scim(large, paging="whole"))


def test_everything_at_once_is_one_page(large, scim):
    large.switch(honours_count=False)

    assert Read(scim(large)).requests == DISCOVERY + 2


@pytest.mark.parametrize("total", ["text", "absent"])
@pytest.mark.parametrize("items", ["zero", "absent"])
def test_counts_that_are_wrong_or_missing_lose_nobody(large, scim, total, items):
    large.switch(total_results=total, items_per_page=items, max_results=50)

    read = Read(scim(large))

    assert read.grants == TRUE_OF_LARGE
    # without a total, only an empty page is surely the last
    more = 2 if total == "absent" else 0
    assert read.requests == DISCOVERY + pages(50) + more


def test_a_server_that_overlooks_where_to_begin_is_not_believed(large, scim):
    large.switch(honours_start_index=False)

    with pytest.raises(Garbled, match="the same page came twice"):
        Read(scim(large))


@pytest.mark.parametrize("paging", ["index", "cursor"])
def test_an_empty_page_in_the_middle_is_read_again(large, scim, paging):
    large.switch(max_results=50, paging=paging)
    large.fault("empty", path="/scim/v2/Users", after=2, times=1)

    assert Read(scim(large)).grants == TRUE_OF_LARGE


def test_pages_that_stay_empty_are_not_taken_for_the_end(large, scim):
    large.switch(max_results=50)
    large.fault("empty", path="/scim/v2/Users", after=2, times=0)

    with pytest.raises(Garbled, match="it counts 250 and sends 0"):
        Read(scim(large))


def test_rows_that_move_between_pages_are_found_by_sorting(large, scim):
    large.switch(max_results=50, stable_order=False, sort=True)

    assert Read(scim(large)).grants == TRUE_OF_LARGE


def test_an_expired_cursor_begins_the_walk_again_once(large, scim, heard):
    large.switch(max_results=50, paging="cursor")
    large.fault("400", path="/scim/v2/Users", after=3, times=1)

    assert Read(scim(large)).grants == TRUE_OF_LARGE
    assert any("Reading users again" in line for line in heard.lines)


def test_cursors_that_never_last_are_not_followed_for_ever(large, scim):
    large.switch(max_results=50, paging="cursor", cursor_seconds=0.0)

    with pytest.raises(Exception, match="expired"):
        Read(scim(large))


@pytest.mark.parametrize("by_users", [True, False])
def test_members_that_only_single_groups_show_cost_a_request_per_group(large, scim, by_users):
    large.switch(members="one", user_groups=by_users)

    read = Read(scim(large))

    assert read.grants == TRUE_OF_LARGE
    sample = 1 if by_users else 0
    assert read.requests == DISCOVERY + pages(200) + N_GROUPS + sample


def test_members_that_only_users_show_cost_nothing(large, scim):
    large.switch(members="never")

    read = Read(scim(large))

    assert read.grants == TRUE_OF_LARGE
    assert read.requests == DISCOVERY + pages(200) + 1  # one group is looked at


def test_whoever_says_that_users_show_their_groups_is_believed(large, scim):
    read = Read(scim(large, membership="users"))

    assert read.grants == TRUE_OF_LARGE
    assert read.requests == DISCOVERY + pages(200)


@pytest.mark.parametrize(
    ("switches", "requests"),
    [({"discovery": "open"}, 3), ({"discovery": "absent"}, 4), ({"bare_lists": True}, 3),
     ({"plural_config": True}, 4), ({"announces_paging": False}, 3)],
    ids=str,
)  # fmt: skip
def test_discovery_is_optional_and_costs_four_requests_at_most(large, scim, switches, requests):
    large.switch(**switches)

    read = Read(scim(large))

    assert read.grants == TRUE_OF_LARGE
    size = 100 if switches == {"discovery": "absent"} else 200
    assert read.requests == requests + pages(size)


def test_discovery_that_breaks_down_ends_the_run_rather_than_lose_types(served, scim):
    served.fault("503", path="/scim/v2/ResourceTypes", times=0)

    with pytest.raises(Unavailable):
        Read(scim(served))


@pytest.mark.parametrize("status", ["400", "401", "403", "404", "501"])
def test_discovery_that_is_refused_ends_nothing(large, scim, status):
    for path in ("ServiceProviderConfig", "ResourceTypes", "Schemas"):
        large.fault(status, path=f"/scim/v2/{path}", times=0)

    assert Read(scim(large)).grants == TRUE_OF_LARGE


def test_a_type_that_cannot_be_read_makes_the_read_partial(served, scim):
    served.fault("403", path="/scim/v2/Projects", times=0)

    read = Read(scim(served))

    assert [each.resource.id for each in read.unread] == ["Projects"]
    assert read.grants == {each for each in TRUE if "Projects" not in each[0]}


def test_a_token_that_stops_working_in_the_middle_ends_the_read(large, scim):
    large.switch(max_results=50)
    large.fault("401", path="/scim/v2/Users", after=3, times=0)

    with pytest.raises(Unauthorised):
        Read(scim(large))


@pytest.mark.parametrize("how", ["seconds", "date"])
def test_a_server_that_asks_to_slow_down_is_waited_for(large, scim, heard, how):
    large.switch(max_results=10)
    large.fault("429", path="/scim/v2/Users", after=3, times=1,
                retry_after="2" if how == "seconds" else "")  # fmt: skip

    assert Read(scim(large)).grants == TRUE_OF_LARGE
    assert heard.pauses


def test_two_reads_in_a_row_see_the_same(served, scim):
    reader = scim(served)

    first, second = Read(reader), Read(reader)

    assert (first.accounts, first.resources) == (second.accounts, second.resources)
    assert first.grants == second.grants == TRUE


def test_grants_alone_read_what_they_need(served, scim):
    resources = Read(scim(served)).resources

    again = list(scim(served).grants(resources))

    assert len(again) == len(TRUE)
    assert len(scim_company()["users"]) == 6
