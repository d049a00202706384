"""JumpCloud's vendor server: which keys open what, and which tenant is meant."""

from __future__ import annotations

import pytest

from tests.vendors.conftest import ADA, CAM, NOBODY, ORG, OTHER_ORG, STAFF, client, ids

V1_LISTS = ("/api/systemusers", "/api/users", "/api/applications")
V2_LISTS = ("/api/v2/usergroups", f"/api/v2/usergroups/{STAFF}/members")


# keys


def test_a_request_without_a_key_is_answered_401(server):
    with client(server, key="") as stranger:
        answer = stranger.get("/api/systemusers")

    assert answer.status_code == 401
    assert answer.json() == {"code": 401, "status": "Unauthorized", "message": "Unauthorized"}


@pytest.mark.parametrize("path", [*V1_LISTS, *V2_LISTS, "/api/v2/directories", "/api/nowhere"])
def test_an_unknown_key_is_answered_401_everywhere(server, path):
    with client(server, key="guessed") as stranger:
        assert stranger.get(path).status_code == 401


def test_a_key_without_rights_is_answered_403(server):
    with client(server, key="demo-no-rights-key") as powerless:
        answer = powerless.get("/api/v2/usergroups")

    assert answer.status_code == 403
    assert answer.json() == {"code": 403, "status": "Forbidden", "message": "Forbidden"}


def test_a_read_only_key_reads_but_does_not_write(server):
    with client(server, key="demo-read-only-key") as reader:
        assert reader.get(f"/api/v2/usergroups/{STAFF}/members").status_code == 200
        body = {"op": "add", "type": "user", "id": CAM}
        assert reader.post(f"/api/v2/usergroups/{STAFF}/members", json=body).status_code == 403


def test_a_key_carries_the_scopes_of_its_administrator(server):
    server.switch(keys="groups-only:groups.readonly")

    with client(server, key="groups-only") as narrow:
        assert narrow.get("/api/v2/usergroups").status_code == 200
        assert narrow.get("/api/systemusers").status_code == 403
        assert narrow.get("/api/users").status_code == 403


def test_a_regenerated_key_kills_the_old_one(server, api):
    assert api.get("/api/users").status_code == 200

    server.switch(keys="regenerated")

    assert api.get("/api/users").status_code == 401
    with client(server, key="regenerated") as renewed:
        assert renewed.get("/api/users").status_code == 200


# tenants


def test_a_multi_tenant_key_must_name_the_organization(server, api):
    server.switch(multi_tenant=True)

    assert api.get("/api/systemusers").status_code == 401
    assert api.get("/api/systemusers", headers={"x-org-id": ORG}).status_code == 200


def test_a_multi_tenant_key_sees_only_the_organization_it_names(server, api):
    server.switch(multi_tenant=True)

    there = api.get("/api/systemusers", headers={"x-org-id": OTHER_ORG})

    assert there.json() == {"results": [], "totalCount": 0}
    assert api.get(f"/api/systemusers/{ADA}", headers={"x-org-id": OTHER_ORG}).status_code == 404


@pytest.mark.parametrize("multi_tenant", [True, False])
def test_a_malformed_organization_id_is_answered_400(server, api, multi_tenant):
    server.switch(multi_tenant=multi_tenant)

    assert api.get("/api/systemusers", headers={"x-org-id": "example"}).status_code == 400


def test_an_unknown_organization_is_answered_404(server, api):
    assert api.get("/api/systemusers", headers={"x-org-id": NOBODY}).status_code == 404
    assert api.get("/api/systemusers", headers={"x-org-id": OTHER_ORG}).status_code == 404


def test_organizations_do_not_accept_the_organization_header(server, api):
    assert api.get("/api/organizations", headers={"x-org-id": ORG}).status_code == 403
    answer = api.get(f"/api/organizations/{ORG}", headers={"x-org-id": OTHER_ORG})
    assert answer.status_code == 400


def test_a_single_tenant_sees_one_organization_and_a_multi_tenant_several(server, api):
    one = api.get("/api/organizations").json()
    server.switch(multi_tenant=True)
    several = api.get("/api/organizations").json()

    assert one["totalCount"] == 1
    assert one["results"] == [{"_id": ORG, "displayName": "Example", "logoUrl": ""}]
    assert ids(several["results"]) == [ORG, OTHER_ORG]


def test_an_organization_says_in_which_state_people_begin(api):
    answer = api.get(f"/api/organizations/{ORG}").json()

    assert answer["settings"]["newSystemUserStateDefaults"] == {"manualEntry": "ACTIVATED"}
