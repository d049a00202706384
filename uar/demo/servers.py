"""The vendor servers of the demo: their ports, which stay the same, and what they begin with."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from uar import clock
from uar.demo.company import company
from uar.demo.processes import Child
from uar.demo.systems import SYSTEMS, System
from uar.errors import Conflict

HOST = "127.0.0.1"
PORTS = 50


@dataclass(frozen=True, slots=True)
class Server:
    """The process of one system's vendor server, and where it listens."""

    system: System
    port: int
    noted: Path
    child: Child

    @property
    def url(self) -> str:
        """Its address, which is also that of its page."""
        return f"http://{HOST}:{self.port}"

    def wait(self) -> None:
        """Wait until it answers, and note its port from then on. Raises Died."""
        self.child.wait_until(lambda: answers(HOST, self.port))
        self.noted.write_text(f"{self.port}\n")


def servers(place: Path, after: int, environ: Mapping[str, str]) -> list[Server]:
    """Return the servers of all systems, none started, the directory's first.

    Ports are those of the last time, since connectors have them in their
    settings, else the next free ones above ``after``. Raises Conflict.
    """
    found: list[Server] = []
    kept = {system.vendor: _noted(place / f"{system.vendor}.port") for system in SYSTEMS}
    for system in SYSTEMS:
        port = kept[system.vendor]
        if port:
            insist_on_free(f"{HOST}:{port}", "")
        else:
            port = _free_port(after + 1, {*kept.values(), *(server.port for server in found)})
        log = place / "log" / f"{system.vendor}.log"
        child = Child(f"{system.app}'s server", _module(system, place, port), environ, log)
        found.append(Server(system, port, place / f"{system.vendor}.port", child))
    return found


def answers(host: str, port: int) -> bool:
    """Say whether a web server answers there."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    with suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/")
        connection.getresponse().read()
        return True
    return False


def insist_on_free(listen: str, setting: str) -> None:
    """Raise Conflict when a port is taken; it names the setting that could be another."""
    host, _, port = listen.rpartition(":")
    if not _is_free(host.strip("[]"), int(port)):
        hint = f", or set {setting}={host}:{int(port) + 10}" if setting else ""
        raise Conflict(f"Port {port} on {host} is taken. Stop what uses it{hint}.")


def _module(system: System, place: Path, port: int) -> list[str]:
    file = place / f"{system.vendor}.json"
    if not file.exists():
        file.write_text(json.dumps(system.held(company(), clock.now()), indent=1))
    state = place / f"{system.vendor}.state"
    ours = ["--port", str(port), "--company", str(file), "--state", str(state)]
    return [f"uar.demo.vendors.{system.vendor}", *ours, *system.flags]


def _noted(file: Path) -> int:
    return int(file.read_text()) if file.exists() else 0


def _free_port(first: int, taken: Collection[int]) -> int:
    for port in range(first, min(first + PORTS, 65536)):
        if port not in taken and _is_free(HOST, port):
            return port
    raise Conflict(f"No port from {first} on is free for the vendors' servers.")


def _is_free(host: str, port: int) -> bool:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(found[0], socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(found[4])
    except OSError:
        return False
    return True
