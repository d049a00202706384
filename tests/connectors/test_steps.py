"""What connectors say about credentials and addresses is true of what they call."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

from connectors.fields import Secret, parse
from connectors.fullstory import FullstoryConfig
from connectors.jumpcloud import JumpCloudConfig
from connectors.workato import Workato
from connectors.workato.steps import ENDPOINTS
from tests.connectors.contract import a_change
from tests.connectors.loopback import LOOPBACK, Heard
from tests.vendor_process import VendorProcess, vendor


def test_the_addresses_follow_from_what_is_entered() -> None:
    jumpcloud = JumpCloudConfig(Secret("k"), region="eu")
    fullstory = FullstoryConfig(scim_token=Secret("t"), api_key=Secret("k"))

    assert jumpcloud.addresses == ("https://console.eu.jumpcloud.com",)
    assert replace(jumpcloud, sign_ins="on").addresses == (
        "https://console.eu.jumpcloud.com", "https://api.eu.jumpcloud.com",
    )  # fmt: skip
    assert fullstory.addresses == ("https://app.fullstory.com/scim/v2",)
    assert replace(fullstory, scim_token=Secret("")).addresses == ("https://api.fullstory.com",)


def test_a_workato_client_needs_the_listed_endpoints_and_no_others(heard: Heard) -> None:
    read, changed = set(), set()
    for model in ("legacy", "migrated"):
        with vendor("--people", "30", "--roles", "6", "--model", model, name="workato") as server:
            values = {"api_key": "demo-token", "base_url": server.url}
            config = parse(Workato.Config, values, allow_private=LOOPBACK)
            with closing(Workato(config, heard.net())) as reader:
                account, entitlement = a_change(reader)
                read |= called(server)
                server.reset_counts()
                reader.grant(account, entitlement)
                reader.holds(account, entitlement)
                reader.revoke(account, entitlement)
                changed |= called(server)

    assert read == {each.call for each in ENDPOINTS if not each.only_writes}
    assert read | changed == {each.call for each in ENDPOINTS}


def called(server: VendorProcess) -> set[str]:
    return {route.replace("{id}", ":id") for route in server.requests()["routes"]}
