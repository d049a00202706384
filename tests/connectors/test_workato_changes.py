"""What the Workato connector changes: one role in one environment; who joins and who leaves."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from connectors.accounts import Inviter
from connectors.base import AccountRecord, EntitlementRecord, Ref
from connectors.errors import Forbidden, Missing, RateLimited, Rejected, Unavailable
from connectors.workato.roles import Held, Roles
from tests.connectors.workato_cast import (
    ADA,
    CAM,
    HEADERS,
    MANAGER,
    MAX,
    NOOR,
    RITA,
    SAM,
    TOKEN,
    WEI,
    role,
    someone,
)

ADMIN, OPERATOR = role("Admin", "prod"), role("Operator", "prod")
ANALYST = role("Analyst", "prod")
CUSTOM = role(MANAGER, "prod", "Release manager")
GROUP = EntitlementRecord(Ref("group", "am-1"), "member")


def roles_at(server, member: str) -> dict[str, str]:
    """The roles that the vendor itself shows."""
    row = server.http.get(f"{server.url}/api/members/{member}", headers=HEADERS).json()
    row = row.get("data", row)
    return {each["environment_type"]: each["role_name"] for each in row["roles"]}


def set_by_hand(server, member: str, **roles: str) -> None:
    body = {"env_roles": [{"environment_type": e, "name": name} for e, name in roles.items()]}
    answer = server.http.put(f"{server.url}/api/members/{member}", headers=HEADERS, json=body)
    assert answer.status_code == 200


@pytest.fixture
def restored(legacy):
    """The legacy workspace, whose people have their usual roles again afterwards."""
    yield legacy
    legacy.switch(no_access_put=True, lag_s=0.0)
    legacy.clear_faults()
    set_by_hand(legacy, ADA, dev="Admin", test="Analyst", prod="Operator")
    set_by_hand(legacy, SAM, dev="No access", test="No access", prod="No access")
    set_by_hand(legacy, MAX, dev="Analyst", prod="Admin")
    set_by_hand(legacy, RITA, dev="Admin", prod="Admin")


def changes(server, before: int) -> list[dict[str, Any]]:
    return server.history()[before:]


# roles


def test_l6_granting_replaces_the_role_of_that_environment_and_says_which(restored, open_workato):
    granted = open_workato(restored).grant(someone(ADA), ADMIN)

    assert not granted.already
    assert granted.replaced is not None
    assert granted.replaced.resource == Ref("role", "Operator-prod")
    assert granted.replaced.name == "Operator in prod"
    assert granted.replaced.exclusive == "role in prod"


def test_l6_the_other_environments_are_left_alone(restored, open_workato):
    before = len(restored.history())

    open_workato(restored).grant(someone(ADA), ADMIN)

    assert roles_at(restored, ADA) == {"dev": "Admin", "test": "Analyst", "prod": "Admin"}
    assert changes(restored, before)[0]["body"] == {
        "env_roles": [{"environment_type": "prod", "name": "Admin", "role_type": "privilege_group"}]
    }


def test_a_role_is_never_taken_from_an_older_read(restored, open_workato):
    """The original sent everything it had read, up to an hour ago, back (defect 8)."""
    workato = open_workato(restored)
    assert workato.holds(someone(ADA), OPERATOR) is True
    set_by_hand(restored, ADA, dev="Operator")

    workato.grant(someone(ADA), ADMIN)

    assert roles_at(restored, ADA)["dev"] == "Operator"


def test_granting_to_somebody_without_access_replaces_nothing(restored, open_workato):
    granted = open_workato(restored).grant(someone(SAM), OPERATOR)

    assert (granted.already, granted.replaced) == (False, None)
    assert roles_at(restored, SAM) == {
        "dev": "No access", "test": "No access", "prod": "Operator",
    }  # fmt: skip


def test_l13_granting_what_is_there_says_so_and_sends_nothing(restored, open_workato):
    before = len(restored.history())

    assert open_workato(restored).grant(someone(ADA), OPERATOR).already
    assert changes(restored, before) == []


def test_a_custom_role_is_sent_by_its_name_and_not_by_its_number(restored, open_workato):
    """The original sent the number, which the vendor refuses (defect 6)."""
    open_workato(restored).grant(someone(SAM), CUSTOM)

    assert roles_at(restored, SAM)["prod"] == "Release manager"


def test_a_custom_role_is_known_by_its_id_when_it_was_renamed_meanwhile(restored, open_workato):
    old = role(MANAGER, "prod", "What it was called before")

    workato = open_workato(restored)

    assert workato.holds(someone(CAM, "Cam Byrne"), old) is True
    workato.grant(someone(SAM), old)
    assert roles_at(restored, SAM)["prod"] == "Release manager"


def test_revoking_leaves_no_access_in_that_environment_only(restored, open_workato):
    workato = open_workato(restored)

    assert not workato.revoke(someone(ADA), OPERATOR).already
    assert workato.holds(someone(ADA), OPERATOR) is False
    assert roles_at(restored, ADA) == {"dev": "Admin", "test": "Analyst", "prod": "No access"}


def test_l6_revoking_a_role_that_is_another_meanwhile_changes_nothing(restored, open_workato):
    set_by_hand(restored, ADA, prod="Analyst")
    before = len(restored.history())

    assert open_workato(restored).revoke(someone(ADA), OPERATOR).already
    assert changes(restored, before) == []
    assert roles_at(restored, ADA)["prod"] == "Analyst"


def test_where_no_access_cannot_be_set_a_person_is_told_what_to_do(restored, open_workato):
    restored.switch(no_access_put=False)

    with pytest.raises(Rejected, match="set it for Ada Byrne in prod"):
        open_workato(restored).revoke(someone(ADA), OPERATOR)

    assert roles_at(restored, ADA)["prod"] == "Operator"


@pytest.mark.parametrize("answer", ["result", "member", "nothing"])
@pytest.mark.parametrize("wrapper", ["bare", "data"])
def test_the_answers_of_the_vendor_may_have_any_shape(restored, open_workato, answer, wrapper):
    restored.switch(put_answer=answer, member_wrapper=wrapper)
    workato = open_workato(restored)

    assert not workato.grant(someone(ADA), ADMIN).already
    assert workato.holds(someone(ADA), ADMIN) is True


def test_holds_follows_reads_that_lag(restored, open_workato):
    workato = open_workato(restored)
    restored.switch(lag_s=0.4)

    assert not workato.grant(someone(ADA), ADMIN).already
    assert workato.holds(someone(ADA), ADMIN) is False

    time.sleep(0.5)
    assert workato.holds(someone(ADA), ADMIN) is True


def test_somebody_who_is_gone_holds_nothing_and_nothing_is_to_be_revoked(legacy, open_workato):
    workato, gone = open_workato(legacy), someone("9999", "Gone")

    assert workato.holds(gone, OPERATOR) is False
    assert workato.revoke(gone, OPERATOR).already
    with pytest.raises(Missing):
        workato.grant(gone, OPERATOR)


@pytest.mark.parametrize("fault", ["503", "429", "500"])
def test_a_change_that_failed_is_not_sent_again(restored, open_workato, fault):
    workato = open_workato(restored)
    restored.fault(fault, method="PUT", times=1)
    restored.reset_counts()

    with pytest.raises((Unavailable, RateLimited)) as raised:
        workato.grant(someone(ADA), ADMIN)

    assert raised.value.retry
    assert restored.requests()["routes"]["PUT /api/members/{id}"] == 1


def test_what_is_held_now_is_said_as_a_read_of_everything_says_it(legacy, open_workato):
    workato = open_workato(legacy)
    rights = {
        each.resource: each
        for resource in workato.resources()
        for each in workato.entitlements(resource)
    }

    for grant in workato.grants(list(workato.resources())):
        if grant.resource.type == "role":
            environment = grant.resource.id.rpartition("-")[2]
            current = workato.current(someone(grant.account.id), role("Admin", environment))
            assert current == rights[grant.resource]
    assert workato.current(someone(SAM), ADMIN) is None


@pytest.mark.parametrize("name", ["12", "tab\there", "n" * 10_000])
def test_a_role_that_has_only_an_odd_name_has_an_id_all_the_same(name):
    roles = Roles()
    held = Held("prod", "role", name)

    roles.observe([held])

    identity = roles.find(held).ref("prod").id
    assert identity.startswith("name:")
    assert identity.isprintable()
    assert len(identity) < 300


def test_a_role_whose_list_is_refused_is_not_mistaken_for_another(legacy, open_workato):
    legacy.switch(tokens="part:-GET/api/roles")
    workato = open_workato(legacy, key="part")

    assert workato.current(someone(ADA), ADMIN).resource == Ref("role", "Operator-prod")
    with pytest.raises(Forbidden, match="Which role “Release manager” is"):
        workato.current(someone(CAM), ADMIN)


def test_environment_roles_are_set_by_their_own_type(newer, open_workato):
    developer = role("20", "prod", "Developer", "environment_role")

    granted = open_workato(newer).grant(someone(ADA), developer)

    assert granted.replaced is not None
    assert granted.replaced.resource == Ref("environment_role", "3-prod")
    assert newer.history()[-1]["body"]["env_roles"][0]["role_type"] == "environment"
    assert roles_at(newer, ADA)["prod"] == "Developer"


def test_a_role_of_the_other_model_is_not_the_same(mixed, open_workato):
    workato = open_workato(mixed)

    assert workato.holds(someone(CAM), role("Operator", "prod")) is True
    assert workato.holds(someone(CAM), role("Operator", "prod", kind="environment_role")) is False


@pytest.mark.parametrize("verb", ["grant", "revoke"])
def test_only_roles_of_collaborators_are_changed(legacy, open_workato, verb):
    workato = open_workato(legacy)

    with pytest.raises(Rejected, match="Workspace admin"):
        getattr(workato, verb)(someone(ADA), GROUP)
    with pytest.raises(Rejected, match="Only collaborators"):
        getattr(workato, verb)(AccountRecord("robot", "1"), OPERATOR)

    assert workato.holds(someone(ADA), GROUP) is None
    assert workato.requests == 0


def test_a_client_that_may_not_update_is_told_which_endpoint_to_tick(legacy, open_workato):
    workato = open_workato(legacy, key="demo-read-token")

    with pytest.raises(Forbidden, match=r"PUT /api/members/3001\. Tick it"):
        workato.grant(someone(ADA), ADMIN)


# obstacles


def test_a_role_that_can_be_given_has_no_obstacle(legacy, open_workato):
    workato = open_workato(legacy)

    assert workato.obstacle(OPERATOR) == ""
    assert workato.obstacle(CUSTOM) == ""
    assert workato.obstacle(role("Parent auditor", "dev")) == ""


def test_a_role_whose_name_another_has_too_is_an_obstacle(legacy, open_workato):
    assert "rename all but one" in open_workato(legacy).obstacle(role("600", "dev", "Twin"))
    assert open_workato(legacy).holds(someone(WEI), role("600", "dev", "Twin")) is True


def test_a_role_that_is_gone_is_missing(legacy, open_workato):
    with pytest.raises(Missing, match="no role Old one"):
        open_workato(legacy).obstacle(role("477", "prod", "Old one"))


def test_what_is_no_role_is_an_obstacle(legacy, open_workato):
    assert "Only roles" in open_workato(legacy).obstacle(GROUP)


# the last administrator


def test_l14_the_last_administrator_of_an_environment_stays(restored, open_workato):
    workato = open_workato(restored)
    workato.grant(someone(RITA), OPERATOR)

    with pytest.raises(Rejected, match="the last Admin in prod"):
        workato.revoke(someone(MAX, "Max Byrne"), ADMIN)
    with pytest.raises(Rejected, match="the last Admin in prod"):
        workato.grant(someone(MAX, "Max Byrne"), OPERATOR)
    with pytest.raises(Rejected, match="the last Admin in prod"):
        workato.remove_account(someone(MAX, "Max Byrne"))

    assert roles_at(restored, MAX)["prod"] == "Admin"


def test_an_administrator_who_is_not_the_last_goes(restored, open_workato):
    assert not open_workato(restored).revoke(someone(RITA), ADMIN).already


# the call that is shown


@pytest.mark.parametrize(("verb", "name"), [("grant", "Admin"), ("revoke", "No access")])
def test_the_call_that_is_shown_is_the_one_that_is_sent(restored, open_workato, verb, name):
    workato = open_workato(restored)
    set_by_hand(restored, ADA, prod="Operator" if verb == "grant" else "Admin")

    shown = workato.call(verb, someone(ADA), ADMIN)
    assert workato.requests == 0

    getattr(workato, verb)(someone(ADA), ADMIN)
    sent = restored.history()[-1]
    assert shown == f"PUT {restored.url}{sent['path']} {json.dumps(sent['body'])}"
    assert sent["body"]["env_roles"][0]["name"] == name
    assert TOKEN not in shown


# joining and leaving


def invitations(server) -> list[dict[str, Any]]:
    return [line for line in server.history() if line["path"] == "/api/member_invitations"]


def test_the_connector_gives_and_takes_accounts(legacy, open_workato):
    assert isinstance(open_workato(legacy), Inviter)


def test_inviting_sends_one_invitation_and_nobody_is_a_member_yet(legacy, open_workato):
    added = open_workato(legacy).add_account("New Byrne", "new@example.test", [OPERATOR])

    assert (added.already, added.account) == (False, None)
    assert invitations(legacy)[-1]["body"] == {
        "name": "New Byrne",
        "email": "new@example.test",
        "env_roles": [
            {"environment_type": "prod", "name": "Operator", "role_type": "privilege_group"}
        ],
    }


def test_l11_somebody_who_accepted_is_not_invited_again(legacy, open_workato):
    workato = open_workato(legacy)
    workato.add_account("Joined Byrne", "joined@example.test", [OPERATOR])
    n_before = len(invitations(legacy))
    legacy.http.post(f"{legacy.url}/accept", data={"email": "joined@example.test"})

    again = workato.add_account("Joined Byrne", "Joined@example.test", [OPERATOR])

    assert again.already
    assert again.account is not None
    assert roles_at(legacy, again.account.id)["prod"] == "Operator"
    assert len(invitations(legacy)) == n_before
    assert not workato.remove_account(someone(again.account.id)).already


def test_an_address_that_is_part_of_another_is_somebody_else(legacy, open_workato):
    """The vendor's filter finds parts: “da@example.test” is in “ada@example.test”."""
    added = open_workato(legacy).add_account("Da", "da@example.test", [OPERATOR])

    assert not added.already


