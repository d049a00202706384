"""The SCIM vendor server's lists: filters, order, projection, and both ways of paging."""

from __future__ import annotations

import pytest

from tests.scim_company import ADA, CAM, EMPTY, LEADS, MAX, NOOR, RITA, SALES, SAM, STAFF

EVERYBODY = [ADA, MAX, RITA, CAM, SAM, NOOR]
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def ids(answer):
    return [row["id"] for row in answer.json()["Resources"]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('userName eq "ADA@example.test"', [ADA]),
        ('USERNAME Eq "ada@example.test"', [ADA]),
        ('id eq "101"', [ADA]),
        ('externalId eq "HR-1"', []),
        ('externalId eq "hr-1"', [ADA]),
        ("active eq false", [RITA]),
        ('emails.value eq "ada@home.test"', [ADA]),
        ('emails eq "ada@home.test"', [ADA]),
        ('emails[type eq "home" and value co "@home"]', [ADA]),
        ('emails[type eq "home" and value co "@example"]', []),
        ('name.familyName eq "byrne" and title pr', [ADA]),
        ('title eq "SRE" or active eq false', [ADA, RITA]),
        ('active eq false or title eq "SRE" and userName sw "ada"', [ADA, RITA]),
        ('(active eq false or title eq "SRE") and userName sw "ada"', [ADA]),
        ("not (title pr) and active eq true", [MAX, CAM, SAM, NOOR]),
        ('userName ne "noor" and userName ew "test"', EVERYBODY[:-1]),
        ('userName lt "b"', [ADA]),
        ('userName ge "sam"', [SAM]),
        (f'{ENTERPRISE}:department eq "engineering"', [ADA]),
        (f'{ENTERPRISE}:manager.value eq "{MAX}"', [ADA]),
        ("urn:ietf:params:scim:schemas:core:2.0:User:title pr", [ADA]),
        ('roles.value eq "editor"', [MAX, RITA]),
        ('groups.value eq "201"', [ADA, MAX]),
        ('meta.lastModified gt "2020-01-01T00:00:00Z"', EVERYBODY),
        ('userName eq "a\\"b"', []),
    ],
)
def test_a_filter_finds_what_the_grammar_says(scim, text, found):
    assert ids(scim.get("Users", params={"filter": text})) == found


def test_groups_are_found_by_name(scim):
    assert ids(scim.get("Groups", params={"filter": 'displayName eq "Sales"'})) == [SALES]


@pytest.mark.parametrize("text", ["userName", "userName xx 1", 'userName eq "a', "(title pr",
                                  "title pr)", "active gt true", "userName eq ada"])  # fmt: skip
def test_a_filter_that_is_none_is_refused(scim, text):
    answer = scim.get("Users", params={"filter": text})

    assert answer.status_code == 400
    assert answer.json()["scimType"] == "invalidFilter"


def test_a_server_may_understand_simple_filters_only(scim_server, scim):
    scim_server.switch(filters="eq")
    assert ids(scim.get("Users", params={"filter": 'userName eq "noor"'})) == [NOOR]
    for text in ("title pr", 'title co "S"', 'title eq "S" or title eq "T"', "not (title pr)"):
        assert scim.get("Users", params={"filter": text}).status_code == 400

    scim_server.switch(filters="none")
    assert scim.get("Users", params={"filter": 'userName eq "noor"'}).status_code == 501

    scim_server.switch(filters="ignored")
    assert ids(scim.get("Users", params={"filter": 'userName eq "noor"'})) == EVERYBODY


def test_nothing_found_is_an_empty_list_and_no_error(scim_server, scim):
    nobody = {"filter": 'userName eq "nobody"'}
    answer = scim.get("Users", params=nobody)
    scim_server.switch(resources_when_empty=False)
    without = scim.get("Users", params=nobody)

    assert (answer.status_code, answer.json()["totalResults"]) == (200, 0)
    assert answer.json()["Resources"] == []
    assert "Resources" not in without.json()


@pytest.mark.parametrize(
    ("start", "count", "found"),
    [(1, 2, [ADA, MAX]), (3, 2, [RITA, CAM]), (0, 1, [ADA]), (-5, 1, [ADA]), (6, 9, [NOOR]),
     (7, 9, []), (1, 0, []), (1, -1, [])],
)  # fmt: skip
def test_pages_are_counted_from_one(scim, start, count, found):
    answer = scim.get("Users", params={"startIndex": start, "count": count})

    assert ids(answer) == found
    assert answer.json()["totalResults"] == 6
    assert answer.json()["itemsPerPage"] == len(found)


