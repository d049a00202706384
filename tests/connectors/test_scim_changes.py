"""What the SCIM connector changes, in which form, and what it refuses to change."""

from __future__ import annotations

import json

import pytest

from connectors.base import AccountRecord, EntitlementRecord, Ref
from connectors.errors import Forbidden, Missing, Rejected, Unavailable
from tests.connectors.scim_cast import TOKEN, account, member_of, role, seat
from tests.scim_company import ADA, CAM, EMPTY, LEADS, MAX, NOOR, RITA, SALES, STAFF, scim_company

BASE = "/scim/v2"


@pytest.fixture
def server(served):
    """A server whose cast is as it was afterwards."""
    before = served.control("switches")
    yield served
    served.switch(**before)
    served.clear_faults()
    company = scim_company()
    for table, rows in (("Groups", company["groups"]), ("Users", company["users"])):
        for row in rows:
            members = [{"value": each} for each in row.get("members", [])]
            body = {**row, "members": members} if table == "Groups" else row
            put(served, f"{table}/{row['id']}", body)


@pytest.fixture
def app(server, scim):
    return lambda **settings: scim(server, **settings)


def put(server, where, body):
    headers = {"authorization": f"Bearer {TOKEN}"}
    assert server.http.put(f"{server.url}{BASE}/{where}", json=body, headers=headers).is_success


def get(server, where):
    headers = {"authorization": f"Bearer {TOKEN}"}
    return server.http.get(f"{server.url}{BASE}/{where}", headers=headers).json()


def members(server, group):
    return sorted(each["value"] for each in get(server, f"Groups/{group}")["members"])


def roles(server, who):
    return [each["value"] for each in get(server, f"Users/{who}").get("roles", [])]


@pytest.fixture
def noor():
    return account(NOOR)


def sent(server, before):
    """Each change since then, as (effect, what): the operation, or the method."""
    lines = server.history(applied=False)[before:]
    found = []
    for line in lines:
        operation = (line["body"] or {}).get("Operations", [{}])[0]
        what = f"{operation.get('op')} {operation.get('path', '')}".strip()
        found.append((line["effect"], what if operation else line["method"]))
    return found


# memberships


def test_granting_puts_somebody_into_a_group_once(server, app, noor):
    before = len(server.history(applied=False))

    assert not app().grant(noor, member_of(EMPTY)).already
    assert app().grant(noor, member_of(EMPTY)).already

    assert members(server, EMPTY) == [NOOR]
    assert sent(server, before) == [("applied", "add members")]


def test_revoking_takes_nobody_else_out(server, app):
    before = len(server.history(applied=False))

    assert not app().revoke(account(ADA), member_of(SALES)).already
    assert app().revoke(account(ADA), member_of(SALES)).already

    assert members(server, SALES) == [MAX]
    assert sent(server, before) == [("applied", f'remove members[value eq "{ADA}"]')]


@pytest.mark.parametrize("where", ["inline", "one"])
def test_whether_somebody_is_in_a_group_is_one_request(server, app, where):
    server.switch(members=where)
    connector = app()
    connector.holds(account(ADA), member_of(SALES))
    before = connector.requests

    assert connector.holds(account(ADA), member_of(SALES)) is True
    assert connector.holds(account(RITA), member_of(SALES)) is False
    assert connector.requests == before + 2


@pytest.mark.parametrize(
    ("switches", "settings", "how"),
    [
        ({}, {}, [("applied", "remove members[value eq \"101\"]")]),
        ({}, {"changes": "put"}, [("applied", "PUT")]),
        ({"patch_value_path": "rejected"}, {},
         [("refused", 'remove members[value eq "101"]'), ("applied", "replace members")]),
        ({"patch": False}, {},
         [("refused", 'remove members[value eq "101"]'), ("refused", "replace members"),
          ("applied", "PUT")]),
        ({"patch_removes_values": "accepted"}, {"changes": "legacy"},
         [("applied", "remove members")]),
        ({}, {"changes": "legacy"},
         [("refused", "remove members"), ("applied", 'remove members[value eq "101"]')]),
    ],
    ids=str,
)  # fmt: skip
def test_a_membership_ends_in_the_form_that_the_server_takes(
    server, app, switches, settings, how
):  # fmt: skip
    server.switch(**switches)
    before = len(server.history(applied=False))

    assert not app(**settings).revoke(account(ADA), member_of(SALES)).already

    assert members(server, SALES) == [MAX]
    assert sent(server, before) == how


