"""Which addresses are called, when they are configured, connected to and redirected to."""

from __future__ import annotations

import socket

import httpx
import pytest

from connectors.address import allowance
from connectors.base import Net
from connectors.errors import Blocked, Garbled, Rejected, Unavailable
from tests.connectors.conftest import client_for
from tests.connectors.loopback import Say, data, in_turn

OK = data({"fine": True})


def test_allowed_hosts_and_networks_are_read_from_a_comma_list():
    named = allowance("127.0.0.1, 10.0.0.0/8, Vendor.test., [::1]")

    assert [str(each) for each in named] == ["127.0.0.1/32", "10.0.0.0/8", "vendor.test", "::1/128"]
    assert allowance(" ") == ()


@pytest.mark.parametrize("entry", ["10.0.0.0/99", "two words", "::zz"])
def test_an_entry_that_is_neither_host_nor_network_is_named(entry):
    with pytest.raises(ValueError, match="neither a host name nor a network"):
        allowance(f"127.0.0.1,{entry}")


def test_a_name_that_does_not_exist_is_unavailable(monkeypatch):
    def resolve(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    client = client_for("https://crm.example", Net(retries=0))
    with monkeypatch.context() as patch, pytest.raises(Unavailable, match="cannot be resolved"):
        patch.setattr(socket, "getaddrinfo", resolve)
        client.get("/things")
    client.close()


@pytest.mark.parametrize(
    "url",
    ["https://127.0.0.1", "https://10.0.0.1", "https://169.254.169.254", "https://[::1]",
     "https://[fe80::1]", "https://[::ffff:127.0.0.1]", "https://0.0.0.0", "https://100.64.0.1",
     "https://224.0.0.1", "https://[64:ff9b::a00:1]", "https://[2002:7f00:1::]",
     "https://localhost", "http://crm.example"],
)  # fmt: skip
def test_an_address_that_is_not_public_is_blocked_when_it_is_configured(url):
    with pytest.raises(Blocked, match="UAR_ALLOW_PRIVATE_HOSTS"):
        client_for(url, Net())


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "::1", "::ffff:192.168.0.1", "169.254.169.254", "ff02::1"]
)
def test_a_name_that_leads_to_a_private_address_is_blocked_at_connect(monkeypatch, address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    public = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443))
    hidden = (family, socket.SOCK_STREAM, 6, "", (address, 443))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: [public, hidden])
    client = client_for("https://crm.example", Net(retries=0))

    with pytest.raises(Blocked, match="private or reserved"):
        client.get("/things")

    client.close()


def test_what_is_connected_to_is_the_address_that_was_checked(call, heard, monkeypatch):
    _, server = call(OK)
    port = httpx.URL(server.url).port
    resolved = []

    def resolve(host, *_, **__):
        resolved.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    client = client_for(f"http://crm.test:{port}", heard.net(allow_private=("crm.test",)))
    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", resolve)
        client.get("/things")
    client.close()

    assert resolved.count("crm.test") == 1
    assert server.asked[-1].headers["host"] == f"crm.test:{port}"


def test_a_redirect_to_the_same_place_is_followed(call):
    client, server = call(in_turn(Say(302, b"", {"location": "/moved?a=1"}), OK))

    assert client.get("/things").data == {"fine": True}
    assert server.asked[1].path == "/moved"


def test_a_redirect_to_a_private_address_is_blocked(call):
    client, _ = call(Say(302, b"", {"location": "http://169.254.169.254/latest/meta-data"}))

    with pytest.raises(Blocked, match=r"redirects to 169\.254\.169\.254"):
        client.get("/things")


def test_credentials_do_not_follow_a_redirect_elsewhere(call):
    _, elsewhere = call(OK)
    client, _ = call(Say(302, b"", {"location": elsewhere.url + "/things"}))

    with pytest.raises(Rejected, match="where our credentials are not sent"):
        client.get("/things")

    assert elsewhere.asked == []


def test_redirects_in_circles_are_garbled(call):
    client, server = call(Say(302, b"", {"location": "/again"}))

    with pytest.raises(Garbled, match="circles"):
        client.get("/things")

    assert len(server.asked) == 4


def test_a_write_is_not_redirected(call):
    client, server = call(Say(307, b"", {"location": "/moved"}))

    with pytest.raises(Rejected, match="redirects POST"):
        client.write("POST", "/things")

    assert len(server.asked) == 1


def test_proxies_of_the_environment_are_ignored(call, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    client, _ = call(OK)

    assert client.get("/things").data == {"fine": True}
