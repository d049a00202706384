"""Fullstory in both ways: teammates through SCIM, recorded visitors through an API key."""

from __future__ import annotations

import json
import math

import pytest

from connectors.base import AccountRecord, AccountStatus, EntitlementRecord, Ref
from connectors.errors import Forbidden, Garbled, Missing, Rejected, Unauthorised, Unavailable
from connectors.fields import Problems, Secret, parse
from connectors.fullstory import Fullstory, FullstoryConfig
from tests.connectors.conftest import fresh
from tests.connectors.loopback import LOOPBACK, data, serving
from tests.connectors.scim_cast import Read, account, member_of, role
from tests.fullstory_company import (
    ADA,
    CAM,
    EMPTY,
    IDENTIFIED,
    MAX,
    NAMES,
    NOOR,
    RITA,
    ROLES,
    TEAM,
    VISITORS,
    fullstory_company,
)
from tests.vendor_process import vendor

TOKEN, KEY = "demo-token", "demo-key"
HELD = {(value, "assigned", who, "") for who, value in ROLES.items()}
MEMBERS = {(TEAM, "member", who, "") for who in (ADA, MAX)}
TIM = AccountRecord("user", "", "Tim Costa", "tim@example.test", "tim@example.test")


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    file = tmp_path_factory.mktemp("company") / "fullstory.json"
    file.write_text(json.dumps(fullstory_company()))
    with vendor("--company", file, name="fullstory") as server:
        yield server


@pytest.fixture
def server(running):
    yield from fresh(running)


@pytest.fixture
def changes(server):
    """What the server's history has since the test began."""
    n_before = len(server.history(applied=False))
    return lambda: server.history(applied=False)[n_before:]


@pytest.fixture
def open_(server, heard):
    opened = []

    def start(net=None, **settings):
        values = {"base_url": server.url, **settings}
        for name in ("scim_token", "api_key"):
            if name in values:
                values[name] = Secret(values[name])
        opened.append(Fullstory(FullstoryConfig(**values), heard.net(**(net or {}))))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


@pytest.fixture
def teammates(open_):
    return open_(scim_token=TOKEN)


@pytest.fixture
def visitors(open_):
    return open_(api_key=KEY)


# which way


def test_what_is_entered_decides_which_way_is_taken(open_):
    assert {each.type for each in open_(scim_token=TOKEN).accounts()} == {"user"}
    assert {each.type for each in open_(api_key=KEY).accounts()} == {"visitor"}


def test_scim_wins_over_an_api_key(open_):
    both = open_(scim_token=TOKEN, api_key=KEY)

    assert {each.id for each in both.accounts()} == set(NAMES)


@pytest.mark.parametrize(
    "entered", [{}, {"scim_base_url": "https://app.fullstory.com/scim/v2"},
                {"scim_base_url": "https://app.fullstory.com/scim/v2", "api_key": KEY}],
)  # fmt: skip
def test_half_a_set_of_credentials_is_refused(open_, entered):
    with pytest.raises(Rejected, match="Fullstory needs"):
        open_(**entered)


def test_the_settings_are_those_of_the_two_pages():
    config = parse(FullstoryConfig, {"scim_base_url": "https://app.fullstory.com/scim/v2/",
                                     "scim_token": "x"})  # fmt: skip

    assert config.scim.base_url == "https://app.fullstory.com/scim/v2"
    assert parse(FullstoryConfig, {"api_key": "x"}).api == "https://api.fullstory.com"
    with pytest.raises(Problems):
        parse(FullstoryConfig, {"scim_base_url": "http://169.254.169.254/scim/v2"})


@pytest.mark.parametrize(
    ("realm", "scim", "api"),
    [("us", "https://app.fullstory.com/scim/v2", "https://api.fullstory.com"),
     ("eu", "https://app.eu1.fullstory.com/scim/v2", "https://api.eu1.fullstory.com")],
)  # fmt: skip
def test_each_realm_has_its_own_addresses(realm, scim, api):
    config = FullstoryConfig(scim_token=Secret("x"), realm=realm)

    assert (config.scim.base_url, config.api) == (scim, api)


