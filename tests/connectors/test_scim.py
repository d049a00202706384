"""What the SCIM connector makes of an application's answers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.base import AccountStatus, Ref
from connectors.errors import Garbled, Missing, Rejected, Unauthorised
from connectors.scim.api import PATCH_OP
from tests.connectors.scim_cast import TOKEN, Read
from tests.scim_company import (
    ADA,
    ASSIGNED,
    CAM,
    DIRECT,
    EMPTY,
    LEADS,
    MAX,
    MEMBERS,
    NESTED,
    NOOR,
    OF_PROJECTS,
    RITA,
    SALES,
    SAM,
    STAFF,
    TRUE,
)


def change_members(server, group, operation):
    body = {"schemas": [PATCH_OP], "Operations": [operation]}
    headers = {"authorization": f"Bearer {TOKEN}"}
    url = f"{server.url}/scim/v2/Groups/{group}"
    assert server.http.patch(url, json=body, headers=headers).is_success


@pytest.fixture
def read(served, scim):
    return Read(scim(served))


def test_everything_is_read_and_nothing_is_made_up(read):
    assert read.grants == TRUE
    assert read.unread == []
    assert [each.id for each in read.accounts] == [ADA, MAX, RITA, CAM, SAM, NOOR]


def test_an_account_carries_what_the_extension_for_enterprises_says(read):
    ada = read.account(ADA)

    assert (ada.employee_id, ada.department, ada.title) == ("E-7", "Engineering", "SRE")
    assert ada.manager_id == MAX
    assert ada.profile["cost_center"] == "C-9"
    assert ada.profile["external_id"] == "hr-1"
    assert ada.profile["user_type"] == "Employee"
    assert ada.created_at == datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize("shape", ["object", "text", "managerId"])
def test_a_manager_is_found_in_each_shape(served, scim, shape):
    served.switch(manager=shape)

    assert Read(scim(served)).account(ADA).manager_id == MAX


def test_a_manager_who_is_not_a_user_there_is_told_and_not_linked(read):
    sam = read.account(SAM)

    assert sam.manager_id == ""
    assert sam.profile["manager"] == "999"


def test_the_primary_address_counts_and_a_user_name_only_if_it_is_one(read):
    assert read.account(ADA).email == "ada@example.test"
    assert read.account(ADA).profile["all_emails"] == "ada@home.test, ada@example.test"
    assert read.account(CAM).email == "cam@example.test"
    assert read.account(NOOR).email == ""


@pytest.mark.parametrize(("who", "name"), [(ADA, "Ada Byrne"), (MAX, "Max Byrne"), (NOOR, "noor")])
def test_a_name_is_what_is_there(read, who, name):
    assert read.account(who).name == name


@pytest.mark.parametrize("shape", ["boolean", "text"])
def test_an_inactive_user_is_disabled(served, scim, shape):
    served.switch(active=shape)
    read = Read(scim(served))

    assert read.account(RITA).status is AccountStatus.DISABLED
    assert read.account(RITA).status_detail == "inactive"
    assert read.account(ADA).status is AccountStatus.ENABLED


def test_a_user_of_whom_nothing_is_said_is_not_taken_for_disabled(served, scim):
    served.switch(active="absent")

    assert {each.status for each in Read(scim(served)).accounts} == {AccountStatus.ENABLED}


def test_groups_roles_entitlements_and_other_types_are_resources(read):
    assert {(each.type, each.id) for each in read.resources} == {
        *(("group", each) for each in MEMBERS),
        *(("role", each) for each in ("admin", "editor", "viewer", "auditor")),
        ("entitlement", "licence/pro"),
        ("entitlement", "pro"),
        ("other", "Projects/301"),
        ("other", "Projects/302"),
    }
    assert read.resource(SALES).name == "Sales"
    assert read.resource(SALES).facts == {"external_id": "dir-1"}
    assert read.resource("admin").name == "Admin"
    assert read.resource("licence/pro").facts == {"type": "licence"}


def test_a_role_that_nobody_has_is_known_from_the_schema_or_the_list_of_roles(served, scim):
    def roles():
        return {each.id for each in Read(scim(served)).resources if each.type == "role"}

    served.switch(canonical_roles=False)
    assert roles() == {"admin", "editor", "viewer"}

    served.switch(roles_endpoint=True)
    assert roles() == {"admin", "editor", "viewer", "auditor"}


def test_who_is_in_a_group_through_another_has_it_from_there(read):
    assert read.grants >= NESTED
    assert not {(STAFF, "member", each, "") for each in (ADA, MAX)} & read.grants


def test_groups_that_contain_each_other_are_read_to_an_end(served, scim):
    change_members(served, SALES, {"op": "add", "path": "members", "value": [{"value": STAFF}]})

    read = Read(scim(served))

    change_members(served, SALES, {"op": "remove", "path": f'members[value eq "{STAFF}"]'})
    assert read.grants == TRUE | {(SALES, "member", RITA, STAFF)}


@pytest.mark.parametrize("where", ["inline", "one"])
@pytest.mark.parametrize("by_users", [True, False])
def test_members_are_found_where_groups_show_them(served, scim, where, by_users):
    served.switch(members=where, user_groups=by_users)

    read = Read(scim(served))

    assert read.grants == TRUE
    assert read.unread == []


def test_where_groups_hide_their_members_users_show_their_groups(served, scim, heard):
    served.switch(members="never")

    read = Read(scim(served))

    assert read.grants == DIRECT | ASSIGNED
    assert any("read from the users" in line for line in heard.lines)


def test_a_server_without_groups_is_read_without_them(served, scim):
    served.switch(groups_route="absent", user_groups=False)

    read = Read(scim(served))

    assert read.grants == ASSIGNED | OF_PROJECTS
    assert read.unread == []


@pytest.mark.parametrize("status", ["400", "405", "501"])
def test_groups_that_are_not_announced_may_be_refused_in_any_way(served, scim, status):
    served.switch(groups_route="absent", user_groups=False)
    served.fault(status, path="/scim/v2/Groups", times=0)

    assert scim(served).check().missing_rights == ()
    assert Read(scim(served)).unread == []


@pytest.mark.parametrize("status", ["400", "404", "501"])
def test_groups_that_are_announced_and_refused_make_the_read_partial(served, scim, status):
    served.fault(status, path="/scim/v2/Groups", times=0)

    assert [each.resource.id for each in Read(scim(served)).unread] == ["all of them"]


def test_groups_that_only_users_show_are_read_and_cannot_be_changed(served, scim):
    served.switch(groups_route="absent")

    read = Read(scim(served))

    assert read.grants >= DIRECT
    assert read.resource(SALES).name == "Sales"
    assert "no list of groups" in read.entitlements[SALES].fixed_why
    assert not read.entitlements[SALES].can_provision


def test_groups_that_the_token_may_not_read_make_the_read_partial(served, scim):
    served.switch(groups_route="forbidden")
    connector = scim(served)

    assert "may not read groups" in connector.check().missing_rights[0]
    read = Read(connector)
    assert [each.resource.id for each in read.unread] == ["all of them"]
    assert read.grants >= ASSIGNED


def test_a_group_that_cannot_be_read_is_unread_and_so_is_what_it_opens(served, scim):
    served.switch(members="one", user_groups=False)
    served.fault("500", path=f"/scim/v2/Groups/{SALES}", times=0)

    read = Read(scim(served))

    assert {each.resource.id for each in read.unread} == {SALES, STAFF}
    assert (STAFF, "member", RITA, "") in read.grants


@pytest.mark.parametrize("shape", ["objects", "texts", "object"])
def test_roles_are_read_in_each_shape(served, scim, shape):
    served.switch(roles=shape)

    assert Read(scim(served)).grants == TRUE


def test_roles_that_cannot_be_read_make_the_read_partial_and_lose_nobody(served, scim):
    served.switch(roles="nonsense")

    read = Read(scim(served))

    assert len(read.accounts) == 6
    assert {each.resource.type for each in read.unread} == {"user"}
    assert "roles of this user" in read.unread[0].why
    assert read.grants >= DIRECT


def test_ids_that_are_numbers_are_read_as_text(served, scim):
    served.switch(ids="number")

    assert Read(scim(served)).grants == TRUE


def test_what_the_schema_says_is_for_reading_is_not_offered_for_change(served, scim):
    served.switch(roles_read_only=True)
    connector = scim(served)
    read = Read(connector)

    assert "for reading" in read.entitlements["admin"].fixed_why
    assert "for reading" in connector.obstacle(read.entitlements["admin"])
    assert read.entitlements[SALES].can_provision
    assert connector.obstacle(read.entitlements[LEADS]) == ""


def test_a_group_that_is_gone_is_an_obstacle_that_says_so(served, scim, read):
    gone = read.entitlements[EMPTY]
    served.fault("404", path=f"/scim/v2/Groups/{EMPTY}", times=0)

    with pytest.raises(Missing):
        scim(served).obstacle(gone)


@pytest.mark.parametrize("auth", ["bearer", "basic", "bare", "header"])
def test_the_token_is_sent_as_the_application_wants_it(served, scim, auth):
    served.switch(auth=auth)

    assert Read(scim(served, auth=auth, username="uar")).grants == TRUE
    with pytest.raises(Unauthorised):
        scim(served, auth=auth, username="uar", token="wrong").check()


def test_basic_authentication_without_a_user_name_is_refused_before_anything_is_sent(served, scim):
    with pytest.raises(Rejected, match="user name"):
        scim(served, auth="basic")


def test_the_name_of_a_header_cannot_carry_another_header(served, scim):
    with pytest.raises(Rejected, match="name of a header"):
        scim(served, auth="header", header="X-Key: 1\r\nX-Other")


@pytest.mark.parametrize(("wanted", "sent"), [("scim", "scim"), ("json", "json"),
                                              ("scim", "both"), ("json", "both")])  # fmt: skip
def test_the_media_type_can_be_chosen(served, scim, wanted, sent):
    served.switch(accept=wanted)

    assert Read(scim(served, accept=sent)).grants == TRUE


@pytest.mark.parametrize("switches", [{"unauthorised": "text"}, {"error_status": "number"}])
def test_a_refusal_needs_no_scim_body_to_be_understood(served, scim, switches):
    served.switch(**switches)

    with pytest.raises(Unauthorised, match="Enter current ones"):
        scim(served, token="wrong").check()
    with pytest.raises(Missing):
        scim(served, base_url=f"{served.url}/scim/v2/Nothing").check()


def test_an_address_that_serves_a_page_is_garbled(served, scim):
    served.fault("html", path="/scim/v2/Users", times=0)

    with pytest.raises(Garbled, match="base URL"):
        scim(served).check()


def test_checking_says_which_server_it_is(served, scim):
    signed_in = scim(served).check()

    assert "127.0.0.1" in signed_in.who
    assert signed_in.missing_rights == ()
    assert signed_in.account is None


def test_l14_the_account_whose_token_it_is_is_found(served, scim):
    served.switch(me=CAM)

    signed_in = scim(served).check()

    assert (signed_in.who, signed_in.account) == ("cam@example.test", Ref("user", CAM))


@pytest.mark.parametrize("status", ["400", "403", "404", "405"])
def test_a_server_that_does_not_tell_whose_token_it_is_is_no_worse(served, scim, status):
    served.fault(status, path="/scim/v2/Me", times=0)

    assert scim(served).check().account is None
