"""One server of a vendor for each test file, and a client that holds a key to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.connectors import workato_cast
from tests.scim_company import scim_company
from tests.vendor_process import NO_TLS, VendorProcess, vendor
from tests.vendors import percipio_site
from uar.demo.vendors import percipio_switches, workato_switches
from uar.demo.vendors.jumpcloud_switches import Switches
from uar.demo.vendors.scim_switches import Switches as ScimSwitches

ORG = "5f0000000000000000000001"
OTHER_ORG = "5f0000000000000000000002"
ADA, MAX, RITA, CAM, SAM = (f"64b00000000000000000000{n}" for n in range(1, 6))
RITA_ADMIN, ROOT_ADMIN, CAM_ADMIN = (f"64e00000000000000000000{n}" for n in range(1, 4))
STAFF, SALES, RULED, EMPTY = (f"64c00000000000000000000{n}" for n in range(1, 5))
CRM, WIKI = "64a000000000000000000001", "64a000000000000000000002"
LAPTOPS = "64d000000000000000000001"
TOKEN = "demo-token"
NOBODY = "64ff00000000000000000000"


def person(key: str, name: str, **values: Any) -> dict[str, Any]:
    login = name.lower().replace(" ", ".")
    first, _, last = name.partition(" ")
    known = {"_id": key, "username": login, "email": f"{login}@example.test"}
    return {**known, "firstname": first, "lastname": last, **values}


def company() -> dict[str, Any]:
    """Five of the cast and 125 others; groups, applications and administrators to test with."""
    others = [person(f"64bf{n:020x}", f"Other {n:03d}", department="Crowd") for n in range(125)]
    return {
        "organization": {"_id": ORG, "displayName": "Example"},
        "organizations": [{"_id": OTHER_ORG, "displayName": "Other"}],
        "systemusers": [
            person(ADA, "Ada Byrne", manager=MAX, department="Sales", employeeIdentifier="E-1",
                   totp_enabled=True, lastlogin="2026-03-01T08:00:00.000Z"),
            person(MAX, "Max Adler", department="Sales", employeeIdentifier="E-2"),
            person(RITA, "Rita Costa", department="IT"),
            person(CAM, "Cam Duarte", department="IT"),
            person(SAM, "Sam Evans", state="STAGED"),
            *others,
        ],
        "users": [
            {"_id": RITA_ADMIN, "email": "Rita.Costa@example.test", "roleName": "Manager"},
            {"_id": ROOT_ADMIN, "email": "root@example.test",
             "roleName": "Administrator With Billing"},
            {"_id": CAM_ADMIN, "email": "c.duarte@elsewhere.test", "roleName": "Auditors only",
             "roleNames": ["Auditors only", "Read Only"], "_systemuser": CAM},
            *({"_id": f"64ef{n:020x}", "email": f"admin{n}@example.test"} for n in range(110)),
        ],
        "usergroups": [
            {"id": STAFF, "name": "Staff", "members": [ADA, MAX, RITA]
             + [row["_id"] for row in others]},
            {"id": SALES, "name": "Sales", "members": [ADA, MAX]},
            {"id": RULED, "name": "Ruled", "members": [RITA],
             "membershipMethod": "DYNAMIC_AUTOMATED"},
            {"id": EMPTY, "name": "Empty"},
            *({"id": f"64cf{n:020x}", "name": f"Team {n:03d}"} for n in range(110)),
        ],
        "systemgroups": [{"id": LAPTOPS, "name": "Laptops", "users": [ADA]}],
        "applications": [
            {"_id": CRM, "name": "crm", "displayLabel": "CRM", "users": [ADA, CAM],
             "groups": [SALES, STAFF]},
            {"_id": WIKI, "name": "wiki", "displayLabel": "", "displayName": "Wiki"},
            *({"_id": f"64af{n:020x}", "name": f"app{n:03d}"} for n in range(110)),
        ],
    }  # fmt: skip


@pytest.fixture(scope="session")
def company_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("company") / "company.json"
    file.write_text(json.dumps(company()))
    return file


@pytest.fixture(scope="module")
def shared_server(company_file: Path) -> Iterator[VendorProcess]:
    with vendor("--company", company_file) as running:
        yield running


@pytest.fixture
def server(shared_server: VendorProcess) -> VendorProcess:
    """The file's server with every switch at its default and no faults; what it holds stays."""
    shared_server.switch(**asdict(Switches()))
    shared_server.clear_faults()
    shared_server.reset_counts()
    return shared_server


@pytest.fixture
def api(server: VendorProcess) -> Iterator[httpx.Client]:
    """A client whose key may do everything."""
    with client(server) as ready:
        yield ready


