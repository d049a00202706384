"""JumpCloud's vendor server: pages, order, fields and filters in both dialects."""

from __future__ import annotations

import pytest

from tests.vendors.conftest import ADA, MAX, NOBODY, STAFF, ids

V1_LISTS = ("/api/systemusers", "/api/users", "/api/applications")
V2_LISTS = ("/api/v2/usergroups", f"/api/v2/usergroups/{STAFF}/members")


# pages


@pytest.mark.parametrize("path", V1_LISTS)
def test_a_v1_list_is_an_envelope_of_ten_rows_and_the_total(api, path):
    answer = api.get(path).json()

    assert sorted(answer) == ["results", "totalCount"]
    assert len(answer["results"]) == 10
    assert answer["totalCount"] > 100


@pytest.mark.parametrize("path", V2_LISTS)
def test_a_v2_list_is_a_bare_array_of_ten_rows_with_the_total_in_a_header(api, path):
    answer = api.get(path)

    assert isinstance(answer.json(), list)
    assert len(answer.json()) == 10
    assert int(answer.headers["x-total-count"]) > 100


@pytest.mark.parametrize("path", [*V1_LISTS, *V2_LISTS])
def test_a_page_never_holds_more_than_a_hundred(api, path):
    answer = api.get(path, params={"limit": 500}).json()

    assert len(answer if isinstance(answer, list) else answer["results"]) == 100


def test_skip_goes_on_where_the_last_page_ended(api):
    whole = api.get("/api/systemusers", params={"sort": "_id", "limit": 20}).json()["results"]
    second = api.get("/api/systemusers", params={"sort": "_id", "skip": 10}).json()["results"]

    assert second == whole[10:]


def test_the_last_page_is_shorter_and_past_the_end_it_is_empty(api):
    total = api.get("/api/systemusers").json()["totalCount"]
    last = api.get("/api/systemusers", params={"skip": total - 3}).json()
    past = api.get("/api/systemusers", params={"skip": total}).json()

    assert len(last["results"]) == 3
    assert past == {"results": [], "totalCount": total}


@pytest.mark.parametrize("query", [{"limit": "all"}, {"limit": "0"}, {"skip": "-1"}])
@pytest.mark.parametrize("path", [V1_LISTS[0], V2_LISTS[0]])
def test_a_limit_or_skip_that_is_no_number_is_answered_400(api, path, query):
    answer = api.get(path, params=query)

    assert answer.status_code == 400
    assert answer.json()["status"] == "Bad Request"


# order, fields, filters


def test_v1_sorts_by_fields_with_spaces_and_a_dash_descends(api):
    query = {"sort": "department -username", "limit": 100, "filter": "department:$ne:Crowd"}
    rows = api.get("/api/systemusers", params=query).json()["results"]

    names = [(row["department"], row["username"]) for row in rows if row["department"]]
    assert names == [
        ("IT", "rita.costa"),
        ("IT", "cam.duarte"),
        ("Sales", "max.adler"),
        ("Sales", "ada.byrne"),
    ]


def test_v2_sorts_by_fields_with_commas_and_a_dash_descends(api):
    rows = api.get("/api/v2/usergroups", params={"sort": "type,-name", "limit": 2}).json()

    assert [row["name"] for row in rows] == ["Team 109", "Team 108"]


def test_v1_keys_are_called_underscore_id_and_v2_keys_id(api):
    assert "_id" in api.get("/api/applications").json()["results"][0]
    assert "id" in api.get("/api/v2/usergroups").json()[0]
    one = api.get(
        f"/api/v2/applications/{api.get('/api/applications').json()['results'][0]['_id']}"
    )
    assert "id" in one.json()
    assert "_id" not in one.json()


def test_v1_shows_only_the_fields_named_with_spaces(api):
    query = {"fields": "email username", "filter": f"_id:$eq:{ADA}"}
    rows = api.get("/api/systemusers", params=query).json()["results"]

    assert rows == [{"_id": ADA, "email": "ada.byrne@example.test", "username": "ada.byrne"}]