def test_a_page_is_never_larger_than_the_server_allows(scim_server, scim):
    scim_server.switch(max_results=4)

    assert len(ids(scim.get("Users", params={"count": 500}))) == 4


def test_a_page_has_the_usual_size_when_none_is_asked_for(scim_server, scim):
    scim_server.switch(default_page=2)

    assert ids(scim.get("Users")) == [ADA, MAX]


@pytest.mark.parametrize(
    ("switches", "shown"),
    [({"total_results": "text"}, "6"), ({"total_results": "absent"}, None), ({}, 6)],
)
def test_totals_come_in_each_shape(scim_server, scim, switches, shown):
    scim_server.switch(**switches)

    assert scim.get("Users").json().get("totalResults") == shown


@pytest.mark.parametrize(("says", "shown"), [("right", 6), ("zero", 0), ("absent", None)])
def test_items_per_page_can_be_wrong(scim_server, scim, says, shown):
    scim_server.switch(items_per_page=says)

    assert scim.get("Users").json().get("itemsPerPage") == shown


def test_a_server_can_overlook_where_to_begin_or_how_much_to_send(scim_server, scim):
    scim_server.switch(honours_start_index=False)
    assert ids(scim.get("Users", params={"startIndex": 3, "count": 2})) == [ADA, MAX]

    scim_server.switch(honours_start_index=True, honours_count=False)
    assert ids(scim.get("Users", params={"startIndex": 1, "count": 2})) == EVERYBODY


def test_order_is_stable_or_sorted_or_neither(scim_server, scim):
    scim_server.switch(sort=True, stable_order=False)
    down = {"sortBy": "userName", "sortOrder": "descending"}
    assert ids(scim.get("Users", params=down))[0] == SAM
    assert len({tuple(ids(scim.get("Users"))) for _ in range(20)}) > 1

    scim_server.switch(stable_order=True)
    assert {tuple(ids(scim.get("Users"))) for _ in range(5)} == {tuple(EVERYBODY)}


def test_cursors_lead_through_the_list(scim_server, scim):
    scim_server.switch(paging="both")
    first = scim.get("Users", params={"cursor": "", "count": 4}).json()
    asked = {"cursor": first["nextCursor"], "count": 4}
    last = scim.get("Users", params=asked).json()

    assert [row["id"] for row in [*first["Resources"], *last["Resources"]]] == EVERYBODY
    assert "previousCursor" not in first
    assert "nextCursor" not in last
    assert "startIndex" not in last


@pytest.mark.parametrize(
    ("asked", "kind"),
    [({"cursor": "nonsense"}, "invalidCursor"), ({"count": 3}, "invalidCount"),
     ({"startIndex": 2}, "invalidValue")],
)  # fmt: skip
def test_a_cursor_that_does_not_fit_is_refused(scim_server, scim, asked, kind):
    scim_server.switch(paging="cursor")
    first = scim.get("Users", params={"count": 4}).json()

    answer = scim.get("Users", params={"cursor": first["nextCursor"], "count": 4, **asked})

    assert (answer.status_code, answer.json()["scimType"]) == (400, kind)


def test_a_cursor_expires(scim_server, scim):
    scim_server.switch(paging="both", cursor_seconds=0.0)
    first = scim.get("Users", params={"cursor": "", "count": 4}).json()

    answer = scim.get("Users", params={"cursor": first["nextCursor"], "count": 4})

    assert answer.json()["scimType"] == "expiredCursor"


def test_a_server_without_cursors_says_so(scim):
    assert scim.get("Users", params={"cursor": ""}).status_code == 501


@pytest.mark.parametrize(
    ("default", "pages_by"), [("index", "startIndex"), ("cursor", "nextCursor")]
)
def test_a_server_with_both_pages_by_its_default_when_not_told(
    scim_server, scim, default, pages_by
):  # fmt: skip
    scim_server.switch(paging="both", default_paging=default, default_page=2)

    assert pages_by in scim.get("Users").json()


def test_a_search_is_a_list_with_its_parameters_in_the_body(scim_server, scim):
    body = {"filter": 'title pr or userName eq "noor"', "count": 1, "startIndex": 2}
    answer = scim.post("Users/.search", json=body)

    assert ids(answer) == [NOOR]
    assert answer.json()["totalResults"] == 2
    assert scim.post("Users/.search", content=b"[]").status_code == 400
    assert scim_server.requests()["routes"]["POST /Users/.search"] == 2