@pytest.mark.parametrize(
    ("switches", "settings", "how"),
    [
        ({}, {}, [("applied", "add members")]),
        ({}, {"changes": "legacy"}, [("applied", "add members")]),
        ({}, {"changes": "put"}, [("applied", "PUT")]),
        ({"patch": False}, {}, [("refused", "add members"), ("refused", "add members"),
                                ("refused", "replace members"), ("applied", "PUT")]),
    ],
    ids=str,
)  # fmt: skip
def test_a_membership_begins_in_the_form_that_the_server_takes(
    server, app, noor, switches, settings, how
):  # fmt: skip
    server.switch(**switches)
    before = len(server.history(applied=False))

    assert not app(**settings).grant(noor, member_of(SALES)).already

    assert members(server, SALES) == [ADA, MAX, NOOR]
    assert sent(server, before) == how


def test_the_last_member_goes_in_the_older_form_where_nothing_else_can_be_lost(server, app):
    server.switch(patch_value_path="rejected", patch_removes_values="accepted")
    before = len(server.history(applied=False))

    app().revoke(account(MAX), member_of(LEADS))

    assert members(server, LEADS) == []
    assert sent(server, before)[-1] == ("applied", "remove members")


@pytest.mark.parametrize("changes", ["auto", "legacy", "put"])
def test_members_that_are_not_shown_are_never_lost_to_a_change(server, app, noor, changes):
    server.switch(members="never", patch_value_path="rejected", patch=changes != "put")

    with pytest.raises(Rejected):
        app(changes=changes).revoke(account(ADA), member_of(SALES))

    server.switch(members="inline")
    assert members(server, SALES) == [ADA, MAX]


def test_members_that_only_users_show_are_changed_and_read_there(server, app, noor):
    server.switch(members="never")
    connector = app()

    assert connector.holds(account(ADA), member_of(SALES)) is True
    assert connector.grant(account(ADA), member_of(SALES)).already
    assert not connector.grant(noor, member_of(SALES)).already
    assert not connector.revoke(account(ADA), member_of(SALES)).already
    assert connector.holds(account(ADA), member_of(SALES)) is False

    server.switch(members="inline")
    assert members(server, SALES) == [MAX, NOOR]


def test_a_membership_through_another_group_is_not_ours_to_end(server, app):
    server.switch(members="never", indirect_groups=True)

    with pytest.raises(Rejected, match="through another group"):
        app().revoke(account(ADA), member_of(STAFF))


@pytest.mark.parametrize("changes", ["put", "auto"])
def test_a_change_of_the_whole_group_overwrites_nobody_elses(server, app, changes):
    """Somebody changes the group between our read and our write: 412, and we read again."""
    server.switch(patch_value_path="rejected")
    lost = []

    def also_add_cam(line):
        # our connector's first read of the group is the moment for somebody else's change
        if f"GET {BASE}/Groups/{SALES}:" in line and not lost:
            lost.append(line)
            put(server, f"Groups/{SALES}", {"displayName": "Sales", "members": [
                {"value": each} for each in (ADA, MAX, CAM)]})  # fmt: skip

    app(changes=changes, net={"log": also_add_cam}).revoke(account(ADA), member_of(SALES))

    assert lost
    assert members(server, SALES) == [MAX, CAM]