@pytest.fixture(scope="module")
def shared_percipio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VendorProcess]:
    file = tmp_path_factory.mktemp("percipio") / "site.json"
    file.write_text(json.dumps(percipio_site.site_file()))
    with vendor("--company", file, name="percipio") as running:
        yield running


@pytest.fixture
def percipio(shared_percipio: VendorProcess) -> VendorProcess:
    """The file's server without a rate limit, every other switch at its default, no faults."""
    shared_percipio.switch(**{**asdict(percipio_switches.Switches()), "rate_limit": 0})
    shared_percipio.clear_faults()
    shared_percipio.reset_counts()
    return shared_percipio


@pytest.fixture
def site(percipio: VendorProcess) -> Iterator[httpx.Client]:
    """A client whose service account may use every API."""
    with percipio_site.client(percipio) as ready:
        yield ready


def client(server: VendorProcess, key: str = "demo-key", **headers: str) -> httpx.Client:
    sent = {"x-api-key": key, **{name.replace("_", "-"): text for name, text in headers.items()}}
    return httpx.Client(base_url=server.url, headers=sent, timeout=10, verify=NO_TLS)


def new_group(api: httpx.Client, name: str, **values: Any) -> str:
    made = api.post("/api/v2/usergroups", json={"name": name, **values})
    assert made.status_code == 201
    return str(made.json()["id"])


def new_person(api: httpx.Client, login: str, **values: Any) -> str:
    body = {"username": login, "email": f"{login}@example.test", **values}
    made = api.post("/api/systemusers", json=body)
    assert made.status_code == 200
    return str(made.json()["_id"])


def change(api: httpx.Client, group: str, op: str, key: str, kind: str = "user") -> httpx.Response:
    return api.post(f"/api/v2/usergroups/{group}/members", json={"op": op, "type": kind, "id": key})


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["_id"] if "_id" in row else row["id"] for row in rows]


def ends(rows: list[dict[str, Any]]) -> list[str]:
    return [row["to"]["id"] for row in rows]


@pytest.fixture(scope="session")
def scim_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("company") / "scim.json"
    file.write_text(json.dumps(scim_company()))
    return file


@pytest.fixture(scope="module")
def shared_scim(scim_file: Path) -> Iterator[VendorProcess]:
    with vendor("--company", scim_file, name="scim") as running:
        yield running


@pytest.fixture
def scim_server(shared_scim: VendorProcess) -> VendorProcess:
    """The file's SCIM server with every switch at its default and no faults."""
    shared_scim.switch(**asdict(ScimSwitches()))
    shared_scim.clear_faults()
    shared_scim.reset_counts()
    return shared_scim


@pytest.fixture
def scim(scim_server: VendorProcess) -> Iterator[httpx.Client]:
    """A client whose token may do everything."""
    with scim_client(scim_server) as ready:
        yield ready


def scim_client(server: VendorProcess, token: str = TOKEN, **headers: str) -> httpx.Client:
    sent = {"authorization": f"Bearer {token}", **headers}
    return httpx.Client(base_url=f"{server.url}/scim/v2/", headers=sent, timeout=10, verify=NO_TLS)


def patch_op(*operations: dict[str, Any]) -> dict[str, Any]:
    schema = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
    return {"schemas": [schema], "Operations": list(operations)}


@pytest.fixture(scope="module")
def workspaces(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., VendorProcess]]:
    """Start Workato with one of the cast's workspaces, once for each test file."""
    running: dict[str, VendorProcess] = {}
    with ExitStack() as stack:

        def start(name: str) -> VendorProcess:
            if name not in running:
                file = tmp_path_factory.mktemp("workspace") / f"{name}.json"
                file.write_text(json.dumps(getattr(workato_cast, f"{name}_company")()))
                running[name] = stack.enter_context(vendor("--company", file, name="workato"))
            running[name].switch(**asdict(workato_switches.Switches()))
            running[name].clear_faults()
            running[name].reset_counts()
            return running[name]

        yield start


@pytest.fixture
def legacy(workspaces: Callable[..., VendorProcess]) -> VendorProcess:
    """Workato with legacy roles and every switch at its default; what it holds stays."""
    return workspaces("legacy")


@pytest.fixture
def newer(workspaces: Callable[..., VendorProcess]) -> VendorProcess:
    """Workato with environment roles."""
    return workspaces("newer")


@pytest.fixture
def ask() -> Iterator[Callable[..., httpx.Client]]:
    """Open a client of a Workato server with a token that may do everything, unless told."""
    with ExitStack() as stack:

        def open_(server: VendorProcess, token: str = workato_cast.TOKEN) -> httpx.Client:
            sent = {"authorization": f"Bearer {token}"} if token else {}
            made = httpx.Client(base_url=server.url, headers=sent, timeout=10, verify=NO_TLS)
            return stack.enter_context(made)

        yield open_