def test_attributes_can_be_chosen_and_left_out(scim):
    some = scim.get("Users", params={"attributes": "userName,name.givenName"}).json()
    without = scim.get("Groups", params={"excludedAttributes": "members,id"}).json()

    assert set(some["Resources"][0]) == {"id", "schemas", "userName", "name"}
    assert {"id", "displayName"} <= set(without["Resources"][0])
    assert "members" not in without["Resources"][0]


@pytest.mark.parametrize(
    ("where", "in_list", "alone"), [("inline", True, True), ("one", False, True),
                                    ("never", False, False)],
)  # fmt: skip
def test_members_are_shown_where_the_switch_says(scim_server, scim, where, in_list, alone):
    scim_server.switch(members=where)

    assert ("members" in scim.get("Groups").json()["Resources"][0]) is in_list
    assert ("members" in scim.get(f"Groups/{SALES}").json()) is alone


def test_members_say_what_they_are_or_not(scim_server, scim):
    group, person = scim.get(f"Groups/{STAFF}").json()["members"]
    scim_server.switch(member_types=False)
    bare = scim.get(f"Groups/{STAFF}").json()["members"][0]

    assert (group["value"], group["type"]) == (SALES, "Group")
    assert (person["value"], person["type"]) == (RITA, "User")
    assert group["$ref"].endswith(f"/scim/v2/Groups/{SALES}")
    assert set(bare) == {"value", "display"}


def test_users_show_their_groups_also_indirect_ones_or_none(scim_server, scim):
    def groups(who):
        return [(each["value"], each["type"]) for each in scim.get(f"Users/{who}").json()["groups"]]

    assert groups(MAX) == [(SALES, "direct"), (LEADS, "direct")]
    scim_server.switch(indirect_groups=True)
    assert (STAFF, "indirect") in groups(MAX)
    scim_server.switch(user_groups=False)
    assert "groups" not in scim.get(f"Users/{MAX}").json()


@pytest.mark.parametrize(
    ("shape", "shown"),
    [("objects", [{"value": "admin", "display": "Admin", "primary": True}]), ("texts", ["admin"]),
     ("object", {"value": "admin", "display": "Admin", "primary": True}), ("nonsense", 7),
     ("absent", None)],
)  # fmt: skip
def test_roles_come_in_each_shape(scim_server, scim, shape, shown):
    scim_server.switch(roles=shape)

    assert scim.get(f"Users/{ADA}").json().get("roles") == shown


@pytest.mark.parametrize(
    ("shape", "shown"), [("boolean", False), ("text", "False"), ("absent", None)]
)
def test_active_comes_in_each_shape(scim_server, scim, shape, shown):
    scim_server.switch(active=shape)

    assert scim.get(f"Users/{RITA}").json().get("active") == shown


@pytest.mark.parametrize(
    ("shape", "shown"), [("object", "object"), ("text", MAX), ("managerId", {"managerId": MAX}),
                         ("absent", None)],
)  # fmt: skip
def test_managers_come_in_each_shape(scim_server, scim, shape, shown):
    scim_server.switch(manager=shape)
    manager = scim.get(f"Users/{ADA}").json()[ENTERPRISE].get("manager")

    if shape == "object":
        assert manager["value"] == MAX
        assert manager["$ref"].endswith(f"/Users/{MAX}")
    else:
        assert manager == shown


def test_ids_can_be_numbers(scim_server, scim):
    scim_server.switch(ids="number")

    assert scim.get(f"Users/{ADA}").json()["id"] == int(ADA)
    assert scim.get(f"Groups/{SALES}").json()["members"][0]["value"] == int(ADA)


def test_further_resource_types_are_listed(scim_server, scim):
    rows = scim.get("Projects").json()["Resources"]

    assert [row["displayName"] for row in rows] == ["Apollo", "Gemini"]
    assert [each["value"] for each in rows[0]["members"]] == [ADA, CAM]
    assert scim.get("Roles").status_code == 404
    scim_server.switch(roles_endpoint=True)
    assert "auditor" in [row["value"] for row in scim.get("Roles").json()["Resources"]]


def test_reads_lag_when_told_to(scim_server, scim):
    operation = {"op": "add", "path": "members", "value": [{"value": NOOR}]}
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]}
    scim_server.switch(lag_s=30.0)

    scim.patch(f"Groups/{EMPTY}", json=body)
    late = scim.get(f"Groups/{EMPTY}").json()["members"]
    scim_server.switch(lag_s=0.0)

    assert late == []
    assert [each["value"] for each in scim.get(f"Groups/{EMPTY}").json()["members"]] == [NOOR]
    operation |= {"op": "remove", "path": "members", "value": None}
    scim.patch(f"Groups/{EMPTY}", json=body)