def test_v2_shows_only_the_fields_named_with_commas(api):
    query = {"fields": "name,type", "filter": "name:eq:Staff"}
    rows = api.get("/api/v2/usergroups", params=query).json()

    assert rows == [{"id": STAFF, "name": "Staff", "type": "user_group"}]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"filter": "username:$eq:ada.byrne"}, [ADA]),
        ({"filter": "username:$eq:Ada.Byrne"}, []),
        ({"filter": "username:$eq:ada*"}, []),
        ({"filter": "employeeIdentifier:$gt:E-1"}, [MAX]),
        ({"filter": "employeeIdentifier:$lte:E-1", "filter[0]": "department:$eq:Sales"}, [ADA]),
        ({"filter[0]": "department:$eq:Sales", "filter[1]": "username:$eq:max.adler"}, [MAX]),
        (
            {"filter[or][0]": "username:$eq:ada.byrne", "filter[or][1]": "_id:$eq:" + MAX},
            [ADA, MAX],
        ),
    ],
)
def test_v1_filters_with_dollar_operators(api, query, found):
    rows = api.get("/api/systemusers", params={**query, "sort": "_id", "limit": 100}).json()

    assert [key for key in ids(rows["results"]) if key in (ADA, MAX)] == found
    assert rows["totalCount"] < 10


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("name:eq:Staff", ["Staff"]),
        ("name:eq:staff", []),
        ("name:eq:St*", ["Staff"]),
        ("name:in:Staff,Sales", ["Staff", "Sales"]),
        ("name:search:sal", ["Sales"]),
        ("name:ge:Team 109", ["Team 109"]),
        ("name:eq:Ruled,membershipMethod:eq:DYNAMIC_AUTOMATED", ["Ruled"]),
        ("name:eq:Staff,membershipMethod:eq:DYNAMIC_AUTOMATED", []),
    ],
)
def test_v2_filters_with_bare_operators(api, wanted, found):
    rows = api.get("/api/v2/usergroups", params={"filter": wanted}).json()

    assert [row["name"] for row in rows] == found


def test_the_total_counts_what_the_filter_leaves(api):
    people = api.get("/api/systemusers", params={"filter": "department:$eq:IT", "limit": 1})
    groups = api.get("/api/v2/usergroups", params={"filter": "name:eq:Staff"})

    assert people.json()["totalCount"] == 2
    assert groups.headers["x-total-count"] == "1"


@pytest.mark.parametrize(
    "path", ["/api/systemusers?filter=username:eq:ada", "/api/v2/usergroups?filter=name:$eq:Staff"]
)
def test_the_operators_of_the_other_dialect_are_refused(api, path):
    assert api.get(path).status_code == 400


def test_get_with_search_matches_a_part_of_a_field(api):
    query = {"search": '{"searchTerm": ["adler", "byrne"], "fields": ["email"]}', "sort": "_id"}

    assert ids(api.get("/api/systemusers", params=query).json()["results"]) == [ADA, MAX]


@pytest.mark.parametrize(
    "path",
    [
        f"/api/systemusers/{NOBODY}",
        f"/api/users/{NOBODY}",
        f"/api/applications/{NOBODY}",
        f"/api/v2/usergroups/{NOBODY}",
        f"/api/v2/usergroups/{NOBODY}/members",
        f"/api/v2/applications/{NOBODY}/users",
        f"/api/v2/users/{NOBODY}/memberof",
        "/api/nowhere",
    ],
)
def test_what_does_not_exist_is_answered_404_with_code_status_and_message(api, path):
    answer = api.get(path)

    assert answer.status_code == 404
    assert answer.json() == {"code": 404, "status": "Not Found", "message": "Not Found"}


def test_directories_are_listed_for_a_probe(api):
    rows = api.get("/api/v2/directories", params={"limit": 1}).json()

    assert [sorted(row) for row in rows] == [["id", "name", "oAuthStatus", "type"]]