def test_a_group_that_is_never_left_alone_is_tried_again_later(server, app):
    server.switch(patch_value_path="rejected")
    server.fault("412", method="PATCH", times=0)

    with pytest.raises(Unavailable, match="at the same time") as raised:
        app().revoke(account(ADA), member_of(SALES))

    assert raised.value.retry
    assert members(server, SALES) == [ADA, MAX]


def test_a_conflict_is_success_only_if_a_read_shows_it(server, app, noor):
    server.fault("409", method="PATCH", times=0)

    with pytest.raises(Rejected, match="409"):
        app().grant(noor, member_of(SALES))


def test_a_group_that_does_not_exist_is_not_called_done(app, noor):
    for verb in ("grant", "revoke"):
        with pytest.raises(Missing):
            getattr(app(), verb)(noor, member_of("nowhere"))


def test_somebody_who_no_longer_exists_is_in_no_group(app):
    assert app().revoke(account("nobody"), member_of(SALES)).already
    assert app().holds(account("nobody"), member_of(SALES)) is False


# roles and entitlements


def test_a_role_is_given_and_taken_without_touching_others(server, app):
    connector = app()

    assert not connector.grant(account(ADA), role("auditor")).already
    assert roles(server, ADA) == ["admin", "auditor"]
    assert connector.holds(account(ADA), role("auditor")) is True
    assert connector.grant(account(ADA), role("auditor")).already

    assert not connector.revoke(account(ADA), role("admin")).already
    assert roles(server, ADA) == ["auditor"]
    assert connector.revoke(account(ADA), role("admin")).already


def test_the_last_role_is_taken_by_name(server, app):
    before = len(server.history(applied=False))

    app().revoke(account(ADA), role("admin"))

    assert sent(server, before) == [("applied", 'remove roles[value eq "admin"]')]
    assert roles(server, ADA) == []


@pytest.mark.parametrize("switches", [{}, {"patch_value_path": "rejected"}, {"patch": False}])
@pytest.mark.parametrize("changes", ["auto", "legacy", "put"])
def test_roles_end_and_begin_in_every_form(server, app, switches, changes):
    server.switch(**switches)
    app(changes=changes).grant(account(ADA), role("auditor"))

    assert not app(changes=changes).revoke(account(ADA), role("admin")).already

    assert roles(server, ADA) == ["auditor"]
    row = get(server, f"Users/{ADA}")
    assert (row["title"], row["externalId"], len(row["emails"])) == ("SRE", "hr-1", 2)


def test_roles_that_are_texts_are_replaced_as_texts(server, app):
    server.switch(roles="texts")
    before = len(server.history())

    assert not app().revoke(account(ADA), role("admin")).already
    assert app().holds(account(ADA), role("admin")) is False

    body = server.history()[before:][0]["body"]
    assert body["Operations"] == [{"op": "replace", "path": "roles", "value": []}]


def test_a_second_role_does_not_take_the_place_of_the_only_one(server, app):
    server.switch(roles="object")

    with pytest.raises(Rejected, match="one of roles at a time"):
        app().grant(account(ADA), role("auditor"))

    assert app().grant(account(ADA), role("admin")).already
    server.switch(roles="objects")
    assert roles(server, ADA) == ["admin"]


def test_entitlements_of_one_value_and_two_types_are_two(server, app):
    connector = app()

    assert connector.holds(account(ADA), seat("licence/pro")) is True
    assert connector.holds(account(ADA), seat("pro")) is False
    connector.grant(account(ADA), seat("pro"))
    connector.revoke(account(ADA), seat("licence/pro"))

    assert get(server, f"Users/{ADA}")["entitlements"] == [{"value": "pro"}]


def test_whoever_is_gone_has_no_role(app):
    assert app().revoke(account("nobody"), role("admin")).already
    assert app().holds(account("nobody"), role("admin")) is False


def test_an_address_that_leads_nowhere_does_not_prove_that_access_is_gone(server, app):
    connector = app(base_url=f"{server.url}{BASE}/Typo")

    for question in (connector.holds, connector.revoke):
        with pytest.raises(Missing):
            question(account(ADA), role("admin"))