@pytest.mark.parametrize("ending", ["", "/"])
def test_the_scim_address_may_end_in_a_slash(server, open_, ending):
    url = f"{server.url}/scim/v2{ending}"

    assert len(Read(open_(scim_base_url=url, scim_token=TOKEN, base_url="")).accounts) == 6
    assert all("//" not in route for route in server.requests()["routes"])


# SCIM


@pytest.mark.parametrize("roles", ["objects", "absent"])
@pytest.mark.parametrize("groups", ["served", "absent"])
@pytest.mark.parametrize("discovery", ["served", "absent"])
def test_teammates_are_read_with_what_fullstory_shows(server, open_, roles, groups, discovery):
    server.switch(roles=roles, groups_route=groups, discovery=discovery)

    read = Read(open_(scim_token=TOKEN))

    assert {each.id for each in read.accounts} == set(NAMES)
    assert read.unread == []
    assert read.grants == (HELD if roles == "objects" else set()) | (
        MEMBERS if groups == "served" else set()
    )


def test_a_teammate_who_is_shut_out_is_shown_as_disabled(teammates):
    states = {each.id: each.status for each in Read(teammates).accounts}

    assert states[CAM] is AccountStatus.DISABLED
    assert states[ADA] is AccountStatus.ENABLED


def test_silence_about_active_is_no_suspension(server, open_):
    server.switch(active="absent")

    states = {each.status for each in Read(open_(scim_token=TOKEN)).accounts}
    assert states == {AccountStatus.ENABLED}


def test_a_read_takes_a_request_per_page_of_what_is_there(server, open_):
    server.switch(max_results=4)

    read = Read(open_(scim_token=TOKEN))

    # three of discovery, two pages of teammates, and one that says there are no groups
    assert read.requests == server.requests()["total"] == 3 + 2 + 1


def test_a_page_without_teammates_does_not_go_on_for_ever(server, open_):
    server.fault("empty", path="/scim/v2/Users", times=0)

    with pytest.raises(Garbled, match="Fullstory contradicts itself"):
        Read(open_(scim_token=TOKEN))


def test_checking_says_what_is_the_matter_and_not_that_the_token_is_wrong(server, open_):
    assert open_(scim_token=TOKEN).check().missing_rights == ()
    with pytest.raises(Unauthorised, match="Fullstory does not accept"):
        open_(scim_token="wrong").check()

    server.fault("503", path="/scim/v2/Users", times=0)
    with pytest.raises(Unavailable, match="Try again later"):
        open_(scim_token=TOKEN).check()


def test_a_regenerated_token_kills_the_old_one(server, open_):
    server.switch(tokens="regenerated")

    with pytest.raises(Unauthorised):
        open_(scim_token=TOKEN).check()
    assert open_(scim_token="regenerated").check()


@pytest.mark.parametrize("accepts", ["any", "json", "scim"])
def test_each_media_type_is_understood(server, open_, accepts):
    server.switch(accept=accepts)

    assert len(Read(open_(scim_token=TOKEN)).accounts) == 6


def test_roles_say_what_they_allow_and_are_changed_in_fullstory_only(server, open_, changes):
    server.switch(roles="objects")
    connector = open_(scim_token=TOKEN)
    read = Read(connector)
    admin = read.entitlements["Admin"]

    assert "everything" in admin.description
    assert (admin.purpose, admin.can_provision) == ("permission", False)
    assert "Settings, Team" in connector.obstacle(admin)
    for verb in (connector.grant, connector.revoke):
        with pytest.raises(Rejected, match="changed in Fullstory"):
            verb(account(ADA), admin)
    assert changes() == []


def test_groups_are_changed_where_fullstory_has_them(server, open_):
    server.switch(groups_route="served")
    connector = open_(scim_token=TOKEN)
    person, group = account(NOOR), member_of(EMPTY)

    assert connector.obstacle(group) == ""
    assert "PATCH" in connector.call("grant", person, group)
    assert not connector.grant(person, group).already
    assert connector.holds(person, group) is True
    assert not connector.revoke(person, group).already
    assert connector.holds(person, group) is False


