"""Servers that connectors speak to: small ones on loopback, and vendor servers as processes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from connectors.base import Net
from connectors.fields import Secret
from connectors.http import Client
from connectors.jumpcloud import JumpCloud
from connectors.percipio import Percipio
from connectors.scim import Scim
from connectors.workato import Workato
from tests.connectors import jumpcloud_cast, percipio_cast, scim_cast, workato_cast
from tests.connectors.loopback import Asked, Heard, Loopback, Say, in_turn, serving
from tests.scim_company import scim_company
from tests.vendor_process import VendorProcess, vendor

CRM_KEY = Secret("hunter2-hunter2")
CASTS = {"jumpcloud": jumpcloud_cast, "percipio": percipio_cast}
FLAGS = {"jumpcloud": (), "percipio": ("--rate-limit", "0")}


def client_for(url: str, net: Net) -> Client:
    """A client of some vendor, with a key that must show up nowhere."""
    return Client("Crm", url, net, headers={"x-api-key": CRM_KEY.reveal()}, secrets=(CRM_KEY,))


@pytest.fixture
def call(heard: Heard) -> Iterator[Callable[..., tuple[Client, Loopback]]]:
    """Give a client of a server that answers so; both are closed afterwards."""
    with ExitStack() as stack:

        def start(answer: Say | Callable[[Asked], Say], **net: Any) -> tuple[Client, Loopback]:
            said = in_turn(answer) if isinstance(answer, Say) else answer
            server = stack.enter_context(serving(said))
            client = client_for(server.url, heard.net(**net))
            stack.callback(client.close)
            return client, server

        yield start


@pytest.fixture
def heard() -> Heard:
    """What a connector logs, and how long it would have waited."""
    return Heard()


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., VendorProcess]]:
    """Give the vendor server of a kind with a company of its cast, started once."""
    running: dict[tuple[str, str], VendorProcess] = {}
    with ExitStack() as stack:

        def start(name: str, kind: str = "jumpcloud") -> VendorProcess:
            if (kind, name) not in running:
                file = tmp_path_factory.mktemp("company") / f"{name}.json"
                company = getattr(CASTS[kind], f"{name}_company")()
                file.write_text(json.dumps(company), encoding="utf-8")
                process = vendor("--company", file, *FLAGS[kind], name=kind)
                running[kind, name] = stack.enter_context(process)
            return running[kind, name]

        yield start


def fresh(server: VendorProcess) -> Iterator[VendorProcess]:
    """A server counting anew, its switches and faults as they were afterwards."""
    before = server.control("switches")
    server.reset_counts()
    yield server
    server.switch(**before)
    server.clear_faults()


@pytest.fixture
def small(servers: Callable[..., VendorProcess]) -> Iterator[VendorProcess]:
    """The usual cast's organisation, with its switches and faults as they come."""
    yield from fresh(servers("small"))


@pytest.fixture
def large(servers: Callable[..., VendorProcess]) -> Iterator[VendorProcess]:
    """250 people in 40 groups."""
    yield from fresh(servers("large"))


@pytest.fixture
def connect(heard: Heard) -> Iterator[Callable[..., JumpCloud]]:
    """Give a connector of a server; all are closed afterwards."""
    with ExitStack() as stack:

        def open_(server: VendorProcess, **settings: Any) -> JumpCloud:
            reader = jumpcloud_cast.jumpcloud(server.url, heard, **settings)
            stack.callback(reader.close)
            return reader

        yield open_


@pytest.fixture
def site(servers: Callable[..., VendorProcess]) -> Iterator[VendorProcess]:
    """The usual cast's Percipio, with its switches and faults as they come."""
    yield from fresh(servers("small", "percipio"))


@pytest.fixture
def large_site(servers: Callable[..., VendorProcess]) -> Iterator[VendorProcess]:
    """2,345 people and 3,120 items of content."""
    yield from fresh(servers("large", "percipio"))


@pytest.fixture
def percipio(heard: Heard) -> Iterator[Callable[..., Percipio]]:
    """Give a connector of a Percipio server; all are closed afterwards."""
    with ExitStack() as stack:

        def open_(server: VendorProcess, **settings: Any) -> Percipio:
            reader = percipio_cast.percipio(server.url, heard, **settings)
            stack.callback(reader.close)
            return reader

        yield open_


@pytest.fixture(scope="module")
def scim_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VendorProcess]:
    """A SCIM server with the usual cast."""
    file = tmp_path_factory.mktemp("company") / "scim.json"
    file.write_text(json.dumps(scim_company()), encoding="utf-8")
    with vendor("--company", file, name="scim") as running:
        yield running


@pytest.fixture
def served(scim_server: VendorProcess) -> Iterator[VendorProcess]:
    """The same with its switches and faults as they come."""
    yield from fresh(scim_server)


@pytest.fixture
def scim(heard: Heard) -> Iterator[Callable[..., Scim]]:
    """Give a connector of a SCIM server; all are closed afterwards."""
    with ExitStack() as stack:

        def open_(server: VendorProcess, **settings: Any) -> Scim:
            reader = scim_cast.scim(server.url, heard, **settings)
            stack.callback(reader.close)
            return reader

        yield open_


@pytest.fixture(scope="module")
def workspaces(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[str], VendorProcess]]:
    """Start a Workato server with one of its cast's workspaces, once for each test file."""
    running: dict[str, VendorProcess] = {}
    with ExitStack() as stack:

        def start(name: str) -> VendorProcess:
            if name not in running:
                file = tmp_path_factory.mktemp("workspace") / f"{name}.json"
                file.write_text(json.dumps(getattr(workato_cast, f"{name}_company")()))
                running[name] = stack.enter_context(vendor("--company", file, name="workato"))
            return running[name]

        yield start


@pytest.fixture
def legacy(workspaces: Callable[[str], VendorProcess]) -> Iterator[VendorProcess]:
    """A workspace with legacy roles, with its switches and faults as they come."""
    yield from fresh(workspaces("legacy"))


@pytest.fixture
def newer(workspaces: Callable[[str], VendorProcess]) -> Iterator[VendorProcess]:
    """A workspace with environment roles."""
    yield from fresh(workspaces("newer"))


@pytest.fixture
def mixed(workspaces: Callable[[str], VendorProcess]) -> Iterator[VendorProcess]:
    """A workspace in the middle of its migration."""
    yield from fresh(workspaces("mixed"))


@pytest.fixture
def open_workato(heard: Heard) -> Iterator[Callable[..., Workato]]:
    """Give a Workato connector of a server; all are closed afterwards."""
    with ExitStack() as stack:

        def open_(server: VendorProcess, **settings: Any) -> Workato:
            reader = workato_cast.workato(server.url, heard, **settings)
            stack.callback(reader.close)
            return reader

        yield open_