def test_whoever_does_not_exist_is_given_nothing(app):
    with pytest.raises(Missing):
        app().grant(account("nobody"), role("admin"))


# what is not changed


@pytest.mark.parametrize("verb", ["grant", "revoke"])
@pytest.mark.parametrize(
    ("who", "what"),
    [
        (AccountRecord("admin", ADA, "Ada"), member_of(SALES)),
        (account(ADA), EntitlementRecord(Ref("other", "Projects/301"), "member")),
        (account(ADA), EntitlementRecord(Ref("group", SALES), "owner")),
        (account(ADA), EntitlementRecord(Ref("credential", "access"), "access")),
    ],
)
def test_what_is_not_ours_to_change_is_refused_before_anything_is_sent(app, verb, who, what):
    connector = app()

    with pytest.raises(Rejected, match="in the application"):
        getattr(connector, verb)(who, what)
    with pytest.raises(Rejected):
        connector.call(verb, who, what)

    assert connector.requests == 0


def test_what_only_a_full_read_can_tell_is_unknown(app):
    project = EntitlementRecord(Ref("other", "Projects/301"), "member")

    assert app().holds(account(ADA), project) is None
    assert "Only groups" in app().obstacle(project)


@pytest.mark.parametrize("fault", ["503", "429", "500", "drop", "cut"])
def test_a_change_that_may_have_happened_is_not_sent_in_another_form(server, app, noor, fault):
    connector = app()
    connector.holds(noor, member_of(SALES))
    server.fault(fault, method="PATCH", times=0)
    before = connector.requests

    with pytest.raises(Exception, match="Try again later") as raised:
        connector.grant(noor, member_of(SALES))

    assert raised.value.retry
    assert connector.requests == before + 2  # one read, one write


def test_a_token_that_may_only_read_is_told_so(app, noor):
    connector = app(token="demo-read-only-token")

    assert connector.check().missing_rights == ()
    with pytest.raises(Forbidden):
        connector.grant(noor, member_of(EMPTY))


# the call


@pytest.mark.parametrize(
    ("verb", "what", "where", "operation"),
    [
        ("grant", member_of(EMPTY), f"Groups/{EMPTY}",
         {"op": "add", "path": "members", "value": [{"value": ADA}]}),
        ("revoke", member_of(SALES), f"Groups/{SALES}",
         {"op": "remove", "path": f'members[value eq "{ADA}"]'}),
        ("grant", role("auditor"), f"Users/{ADA}",
         {"op": "add", "path": "roles", "value": [{"value": "auditor"}]}),
        ("revoke", seat("licence/pro"), f"Users/{ADA}",
         {"op": "remove", "path": 'entitlements[value eq "pro" and type eq "licence"]'}),
    ],
)  # fmt: skip
def test_the_call_that_is_shown_is_the_one_that_is_sent(server, app, verb, what, where, operation):
    connector = app()
    shown = connector.call(verb, account(ADA), what)
    assert connector.requests == 0

    getattr(connector, verb)(account(ADA), what)

    line = server.history()[-1]
    method, url, body = shown.split(" ", 2)
    assert (method, url) == (line["method"], server.url + line["path"])
    assert url == f"{server.url}{BASE}/{where}"
    assert json.loads(body) == line["body"]
    assert line["body"]["Operations"] == [operation]


def test_a_value_with_quotes_stays_inside_its_filter(server, app):
    evil = 'x"] or roles[value pr'
    connector = app()
    connector.grant(account(ADA), role(evil))

    connector.revoke(account(ADA), role(evil))

    assert roles(server, ADA) == ["admin"]
    assert server.history()[-1]["body"]["Operations"][0]["path"] == (
        r'roles[value eq "x\"] or roles[value pr"]'
    )


def test_an_id_with_a_slash_stays_one_part_of_the_path(app):
    shown = app().call("grant", account(ADA), member_of("../Users/1"))

    assert "/Groups/..%2FUsers%2F1 " in shown
