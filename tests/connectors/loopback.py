"""A small real server on loopback whose answers a test writes down."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connectors.base import Net

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@dataclass(frozen=True)
class Asked:
    """One request as the server got it."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Say:
    """One answer. `missing` promises so many bytes more than it sends, then hangs up.

    `rest` is how long to wait after each twentieth of the body.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    missing: int = 0
    wait: float = 0.0
    rest: float = 0.0


@dataclass
class Loopback:
    """The running server: its address and what it was asked."""

    url: str
    asked: list[Asked]


def data(value: Any, status: int = 200, **headers: str) -> Say:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Say(status, json.dumps(value).encode(), {"content-type": "application/json", **named})


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):  # the client has seen enough
            super().handle_error(request, client_address)


@contextmanager
def serving(answer: Callable[[Asked], Say]) -> Iterator[Loopback]:
    """Answer with one function of the request until the block ends."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        timeout = 10

        def _any(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            request = Asked(
                self.command,
                parts.path,
                dict(parse_qsl(parts.query)),
                {name.lower(): text for name, text in self.headers.items()},
                body,
            )
            asked.append(request)
            said = answer(request)
            time.sleep(said.wait)
            self.send_response_only(said.status)
            for name, text in said.headers.items():
                self.send_header(name, text)
            self.send_header("content-length", str(len(said.body) + said.missing))
            self.end_headers()
            step = len(said.body) // 20 if said.rest else len(said.body)
            self.close_connection = bool(said.missing)
            for start in range(0, len(said.body), max(step, 1)):
                self.wfile.write(said.body[start : start + step])
                self.wfile.flush()
                time.sleep(said.rest)

        do_GET = do_POST = do_PUT = do_DELETE = _any  # noqa: N815

        def log_message(self, *_: Any) -> None: ...

    server = _Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Loopback(f"http://127.0.0.1:{server.server_address[1]}", asked)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def in_turn(*answers: Say) -> Callable[[Asked], Say]:
    """Give these answers one after the other, the last one for ever."""
    waiting = list(answers)
    return lambda _asked: waiting.pop(0) if len(waiting) > 1 else waiting[0]


@dataclass
class Heard:
    """A network that is allowed to call loopback and never really sleeps."""

    lines: list[str] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)

    def net(self, **changes: Any) -> Net:
        settings: dict[str, Any] = {
            "allow_private": LOOPBACK,
            "log": self.lines.append,
            "sleep": self.pauses.append,
            "timeout": 5.0,
            "retries": 3,
        }
        return Net(**{**settings, **changes})
