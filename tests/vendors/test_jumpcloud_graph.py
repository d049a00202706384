"""JumpCloud's vendor server: groups, members, applications and the paths between them."""

from __future__ import annotations

import pytest

from tests.vendors.conftest import (
    ADA,
    CAM,
    CRM,
    LAPTOPS,
    MAX,
    NOBODY,
    RITA,
    ROOT_ADMIN,
    RULED,
    SALES,
    STAFF,
    WIKI,
    change,
    client,
    ends,
    ids,
    new_group,
)


def path(*hops):
    kinds = {"64b": "user", "64c": "user_group", "64a": "application"}
    return [
        {"to": {"id": key, "type": kinds[key[:3]], "attributes": None}, "attributes": None}
        for key in hops
    ]


def bind(api, kind, key, op, target, other):
    body = {"op": op, "type": target, "id": other}
    return api.post(f"/api/v2/{kind}/{key}/associations", json=body)


# members


def test_adding_a_person_is_answered_204_without_a_body(api):
    group = new_group(api, "Added")

    answer = change(api, group, "add", ADA)

    assert (answer.status_code, answer.content) == (204, b"")
    assert ends(api.get(f"/api/v2/usergroups/{group}/members").json()) == [ADA]


def test_adding_whom_the_group_has_is_answered_409_already_exists(api):
    answer = change(api, SALES, "add", ADA)

    assert answer.status_code == 409
    assert answer.json() == {"message": "Already Exists"}


def test_removing_a_person_is_answered_204_and_again_404(api):
    group = new_group(api, "Removed")
    change(api, group, "add", ADA)

    assert change(api, group, "remove", ADA).status_code == 204
    assert change(api, group, "remove", ADA).status_code == 404
    assert api.get(f"/api/v2/usergroups/{group}/members").json() == []


@pytest.mark.parametrize("op", ["add", "remove"])
def test_an_unknown_group_or_person_is_answered_404(api, op):
    assert change(api, NOBODY, op, ADA).status_code == 404
    assert change(api, SALES, op, NOBODY).status_code == 404


def test_an_administrator_is_no_person_and_cannot_be_a_member(api):
    assert change(api, SALES, "add", ROOT_ADMIN).status_code == 404


@pytest.mark.parametrize(
    ("op", "kind"), [("add", "user_group"), ("add", "system"), ("give", "user")]
)
def test_members_takes_only_people_and_known_verbs(api, op, kind):
    assert change(api, SALES, op, STAFF, kind).status_code == 400


def test_members_are_edges_whose_origin_goes_without_saying(api):
    rows = api.get(f"/api/v2/usergroups/{SALES}/members").json()

    assert rows == path(ADA, MAX)


def test_effective_members_come_with_their_paths(api):
    rows = api.get(f"/api/v2/usergroups/{SALES}/membership").json()

    assert rows[0] == {"id": ADA, "type": "user", "compiledAttributes": {}, "paths": [path(ADA)]}
    only = api.get(f"/api/v2/usergroups/{SALES}/membership", params={"filter": f"id:eq:{MAX}"})
    assert ids(only.json()) == [MAX]


def test_the_groups_of_a_person_come_with_their_paths(api):
    rows = api.get(f"/api/v2/users/{ADA}/memberof", params={"limit": 100}).json()

    assert {STAFF, SALES} <= set(ids(rows))
    assert rows[0]["type"] == "user_group"
    assert rows[0]["paths"] == [path(rows[0]["id"])]


# groups


def test_a_group_needs_a_name_and_names_are_unique(api):
    new_group(api, "Once")

    assert api.post("/api/v2/usergroups", json={}).status_code == 400
    assert api.post("/api/v2/usergroups", json={"name": "Once"}).status_code == 409


def test_replacing_a_group_resets_what_is_omitted(api):
    group = new_group(api, "Whole", description="long", membershipMethod="DYNAMIC_AUTOMATED")

    api.put(f"/api/v2/usergroups/{group}", json={"name": "Whole again"})

    held = api.get(f"/api/v2/usergroups/{group}").json()
    assert (held["name"], held["description"], held["membershipMethod"]) == (
        "Whole again",
        "",
        "STATIC",
    )


def test_a_deleted_group_takes_its_links_along(api):
    group = new_group(api, "Doomed")
    change(api, group, "add", CAM)
    bind(api, "applications", WIKI, "add", "user_group", group)

    assert api.delete(f"/api/v2/usergroups/{group}").status_code == 200

    assert api.get(f"/api/v2/usergroups/{group}").status_code == 404
    assert group not in ids(api.get(f"/api/v2/users/{CAM}/memberof").json())
    assert ids(api.get(f"/api/v2/applications/{WIKI}/usergroups").json()) == []


def test_a_dynamic_group_says_so(api):
    assert api.get(f"/api/v2/usergroups/{RULED}").json()["membershipMethod"] == "DYNAMIC_AUTOMATED"
    assert api.get(f"/api/v2/usergroups/{STAFF}").json()["membershipMethod"] == "STATIC"