@pytest.mark.parametrize("switches", [{}, {"patch": False}, {"patch_with_path": "rejected"}])
def test_a_teammate_is_made_shut_opened_and_deleted(server, open_, switches):
    server.switch(**switches)
    connector = open_(scim_token=TOKEN)

    made = connector.create(TIM)
    tim = account(made.account.id, "Tim")
    assert connector.create(TIM).already
    assert not connector.disable(tim).already
    assert Read(open_(scim_token=TOKEN)).account(tim.id).status is AccountStatus.DISABLED
    assert connector.disable(tim).already
    assert not connector.enable(tim).already
    assert not connector.remove(tim).already
    assert connector.remove(tim).already


def test_a_fullstory_that_deletes_nobody_says_so(server, open_):
    server.switch(delete=False)

    with pytest.raises(Forbidden):
        open_(scim_token=TOKEN).remove(account(ADA))


@pytest.mark.parametrize("verb", ["disable", "remove"])
def test_l14_the_last_active_admin_is_never_shut_out(server, open_, changes, verb):
    server.switch(roles="objects")

    with pytest.raises(Rejected, match="last active Admin"):
        getattr(open_(scim_token=TOKEN), verb)(account(RITA, "Rita"))

    assert changes() == []


def test_l14_an_admin_who_is_not_the_last_can_be_shut_out(server, open_):
    server.switch(roles="objects")
    connector = open_(scim_token=TOKEN)
    connector.enable(account(CAM))

    assert not connector.disable(account(CAM)).already


def test_l14_where_roles_cannot_be_read_nobody_is_shut_out(server, open_):
    server.switch(roles="nonsense")

    with pytest.raises(Rejected, match="who is Admin is not known"):
        open_(scim_token=TOKEN).disable(account(ADA))


# API key


def test_visitors_are_those_whom_the_customer_has_named(visitors):
    read = Read(visitors)

    assert {each.id for each in read.accounts} == IDENTIFIED
    assert {each.type for each in read.accounts} == {"visitor"}
    assert read.resources == []
    assert read.grants == set()


@pytest.mark.parametrize("switches", [{"anonymous_filter": False}, {"last_page": "empty"},
                                      {"people_page": 1}, {"people_page": 500}])  # fmt: skip
def test_visitors_are_read_whole_whatever_is_not_documented(server, open_, switches):
    server.switch(**switches)

    assert {each.id for each in Read(open_(api_key=KEY)).accounts} == IDENTIFIED


def test_a_visitor_has_the_names_that_the_customer_gave(visitors):
    read = Read(visitors)
    named, nameless, going = (read.account(each) for each in ("5001", "5000", "5004"))

    assert (named.name, named.email, named.username) == (
        "Customer 1",
        "c1@customer.test",
        "cust-1",
    )
    assert nameless.name == "c0@customer.test"
    assert (going.status, going.status_detail) == (AccountStatus.DISABLED, "being deleted")
    assert named.status is AccountStatus.ENABLED


def test_reading_visitors_takes_a_request_per_page(server, visitors):
    read = Read(visitors)

    assert read.requests == server.requests()["total"] == math.ceil(len(IDENTIFIED) / 20)
    assert len(IDENTIFIED) < VISITORS


def test_pages_that_go_in_circles_are_noticed(server, open_):
    server.fault("same_page", path="/v2/users", times=0)

    with pytest.raises(Garbled, match="a page came twice"):
        Read(open_(api_key=KEY))


def test_however_many_strangers_come_between_everybody_is_read(open_):
    def answer(asked):
        n = int(asked.query.get("page_token", "0"))
        rows = [{"id": str(n), "uid": "ada"} if n == 40 else {"id": str(n)}]
        return data({"results": rows, **({"next_page_token": str(n + 1)} if n < 40 else {})})

    with serving(answer) as other:
        assert [each.id for each in Read(open_(api_key=KEY, base_url=other.url)).accounts] == ["40"]


def test_tokens_that_lead_nowhere_are_not_followed_for_ever(open_):
    def answer(asked):
        following = str(int(asked.query.get("page_token", "0")) + 1)
        return data({"results": [{"id": "1", "uid": "u"}], "next_page_token": following})

    with serving(answer) as other:
        with pytest.raises(Garbled, match="does not stop"):
            Read(open_(api_key=KEY, base_url=other.url))
        assert len(other.asked) < 30


