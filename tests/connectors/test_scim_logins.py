"""How the SCIM connector makes, opens, shuts and deletes accounts."""

from __future__ import annotations

import pytest

from connectors.accounts import AccountProvisioner
from connectors.base import AccountRecord, AccountStatus, Ref
from connectors.errors import Forbidden, Missing, Rejected, Unavailable
from tests.connectors.scim_cast import Read, account
from tests.scim_company import ADA, MAX, RITA

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
TIM = AccountRecord(
    "user", "", "Tim O'Hara Junior", "tim@example.test", "tim@example.test", title="Analyst",
    department="Sales", employee_id="E-9", manager_id=MAX,
)  # fmt: skip


@pytest.fixture
def server(served):
    return served


@pytest.fixture
def app(server, scim):
    return lambda **settings: scim(server, **settings)


@pytest.fixture
def tim(app):
    """Tim's account, gone afterwards."""
    made = app().create(TIM).account
    yield account(made.id, "Tim")
    app().remove(account(made.id))


def status(app, who):
    return Read(app()).account(who.id).status


def test_it_changes_accounts(app):
    assert isinstance(app(), AccountProvisioner)


def test_a_new_account_is_read_as_it_was_ordered(app, tim):
    found = Read(app()).account(tim.id)

    assert (found.name, found.email, found.username) == (
        "Tim O'Hara Junior",
        "tim@example.test",
        "tim@example.test",
    )
    assert (found.title, found.department, found.employee_id) == ("Analyst", "Sales", "E-9")
    assert found.manager_id == MAX
    assert found.status is AccountStatus.ENABLED


def test_an_account_is_made_once(server, app, tim):
    n_changes = len(server.history(applied=False))

    again = app().create(TIM)

    assert again.already
    assert again.account == Ref("user", tim.id)
    assert len(server.history(applied=False)) == n_changes


def test_user_names_have_no_case(app, tim):
    shouting = AccountRecord("user", "", "Tim", username="TIM@Example.test")

    assert app().create(shouting).account == Ref("user", tim.id)


@pytest.mark.parametrize("filters", ["eq", "none"])
def test_an_account_is_found_also_where_nothing_is_filtered(server, app, tim, filters):
    server.switch(filters=filters)

    assert app().create(TIM).account == Ref("user", tim.id)


def test_an_account_that_a_careless_filter_hides_is_found_in_the_list(server, app, tim):
    server.switch(filters="ignored", max_results=2)
    n_changes = len(server.history())

    made = app().create(TIM)

    assert made.already
    assert made.account == Ref("user", tim.id)
    assert len(server.history()) == n_changes


def test_a_conflict_about_nobody_who_is_there_is_told(server, app):
    server.fault("409", path="/scim/v2/Users", method="POST")

    with pytest.raises(Rejected, match="409"):
        app().create(TIM)


def test_whoever_is_faster_made_it(server, app, tim):
    # the look before sees nobody, and the answer to our call says that she is there
    server.fault("empty", path="/scim/v2/Users", method="GET", times=1)

    made = app().create(TIM)

    assert made.already
    assert made.account == Ref("user", tim.id)


def test_an_account_that_was_shut_is_found_and_left_shut(app, tim):
    app().disable(tim)

    assert app().create(TIM).already
    assert status(app, tim) is AccountStatus.DISABLED


def test_an_account_needs_a_user_name(app):
    connector = app()

    with pytest.raises(Rejected, match="user name"):
        connector.create(AccountRecord("user", "", "Tim", "tim@example.test"))

    assert connector.requests == 0


def test_a_creation_that_may_have_happened_is_not_sent_again(server, app):
    server.fault("cut", path="/scim/v2/Users", method="POST", times=1)
    connector = app()
    before = len(server.history())

    with pytest.raises(Unavailable):
        connector.create(TIM)
    later = connector.create(TIM)

    assert later.already
    assert len(server.history()) == before + 1
    connector.remove(account(later.account.id))


@pytest.mark.parametrize(
    ("switches", "settings", "how"),
    [
        ({}, {}, ["PATCH"]),
        ({"patch_with_path": "rejected"}, {}, ["PATCH", "PATCH"]),
        ({"patch_without_path": "rejected"}, {}, ["PATCH"]),
        ({"patch_without_path": "rejected"}, {"changes": "legacy"}, ["PATCH", "PATCH"]),
        ({"patch": False}, {}, ["PATCH", "PATCH", "PUT"]),
        ({}, {"changes": "put"}, ["PUT"]),
    ],
    ids=str,
)
def test_an_account_is_shut_and_opened_in_every_form(server, app, tim, switches, settings, how):
    server.switch(**switches)
    before = len(server.history(applied=False))

    assert not app(**settings).disable(tim).already
    methods = [line["method"] for line in server.history(applied=False)[before:]]

    assert methods == how
    assert status(app, tim) is AccountStatus.DISABLED
    assert app(**settings).disable(tim).already
    assert not app(**settings).enable(tim).already
    assert app(**settings).enable(tim).already
    found = Read(app()).account(tim.id)
    assert (found.status, found.department) == (AccountStatus.ENABLED, "Sales")


@pytest.mark.parametrize("shape", ["boolean", "text"])
def test_whoever_is_shut_out_already_is_not_shut_out_again(server, app, shape):
    server.switch(active=shape)
    before = len(server.history(applied=False))

    assert app().disable(account(RITA)).already
    assert len(server.history(applied=False)) == before


def test_silence_about_active_is_no_proof(server, app, tim):
    server.switch(active="absent")

    assert not app().disable(tim).already
    assert not app().disable(tim).already

    server.switch(active="boolean")
    assert status(app, tim) is AccountStatus.DISABLED


def test_shutting_out_never_deletes(server, app, tim):
    server.switch(patch=False, put=False)

    with pytest.raises(Rejected, match="in no form"):
        app().disable(tim)

    assert tim.id in {each.id for each in Read(app()).accounts}


def test_removing_deletes_once(server, app):
    made = account(app().create(TIM).account.id)
    before = len(server.history())

    assert not app().remove(made).already
    assert app().remove(made).already

    assert [line["method"] for line in server.history()[before:]] == ["DELETE"]


def test_a_server_that_deletes_nobody_says_so(server, app):
    server.switch(delete=False)

    with pytest.raises(Forbidden):
        app().remove(account(ADA))

    assert ADA in {each.id for each in Read(app()).accounts}


def test_an_address_that_leads_nowhere_does_not_prove_that_somebody_is_gone(server, app):
    connector = app(base_url=f"{server.url}/scim/v2/Typo")

    with pytest.raises(Missing):
        connector.remove(account(ADA))


@pytest.mark.parametrize("verb", ["enable", "disable"])
def test_whoever_does_not_exist_is_neither_opened_nor_shut(app, verb):
    with pytest.raises(Missing):
        getattr(app(), verb)(account("nobody"))


def test_the_extension_is_named_only_where_it_says_something(server, app):
    made = app().create(AccountRecord("user", "", "Plain", username="plain"))

    body = server.history()[-1]["body"]
    app().remove(account(made.account.id))
    assert ENTERPRISE not in body
    assert body["schemas"] == ["urn:ietf:params:scim:schemas:core:2.0:User"]
    assert "emails" not in body