@pytest.mark.parametrize(("status", "error"), [(429, RateLimited), (400, Rejected)])
def test_l11_a_second_invitation_within_twenty_minutes_is_not_forced(
    legacy, open_workato, status, error
):
    legacy.switch(invited_again=status)
    workato, email = open_workato(legacy), f"twice{status}@example.test"
    workato.add_account("Twice", email, [OPERATOR])

    with pytest.raises(error):
        workato.add_account("Twice", email, [OPERATOR])

    assert len([each for each in invitations(legacy) if each["body"]["email"] == email]) == 1


def test_l11_somebody_whom_the_vendor_knows_is_there_already(legacy, open_workato):
    legacy.switch(invited_again=409)
    workato = open_workato(legacy)
    workato.add_account("Known", "known@example.test", [OPERATOR])

    again = workato.add_account("Known", "known@example.test", [OPERATOR])

    assert (again.already, again.account) == (True, None)


def test_nobody_is_invited_without_a_role(legacy, open_workato):
    workato = open_workato(legacy)

    with pytest.raises(Rejected, match="without a role"):
        workato.add_account("Nobody", "nobody@example.test", [])
    with pytest.raises(Rejected, match="roles in environments only"):
        workato.add_account("Nobody", "nobody@example.test", [GROUP])


@pytest.mark.parametrize("status", [200, 204])
def test_removing_takes_the_whole_account_and_twice_says_so(workspaces, open_workato, status):
    server = workspaces("legacy")
    server.switch(delete_status=status)
    workato, email = open_workato(server), f"leaver{status}@example.test"
    workato.add_account("Leaver", email, [OPERATOR])
    server.http.post(f"{server.url}/accept", data={"email": email})
    account = workato.add_account("Leaver", email, [OPERATOR]).account
    assert account is not None

    assert not workato.remove_account(someone(account.id)).already
    assert workato.remove_account(someone(account.id)).already
    assert workato.holds(someone(account.id), OPERATOR) is False


def test_only_collaborators_are_removed(legacy, open_workato):
    with pytest.raises(Rejected, match="Only collaborators"):
        open_workato(legacy).remove_account(AccountRecord("user", NOOR))
