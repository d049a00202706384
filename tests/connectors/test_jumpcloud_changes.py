"""What the JumpCloud connector changes, what it refuses to change, and whom it signs in as."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from connectors.base import AccountRecord, EntitlementRecord, Ref
from connectors.errors import Forbidden, Missing, Rejected, Unauthorised, Unavailable
from tests.connectors.jumpcloud_cast import (
    ADA,
    CAM_ADMIN,
    EMPTY,
    ENGINEERS,
    EVERYBODY,
    KEY,
    LEADERS,
    NIGHT_SHIFT,
    NOOR,
    SAM,
    WIKI,
    group_id,
    person_id,
)

ORGANISATION = "5f0000000000000000000001"


def account(identity, kind="user", name="Noor Byrne"):
    return AccountRecord(kind, identity, name)


def member_of(group):
    return EntitlementRecord(Ref("group", group), "member", can_provision=True)


ACCESS = EntitlementRecord(Ref("app", WIKI), "access")
HELP_DESK = EntitlementRecord(Ref("role", "role_help_desk"), "member")


@pytest.fixture
def noor():
    return account(NOOR)


@pytest.fixture
def empty(small):
    """A server whose empty group is empty again afterwards."""
    yield small
    small.switch(lag_s=0.0, dynamic_groups="reject")
    small.clear_faults()
    path = f"{small.url}/api/v2/usergroups/{EMPTY}/members"
    headers = {"x-api-key": KEY}
    for edge in small.http.get(path, headers=headers).json():
        small.http.post(
            path, headers=headers, json={"op": "remove", "type": "user", "id": edge["to"]["id"]}
        )


def test_granting_adds_the_person_to_the_group(empty, connect, noor):
    jumpcloud = connect(empty)

    granted = jumpcloud.grant(noor, member_of(EMPTY))

    assert not granted.already
    assert jumpcloud.holds(noor, member_of(EMPTY)) is True
    assert empty.history()[-1]["path"] == f"/api/v2/usergroups/{EMPTY}/members"


def test_granting_what_is_there_says_so_and_changes_nothing(empty, connect, noor):
    jumpcloud = connect(empty)
    jumpcloud.grant(noor, member_of(EMPTY))
    n_changes = len(empty.history())

    assert jumpcloud.grant(noor, member_of(EMPTY)).already
    assert len(empty.history()) == n_changes


def test_revoking_removes_the_person(empty, connect, noor):
    jumpcloud = connect(empty)
    jumpcloud.grant(noor, member_of(EMPTY))

    assert not jumpcloud.revoke(noor, member_of(EMPTY)).already
    assert jumpcloud.holds(noor, member_of(EMPTY)) is False


@pytest.mark.parametrize("message", ["Not Found", "association does not exist"])
def test_revoking_what_is_gone_says_so(empty, connect, noor, message):
    empty.switch(missing_edge_message=message)

    assert connect(empty).revoke(noor, member_of(EMPTY)).already


def test_revoking_from_a_group_that_does_not_exist_is_not_called_done(small, connect, noor):
    with pytest.raises(Missing):
        connect(small).revoke(noor, member_of("64c0000000000000000fffff"))


def test_revoking_from_a_person_who_no_longer_exists_is_done(small, connect):
    gone = account(person_id(999))

    assert connect(small).revoke(gone, member_of(ENGINEERS)).already


def test_granting_to_a_person_who_does_not_exist_is_missing(small, connect):
    with pytest.raises(Missing):
        connect(small).grant(account(person_id(999)), member_of(ENGINEERS))


def test_a_404_for_a_membership_that_is_shown_is_not_called_done(small, connect):
    small.fault("404", path="/api/v2/usergroups", method="POST")

    with pytest.raises(Unavailable, match="Try again later"):
        connect(small).revoke(account(SAM), member_of(NIGHT_SHIFT))


def test_a_change_does_not_wait_for_reads_that_lag(empty, connect, noor):
    jumpcloud = connect(empty)
    empty.switch(lag_s=0.4)

    assert not jumpcloud.grant(noor, member_of(EMPTY)).already
    assert jumpcloud.holds(noor, member_of(EMPTY)) is False
    assert jumpcloud.grant(noor, member_of(EMPTY)).already

    time.sleep(0.5)
    assert jumpcloud.holds(noor, member_of(EMPTY)) is True


@pytest.mark.parametrize("fault", ["503", "429", "500"])
def test_a_change_that_failed_is_not_sent_again(empty, connect, noor, fault):
    jumpcloud = connect(empty)
    empty.fault(fault, method="POST", path="/api/v2", times=1)
    before = empty.requests()["total"]

    with pytest.raises(Exception, match="Try again later") as raised:
        jumpcloud.grant(noor, member_of(EMPTY))

    assert raised.value.retry
    assert empty.requests()["total"] == before + 1


@pytest.mark.parametrize("verb", ["grant", "revoke"])
def test_administrators_are_never_given_or_refused_access(small, connect, verb):
    jumpcloud = connect(small)

    with pytest.raises(Rejected, match="administrator"):
        getattr(jumpcloud, verb)(account(CAM_ADMIN, "admin", "Cam"), member_of(ENGINEERS))

    assert jumpcloud.requests == 0


@pytest.mark.parametrize("entitlement", [ACCESS, HELP_DESK])
@pytest.mark.parametrize("verb", ["grant", "revoke"])
def test_only_memberships_of_groups_are_changed(small, connect, noor, verb, entitlement):
    jumpcloud = connect(small)

    with pytest.raises(Rejected, match="in the console"):
        getattr(jumpcloud, verb)(noor, entitlement)

    assert jumpcloud.requests == 0


def test_asking_about_a_large_group_takes_two_requests(large, connect):
    jumpcloud = connect(large)

    assert jumpcloud.holds(account(person_id(219)), member_of(group_id(0))) is True
    assert jumpcloud.holds(account(person_id(220)), member_of(group_id(0))) is False
    assert jumpcloud.requests == 4


def test_a_large_group_is_read_whole_where_the_person_cannot_be_asked(large, connect):
    large.fault("404", path="/api/v2/users/", times=0)

    assert connect(large).holds(account(person_id(219)), member_of(group_id(0))) is True


def test_what_only_a_full_read_can_tell_is_unknown(small, connect, noor):
    jumpcloud = connect(small)

    assert jumpcloud.holds(noor, ACCESS) is None
    assert jumpcloud.holds(account(CAM_ADMIN, "admin"), HELP_DESK) is None


@pytest.mark.parametrize("group", [EVERYBODY, LEADERS])
def test_the_obstacle_is_read_again_from_the_vendor(small, connect, group):
    assert "rule" in connect(small).obstacle(member_of(group))


def test_a_group_that_people_fill_has_no_obstacle(small, connect):
    assert connect(small).obstacle(member_of(ENGINEERS)) == ""


def test_a_group_that_is_gone_is_missing(small, connect):
    with pytest.raises(Missing):
        connect(small).obstacle(member_of("64c0000000000000000fffff"))


@pytest.mark.parametrize("behaviour", ["reject", "undo"])
def test_a_group_that_a_rule_fills_does_not_keep_a_change_by_hand(small, connect, behaviour):
    small.switch(dynamic_groups=behaviour, dynamic_undo_seconds=0.2)
    jumpcloud = connect(small)

    with suppress(Rejected):
        jumpcloud.revoke(account(ADA), member_of(EVERYBODY))

    time.sleep(0.3)
    assert jumpcloud.holds(account(ADA), member_of(EVERYBODY)) is True


def test_the_call_that_is_shown_is_the_one_that_is_sent(empty, connect, noor):
    jumpcloud = connect(empty)

    shown = jumpcloud.call("grant", noor, member_of(EMPTY))
    assert jumpcloud.requests == 0

    jumpcloud.grant(noor, member_of(EMPTY))
    sent = empty.history()[-1]
    assert shown.startswith(f"POST {empty.url}{sent['path']} ")
    assert sent["body"] == {"op": "add", "type": "user", "id": NOOR}
    assert shown.endswith(f'{{"op": "add", "type": "user", "id": "{NOOR}"}}')
    assert KEY not in shown


def test_checking_names_the_organisation(small, connect):
    signed_in = connect(small).check()

    assert signed_in.organisation == "Example"
    assert signed_in.missing_rights == ()


def test_checking_finds_the_administrator_whose_key_it_is(small, connect):
    signed_in = connect(small).check()

    assert (signed_in.who, signed_in.account) == ("cam@example.test", Ref("admin", CAM_ADMIN))


def test_a_key_that_no_administrator_record_begins_is_nobodys(small, connect):
    assert connect(small, key="demo-read-only-key").check().account is None


def test_checking_with_a_wrong_key_is_unauthorised(small, connect):
    with pytest.raises(Unauthorised, match="Enter current ones"):
        connect(small, key="wrong").check()


def test_checking_lists_every_right_that_is_missing(small, connect):
    small.fault("403", path="/api/users", times=0)
    small.fault("403", path="/api/v2/usergroups", times=0)

    missing = connect(small).check().missing_rights

    assert len(missing) == 2
    assert "administrators" in missing[0]
    assert "groups" in missing[1]


def test_a_key_without_any_right_is_told_so(small, connect):
    assert len(connect(small, key="demo-no-rights-key").check().missing_rights) == 5


def test_a_read_only_key_reads_everything_and_changes_nothing(small, connect, noor):
    jumpcloud = connect(small, key="demo-read-only-key")

    assert jumpcloud.check().missing_rights == ()
    with pytest.raises(Forbidden):
        jumpcloud.grant(noor, member_of(EMPTY))


def test_the_organisation_id_goes_everywhere_but_to_organisations(small, connect):
    small.switch(multi_tenant=True)

    assert connect(small, org_id=ORGANISATION).check().organisation == "Example"


def test_a_malformed_organisation_id_is_refused_before_anything_is_sent(small, connect):
    jumpcloud = connect(small, org_id="example")

    with pytest.raises(Rejected, match="24 digits"):
        jumpcloud.check()

    assert jumpcloud.requests == 0


def test_an_unknown_organisation_is_missing(small, connect):
    with pytest.raises(Missing):
        connect(small, org_id="5fffffffffffffffffffffff").check()


@pytest.mark.parametrize(
    ("region", "host"),
    [("us", "console.jumpcloud.com"), ("eu", "console.eu.jumpcloud.com"),
     ("in", "console.in.jumpcloud.com")],
)  # fmt: skip
def test_each_region_has_its_own_address(small, connect, noor, region, host):
    jumpcloud = connect(small, region=region, base_url="")

    assert f"POST https://{host}/api/v2/" in jumpcloud.call("grant", noor, member_of(EMPTY))
