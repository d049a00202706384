"""What every connector of the catalogue owes its callers, whatever its vendor.

A new connector names its vendor server in `contract.VENDORS`, and this file says
what is still missing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from typing import Any

import pytest

from connectors import CATALOGUE, find
from connectors.accounts import AccountProvisioner
from connectors.base import AccountRecord, Net, Provisioner, Reader
from connectors.errors import Blocked, Garbled, Remote, Unauthorised, Unavailable
from connectors.fields import fields, parse, plain, secrets
from tests.connectors.contract import FAULTS, KINDS, VENDORS, a_change, everything
from tests.connectors.loopback import LOOPBACK, Heard
from tests.vendor_process import VendorProcess, vendor


@pytest.fixture(scope="module", params=KINDS)
def running(request: pytest.FixtureRequest) -> Iterator[tuple[type[Reader], VendorProcess]]:
    """Each connector of the catalogue with its vendor's server."""
    with vendor(*VENDORS[request.param].flags, name=request.param) as server:
        yield find(request.param), server


@pytest.fixture
def server(running: tuple[type[Reader], VendorProcess]) -> Iterator[VendorProcess]:
    yield running[1]
    running[1].clear_faults()


@pytest.fixture
def connector(running: tuple[type[Reader], VendorProcess]) -> type[Reader]:
    return running[0]


@pytest.fixture
def open_(
    connector: type[Reader], server: VendorProcess, heard: Heard
) -> Iterator[Callable[..., Reader]]:
    """Open the connector, with the accepted credentials unless told; closed afterwards."""
    opened: list[Reader] = []

    def start(*, refused: bool = False, **net: Any) -> Reader:
        known = VENDORS[connector.kind]
        values = known.refused if refused else known.accepted
        reader = connector(
            parse(
                connector.Config,
                {**values, "base_url": server.url + known.base_path},
                allow_private=LOOPBACK,
            ),
            heard.net(**net),
        )
        opened.append(reader)
        return reader

    yield start
    for reader in opened:
        reader.close()


@pytest.mark.parametrize("kind", KINDS)
def test_it_has_a_vendor_server(kind):
    assert kind in VENDORS


@pytest.mark.parametrize("connector", CATALOGUE, ids=KINDS)
def test_it_introduces_itself(connector):
    assert connector.Config.kind == connector.kind
    assert connector.title
    assert connector.summary.endswith(".")
    slugs = [each.slug for each in connector.resource_types]
    assert len(slugs) == len(set(slugs)) > 0


@pytest.mark.parametrize("connector", CATALOGUE, ids=KINDS)
def test_its_settings_explain_themselves(connector):
    declared = fields(connector.Config)

    assert all(each.label and each.help for each in declared)
    assert {each.name: each.kind for each in declared}["base_url"] == "url"
    assert all(each.env.startswith(f"UAR_{connector.kind.upper()}_") for each in declared)
    assert [each.name for each in dataclass_fields(connector.Config)] == [
        each.name for each in declared
    ]


@pytest.mark.parametrize("connector", CATALOGUE, ids=KINDS)
def test_it_says_who_obtains_its_credentials_and_how(connector):
    assert connector.guide.who.endswith(".")
    assert connector.guide.ways
    for way in connector.guide.ways:
        assert len(way.steps) > 1
        assert bool(way.title) is (len(connector.guide.ways) > 1)
    for step in connector.guide.steps():
        assert step.text.endswith(".")


@pytest.mark.parametrize("connector", CATALOGUE, ids=KINDS)
def test_it_says_which_addresses_it_calls(connector):
    config = parse(connector.Config, VENDORS[connector.kind].accepted)

    assert config.addresses
    assert all(each.startswith("https://") for each in config.addresses)


def test_it_says_whom_it_signed_in_as(open_):
    signed_in = open_().check()

    assert signed_in.who
    assert signed_in.missing_rights == ()


def test_ids_are_the_same_in_every_read(open_):
    first, second = everything(open_()), everything(open_())

    assert first.accounts == second.accounts
    assert first.resources == second.resources
    assert first.entitlements == second.entitlements
    assert set(first.grants) == set(second.grants)


def test_every_id_comes_once(open_):
    read = everything(open_())

    for records in (
        [each.ref for each in read.accounts],
        [each.ref for each in read.resources],
        [(each.resource, each.slug) for each in read.entitlements],
        read.grants,
    ):
        assert records
        assert len(records) == len(set(records))


def test_grants_name_what_was_read(open_):
    read = everything(open_())
    accounts = {each.ref for each in read.accounts}
    resources = {each.ref for each in read.resources}
    entitlements = {(each.resource, each.slug) for each in read.entitlements}

    assert read.unread == []
    assert {each.account for each in read.grants} <= accounts
    assert {(each.resource, each.slug) for each in read.grants} <= entitlements
    assert {each.via for each in read.grants if each.via} <= resources


def test_accounts_name_each_other_by_ids_that_were_read(open_):
    accounts = everything(open_()).accounts
    known = {each.id for each in accounts}

    assert {each.manager_id for each in accounts} - {""} <= known
    assert {each.linked_id for each in accounts} - {""} <= known


