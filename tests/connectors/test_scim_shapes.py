"""One bad row is reported and the rest are read, whatever an application sends."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from connectors.base import AccountStatus
from connectors.errors import Garbled
from connectors.scim.access import value_id, value_in
from tests.connectors.loopback import Asked, Say, data, serving
from tests.connectors.scim_cast import Read, scim

GOOD = {"id": "1", "userName": "ada", "displayName": "Ada", "active": True}
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


def an_app(users: list[Any], groups: list[Any] = ()) -> Callable[[Asked], Say]:
    """A server of exactly these rows, which says nothing of itself."""

    def answer(asked: Asked) -> Say:
        rows = {"/scim/v2/Users": users, "/scim/v2/Groups": list(groups)}.get(asked.path)
        if rows is None:
            return data({"status": "404"}, 404)
        start = int(asked.query.get("startIndex", "1"))
        page = rows[start - 1 :]
        return data({"schemas": [LIST], "totalResults": len(rows), "Resources": page})

    return answer


def read_at(server, heard):
    connector = scim(server.url, heard)
    try:
        return Read(connector)
    finally:
        connector.close()


def read_of(heard, users, groups=()):
    with serving(an_app(users, groups)) as server:
        return read_at(server, heard)


@pytest.mark.parametrize("bad", [{}, {"userName": "rita"}, {"id": None}, {"id": ""}, {"id": True},
                                 {"id": ["1"]}, 7, "rita", None, []])  # fmt: skip
def test_a_user_without_an_id_is_reported_and_the_rest_are_read(heard, bad):
    read = read_of(heard, [bad, GOOD, bad])

    assert [each.id for each in read.accounts] == ["1"]
    assert [each.resource.id for each in read.unread] == [
        "number 1 of the list",
        "number 3 of the list",
    ]
    assert "without an id" in read.unread[0].why


@pytest.mark.parametrize("roles", [7, True, [None], [{}], [{"value": ""}], [["admin"]],
                                   [{"value": "admin"}, 0.0 * 1 or {}]], ids=str)  # fmt: skip
def test_roles_of_no_known_shape_make_one_user_unread(heard, roles):
    read = read_of(heard, [{**GOOD, "roles": roles}, {**GOOD, "id": "2", "roles": ["admin"]}])

    assert [each.resource.id for each in read.unread] == ["1"]
    assert ("admin", "assigned", "2", "") in read.grants
    assert len(read.accounts) == 2


@pytest.mark.parametrize(
    ("roles", "found"),
    [
        (None, set()), ([], set()), ("admin", {"admin"}), (["admin", "admin"], {"admin"}),
        ({"value": "admin"}, {"admin"}), ([{"Value": "admin", "type": "x"}], {"admin"}),
        ([{"display": "Admin"}], {"Admin"}), ([{"value": 7}], {"7"}),
        ([{"value": {"value": "admin"}}], {"admin"}),
    ],
    ids=str,
)  # fmt: skip
def test_roles_are_read_in_every_shape_that_is_seen(heard, roles, found):
    read = read_of(heard, [{**GOOD, "roles": roles}])

    assert {resource for resource, *_ in read.grants} == found
    assert read.unread == []


@pytest.mark.parametrize(
    ("active", "status"),
    [
        (True, "enabled"), ("True", "enabled"), ("TRUE ", "enabled"), (1, "enabled"),
        (None, "enabled"), (False, "disabled"), ("false", "disabled"), (0, "disabled"),
        ("maybe", "unspecified"), ([], "unspecified"), ({}, "unspecified"),
    ],
    ids=str,
)  # fmt: skip
def test_active_is_understood_or_left_open(heard, active, status):
    read = read_of(heard, [{**GOOD, "active": active}])

    assert read.accounts[0].status is AccountStatus(status)


@pytest.mark.parametrize(
    ("emails", "mail"),
    [
        ([{"value": "a@x.test"}], "a@x.test"), (["a@x.test"], "a@x.test"), ("a@x.test", "a@x.test"),
        ({"value": "a@x.test"}, "a@x.test"), ([{"type": "work"}], ""), (7, ""), ([None], ""),
        ([{"value": "h@x.test", "type": "home"}, {"value": "w@x.test", "type": "Work"}],
         "w@x.test"),
        ([{"value": "a@x.test", "primary": True}, {"value": "b@x.test", "primary": True}],
         "a@x.test"),
        ([{"value": "a@x.test"}, {"VALUE": "b@x.test", "Primary": "true"}], "b@x.test"),
    ],
    ids=str,
)  # fmt: skip
def test_one_address_is_chosen_whatever_shape_they_have(heard, emails, mail):
    assert read_of(heard, [{**GOOD, "emails": emails}]).accounts[0].email == mail


@pytest.mark.parametrize("more", [
    {"meta": {"created": "yesterday"}}, {"meta": 7}, {"name": "Ada"}, {"name": None},
    {"profileUrl": "nonsense"}, {"unheard": {"of": []}}, {"groups": None}, {"title": ["x"]},
    {"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": "x"},
    {"urn:example:other:1.0:User": {"x": 1}}, {"USERNAME": "other"},
], ids=str)  # fmt: skip
def test_what_is_odd_about_a_user_costs_nobody_the_read(heard, more):
    read = read_of(heard, [{**GOOD, **more}])

    assert [(each.id, each.name) for each in read.accounts] == [("1", "Ada")]
    assert read.unread == []


def test_names_of_attributes_have_no_case(heard):
    shouted = {"ID": "1", "USERNAME": "ada", "DisplayName": "Ada", "ROLES": [{"VALUE": "admin"}]}

    read = read_of(heard, [shouted])

    assert (read.accounts[0].name, read.accounts[0].username) == ("Ada", "ada")
    assert read.grants == {("admin", "assigned", "1", "")}


@pytest.mark.parametrize("members", [7, [None], [{"display": None}], [{"type": "User"}]], ids=str)
def test_members_of_no_known_shape_make_one_group_unread(heard, members):
    groups = [{"id": "g1", "displayName": "Odd", "members": members},
              {"id": "g2", "displayName": "Sales", "members": [{"value": "1"}]}]  # fmt: skip

    read = read_of(heard, [GOOD], groups)

    assert [each.resource.id for each in read.unread] == ["g1"]
    assert read.grants == {("g2", "member", "1", "")}


@pytest.mark.parametrize("member", [
    {"value": "g1", "type": "Group"}, {"value": "g1", "type": "group"},
    {"value": "g1", "$ref": "https://x/scim/v2/Groups/g1"}, {"value": "g1"}, "g1",
], ids=str)  # fmt: skip
def test_a_group_inside_a_group_is_told_from_a_user(heard, member):
    groups = [{"id": "g1", "displayName": "Inner", "members": [{"value": "1"}]},
              {"id": "g2", "displayName": "Outer", "members": [member]}]  # fmt: skip

    assert ("g2", "member", "1", "g1") in read_of(heard, [GOOD], groups).grants


def test_a_member_of_whom_nothing_is_known_is_told_in_the_log(heard):
    groups = [{"id": "g1", "displayName": "Sales", "members": [{"value": "1"}, {"value": "9"}]}]

    read = read_of(heard, [GOOD], groups)

    assert read.grants == {("g1", "member", "1", "")}
    assert any("1 members of groups are not among the users" in line for line in heard.lines)


def test_two_users_of_one_id_are_not_believed(heard):
    with pytest.raises(Garbled, match="it counts 2 and sends 1"):
        read_of(heard, [GOOD, GOOD])


@pytest.mark.parametrize("body", [{}, [], {"Resources": 7}, {"results": []}, "x", 7, None])
def test_what_is_no_list_of_scim_is_garbled(heard, body):
    said = Say(200, json.dumps(body).encode(), {"content-type": "application/scim+json"})
    with serving(lambda _asked: said) as server, pytest.raises(Garbled):
        read_at(server, heard)


@pytest.mark.parametrize(
    "element", ["a", "a/b", "a%2Fb", "%", "licence/pro", {"value": "a/b", "type": "x/y"},
                {"value": "%2F", "type": "%"}],
    ids=str,
)  # fmt: skip
def test_the_id_of_an_entitlement_says_its_value_and_its_type(element):
    value, sort = value_in("entitlement", value_id("entitlement", element))

    if isinstance(element, str):
        assert (value, sort) == (element, "")
    else:
        assert {"value": value, "type": sort} == element


@pytest.mark.parametrize("endpoint", [
    "/Users", "Users", "/Users/", "/scim/v2/Users", "{base}/Users", "https://elsewhere.test/Users",
    "/../Users", "", None, 7,
], ids=str)  # fmt: skip
def test_users_are_found_wherever_the_server_says_that_they_are(heard, endpoint):
    def answer(asked: Asked) -> Say:
        if asked.path.endswith("/ResourceTypes"):
            base = f"http://{asked.headers['host']}/scim/v2"
            where = endpoint.format(base=base) if isinstance(endpoint, str) else endpoint
            return data([{"name": "User", "endpoint": where}])
        return an_app([GOOD])(asked)

    with serving(answer) as server:
        read = read_at(server, heard)

    assert [each.id for each in read.accounts] == ["1"]
    assert {asked.path for asked in server.asked} >= {"/scim/v2/Users"}


def test_a_list_may_have_a_name_of_the_server_s_own(heard):
    def answer(asked: Asked) -> Say:
        if asked.path.endswith("/ResourceTypes"):
            return data({"Resources": [{"id": "User", "endpoint": "/People"}]})
        if asked.path == "/scim/v2/People":
            return data({"totalResults": 1, "Resources": [GOOD]})
        return data({}, 404)

    with serving(answer) as server:
        read = read_at(server, heard)

    assert [each.id for each in read.accounts] == ["1"]


@pytest.mark.parametrize("rows", [[], [GOOD]], ids=["empty", "the same"])
def test_cursors_that_lead_nowhere_are_not_followed_for_ever(heard, rows):
    def answer(asked: Asked) -> Say:
        if asked.path.endswith("/Users"):
            cursor = asked.query.get("cursor") or "0"
            return data({"Resources": rows, "nextCursor": str(int(cursor) + 1)})
        return data({}, 404)

    with serving(answer) as server:
        with pytest.raises(Garbled, match="does not stop sending users"):
            read_at(server, heard)
        assert len(server.asked) < 30