def test_all_groups_are_listed_together_and_told_apart_by_type(api):
    rows = api.get("/api/v2/groups", params={"filter": "type:eq:system_group"})

    assert ids(rows.json()) == [LAPTOPS]
    assert int(rows.headers["x-unfiltered-total-count"]) > 100


# applications


def test_the_direct_links_of_an_application_come_in_one_call_for_both_kinds(api):
    rows = api.get(f"/api/v2/applications/{CRM}/associations?targets=user,user_group").json()

    assert rows == path(ADA, CAM, SALES, STAFF)


def test_targets_is_required_and_names_graph_types(api):
    url = f"/api/v2/applications/{CRM}/associations"

    assert api.get(url).status_code == 400
    assert api.get(url, params={"targets": "people"}).status_code == 400
    assert api.get(f"/api/v2/usergroups/{STAFF}/associations?targets=user").status_code == 400


def test_an_effective_user_is_listed_once_with_every_path(api):
    rows = api.get(f"/api/v2/applications/{CRM}/users", params={"limit": 100}).json()
    by_id = {row["id"]: row["paths"] for row in rows}

    assert len(by_id) == len(rows)
    assert by_id[ADA] == [path(ADA), path(SALES, ADA), path(STAFF, ADA)]
    assert by_id[CAM] == [path(CAM)]
    assert by_id[RITA] == [path(STAFF, RITA)]


def test_the_groups_of_an_application_come_with_their_paths(api):
    rows = api.get(f"/api/v2/applications/{CRM}/usergroups").json()

    assert [(row["id"], row["paths"]) for row in rows] == [
        (SALES, [path(SALES)]),
        (STAFF, [path(STAFF)]),
    ]


def test_the_applications_of_a_person_come_with_every_path(api):
    rows = api.get(f"/api/v2/users/{ADA}/applications").json()

    assert [(row["id"], row["paths"]) for row in rows] == [
        (CRM, [path(CRM), path(STAFF, CRM), path(SALES, CRM)])
    ]


def test_an_edge_is_the_same_from_either_end(api):
    group = new_group(api, "Wiki readers")

    assert bind(api, "usergroups", group, "add", "application", WIKI).status_code == 204
    assert bind(api, "applications", WIKI, "add", "user_group", group).status_code == 409

    url = f"/api/v2/usergroups/{group}/associations"
    assert ends(api.get(url, params={"targets": "application"}).json()) == [WIKI]
    assert ids(api.get(f"/api/v2/usergroups/{group}/applications").json()) == [WIKI]
    assert bind(api, "applications", WIKI, "remove", "user_group", group).status_code == 204
    assert bind(api, "usergroups", group, "remove", "application", WIKI).status_code == 404


def test_a_person_is_bound_to_an_application_from_either_end(api):
    assert bind(api, "users", MAX, "add", "application", WIKI).status_code == 204
    assert bind(api, "applications", WIKI, "add", "user", MAX).json() == {
        "message": "Already Exists"
    }
    assert ends(api.get(f"/api/v2/users/{MAX}/associations?targets=application").json()) == [WIKI]
    assert bind(api, "applications", WIKI, "remove", "user", MAX).status_code == 204


def test_people_are_not_put_into_groups_through_associations(api):
    assert bind(api, "usergroups", SALES, "add", "user", CAM).status_code == 400
    assert bind(api, "users", CAM, "add", "user_group", SALES).status_code == 400


# consistency


def test_graph_reads_may_lag_behind_writes(server, api):
    group = new_group(api, "Lagging")
    server.switch(lag_s=30.0)

    change(api, group, "add", ADA)
    lagging = [
        api.get(f"/api/v2/usergroups/{group}/members").json(),
        api.get(f"/api/v2/usergroups/{group}/membership").json(),
        [key for key in ids(api.get(f"/api/v2/users/{ADA}/memberof").json()) if key == group],
    ]
    again = change(api, group, "add", ADA)
    server.switch(lag_s=0.0)

    assert lagging == [[], [], []]
    assert again.status_code == 409
    assert ends(api.get(f"/api/v2/usergroups/{group}/members").json()) == [ADA]


def test_a_lagging_read_still_shows_who_was_removed(server, api):
    group = new_group(api, "Lingering")
    change(api, group, "add", ADA)
    server.switch(lag_s=0.5)

    change(api, group, "remove", ADA)
    change(api, group, "add", MAX)

    seen = []
    while MAX not in seen:
        seen = ends(api.get(f"/api/v2/usergroups/{group}/members").json())
        assert seen in ([], [ADA], [MAX])


def test_a_scope_of_users_is_enough_to_read_members(server):
    server.switch(keys="people-only:users.readonly")

    with client(server, key="people-only") as narrow:
        assert narrow.get(f"/api/v2/usergroups/{STAFF}/members").status_code == 200
        assert narrow.get("/api/v2/usergroups").status_code == 403