@pytest.mark.parametrize("body", [{}, [], {"results": 7}, "x", None], ids=str)
def test_what_is_no_list_of_visitors_is_garbled(open_, body):
    with serving(lambda _asked: data(body)) as other, pytest.raises(Garbled):
        Read(open_(api_key=KEY, base_url=other.url))


def test_a_visitor_without_an_id_is_reported_and_the_rest_are_read(open_):
    rows = [{"uid": "a"}, 7, None, {"id": "2", "uid": "b"}, {"id": 3, "uid": "c"}]
    with serving(lambda _asked: data({"results": rows})) as other:
        read = Read(open_(api_key=KEY, base_url=other.url))

    assert [each.id for each in read.accounts] == ["2", "3"]
    assert len(read.unread) == 3


@pytest.mark.parametrize(
    ("key", "says"), [(KEY, 1), ("demo-architect-key", 1), ("demo-standard-key", 2)]
)
def test_checking_a_key_says_that_it_does_not_reach_teammates(open_, key, says):
    signed_in = open_(api_key=key).check()

    assert (signed_in.who, signed_in.organisation) == ("svc@example.test", "ABC12")
    assert signed_in.account is None
    assert "not the teammates" in signed_in.missing_rights[0]
    assert len(signed_in.missing_rights) == says


def test_a_key_of_the_older_kind_belongs_to_the_organisation(server, open_):
    server.switch(key_owner="")

    assert open_(api_key=KEY).check().who == "an API key of the organisation"


def test_a_key_that_may_not_read_is_told_so(open_):
    with pytest.raises(Forbidden):
        Read(open_(api_key="demo-standard-key"))


@pytest.mark.parametrize(("status", "error"), [("401", Unauthorised), ("503", Unavailable)])
def test_a_key_is_not_called_wrong_because_fullstory_is_down(server, open_, status, error):
    server.fault(status, path="/me", times=0)

    with pytest.raises(error):
        open_(api_key=KEY).check()


def test_a_key_is_waited_for_as_long_as_fullstory_asks(server, open_, heard):
    server.fault("429", path="/v2/users", after=1, times=1, retry_after="3")

    assert {each.id for each in Read(open_(api_key=KEY)).accounts} == IDENTIFIED
    assert 2.9 < heard.pauses[0] < 3.2


def test_with_a_key_nothing_is_ever_changed(server, changes, visitors):
    person = AccountRecord("visitor", "5001", "Customer 1")
    group = EntitlementRecord(Ref("group", TEAM), "member", can_provision=True)
    before = server.requests()["total"]

    for attempt in (
        lambda: visitors.grant(person, group),
        lambda: visitors.revoke(person, group),
        lambda: visitors.call("revoke", person, group),
        lambda: visitors.create(TIM),
        lambda: visitors.enable(person),
        lambda: visitors.disable(person),
        lambda: visitors.remove(person),
    ):
        with pytest.raises(Rejected, match="nothing in Fullstory is changed"):
            attempt()

    assert visitors.holds(person, group) is None
    assert "nothing in Fullstory is changed" in visitors.obstacle(role("Admin"))
    assert server.requests()["total"] == before
    assert changes() == []


def test_neither_way_ever_deletes_a_visitor(server, open_):
    connector = open_(scim_token=TOKEN, api_key=KEY)

    with pytest.raises(Missing):
        connector.disable(AccountRecord("user", "5001"))
    assert connector.remove(AccountRecord("user", "5001")).already

    assert not [route for route in server.requests()["routes"] if "v2/users" in route]


@pytest.mark.parametrize("refused", ["401", "html", "truncated", "drop"])
def test_no_key_is_in_a_log_line_or_an_error(server, open_, heard, refused):
    server.fault(refused, path="/v2/users", after=1, times=0)
    secret = "s3cret-key-of-fullstory"
    server.switch(keys=f"{secret}:ADMIN")
    connector = open_(api_key=secret, net={"retries": 1})

    with pytest.raises(Exception, match="Fullstory") as raised:
        Read(connector)

    assert secret not in "\n".join([*heard.lines, str(raised.value), repr(vars(connector))])
    assert parse(FullstoryConfig, {"api_key": secret}, allow_private=LOOPBACK)