def test_types_are_those_of_the_capability_matrix(open_, connector):
    read = everything(open_())
    types = {each.slug: each for each in connector.resource_types}

    assert {each.type for each in read.resources} <= types.keys()
    for each in read.entitlements:
        assert types[each.resource.type].can_provision or not each.can_provision
        assert not (each.fixed_why and each.can_provision)


def test_requests_are_counted_as_the_vendor_counts_them(open_, server):
    server.reset_counts()
    reader = open_()

    everything(reader)

    assert reader.requests == server.requests()["total"] > 0


def test_granting_and_revoking_twice_succeeds_and_says_so(open_, connector):
    reader = open_()
    if not isinstance(reader, Provisioner):
        pytest.skip("it changes nothing")
    account, entitlement = a_change(reader)

    assert reader.obstacle(entitlement) == ""
    assert reader.holds(account, entitlement) is False
    assert not reader.grant(account, entitlement).already
    assert reader.holds(account, entitlement) is True
    assert reader.grant(account, entitlement).already
    assert not reader.revoke(account, entitlement).already
    assert reader.holds(account, entitlement) is False
    assert reader.revoke(account, entitlement).already


@pytest.mark.parametrize(
    "connector", [each for each in CATALOGUE if issubclass(each, AccountProvisioner)]
)
def test_an_account_is_made_shut_opened_and_deleted_and_twice_is_success(connector, heard):
    known = VENDORS[connector.kind]
    person = AccountRecord("user", "", "Tim Costa", "tim@example.test", "tim@example.test")
    with vendor(*known.flags, name=connector.kind) as server:
        values = {**known.accepted, "base_url": server.url + known.base_path}
        reader = connector(parse(connector.Config, values, allow_private=LOOPBACK), heard.net())

        made, again = reader.create(person), reader.create(person)
        tim = replace(person, id=made.account.id)
        answers = [
            (change(tim).already, change(tim).already)
            for change in (reader.disable, reader.enable, reader.remove)
        ]
        reader.close()

    assert (made.already, again.already, again.account) == (False, True, made.account)
    assert answers == [(False, True)] * 3


def test_what_cannot_be_changed_by_hand_is_refused_by_the_vendor_itself(open_):
    reader = open_()
    if not isinstance(reader, Provisioner):
        pytest.skip("it changes nothing")
    for fixed in [each for each in everything(reader).entitlements if each.fixed_why]:
        assert reader.obstacle(fixed)


def test_the_call_is_shown_without_network_and_without_secrets(open_, connector):
    reader = open_()
    if not isinstance(reader, Provisioner):
        pytest.skip("it changes nothing")
    account, entitlement = a_change(reader)
    before = reader.requests

    shown = [reader.call(verb, account, entitlement) for verb in ("grant", "revoke")]

    assert reader.requests == before
    for line in shown:
        assert account.id in line
        assert "\n" not in line
        assert not [word for word in VENDORS[connector.kind].accepted.values() if word in line]


def test_refused_credentials_are_unauthorised(open_):
    reader = open_(refused=True)

    with pytest.raises(Unauthorised):
        reader.check()
    with pytest.raises(Unauthorised):
        everything(reader)


def test_a_vendor_that_asks_to_slow_down_is_waited_for(open_, server, heard):
    server.fault("429", after=2, times=1, retry_after="2")

    read = everything(open_())

    assert read.unread == []
    assert 1.9 < heard.pauses[0] < 2.2


def test_a_web_page_instead_of_data_is_garbled(open_, server):
    server.fault("html", times=0)

    with pytest.raises(Garbled, match="base URL"):
        everything(open_())


def test_a_vendor_that_is_down_is_unavailable(open_, server):
    server.fault("503", times=0)

    with pytest.raises(Unavailable):
        everything(open_())


def test_a_private_address_is_blocked_unless_it_is_allowed(connector, server):
    values = {**VENDORS[connector.kind].accepted, "base_url": server.url}
    config = parse(connector.Config, values, allow_private=LOOPBACK)

    with pytest.raises(Blocked):
        connector(config, Net())


@pytest.mark.parametrize("fault", FAULTS)
def test_no_secret_is_in_a_log_line_an_error_or_a_printed_config(open_, server, heard, fault):
    for refused in (False, True):
        reader = open_(refused=refused, retries=1)
        known = VENDORS[reader.kind]
        server.fault(fault, after=3, times=0)
        printed = [repr(reader), str(vars(reader))]
        try:
            printed.append(repr(everything(reader)))
        except Remote as failure:
            printed += [str(failure), repr(failure), failure.sentence, repr(failure.__cause__)]
        printed += heard.lines
        server.clear_faults()

        for secret in (*known.accepted.values(), *known.refused.values()):
            assert secret not in "\n".join(printed)


def test_its_config_is_sealed_and_opened_again_as_the_same(connector):
    config = parse(connector.Config, VENDORS[connector.kind].accepted)

    assert parse(connector.Config, json.loads(json.dumps(plain(config)))) == config
    assert secrets(config)


def test_an_unknown_kind_names_those_there_are():
    with pytest.raises(KeyError, match="jumpcloud"):
        find("nonesuch")
