"""A small threaded HTTP/1.1 server: keep-alive, exact bytes, and the power to misbehave.

It listens on loopback only. One thread per connection, one send per answer: a
header and a body in two packets meet the other side's delayed acknowledgement
and cost 40 ms a request.
"""

from __future__ import annotations

import ipaddress
import json
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote

MOST_HEADER_BYTES = 64 * 1024
MOST_BODY_BYTES = 16 * 1024 * 1024


@dataclass(slots=True)
class Request:
    """One request as it came; header names are lower case."""

    method: str
    path: str
    query_string: str
    headers: dict[str, str]
    body: bytes

    @property
    def query(self) -> list[tuple[str, str]]:
        """The query string's pairs in order, decoded, empty values kept."""
        return parse_qsl(self.query_string, keep_blank_values=True)

    def first(self, name: str, default: str = "") -> str:
        """The first value of a query parameter."""
        return next((value for key, value in self.query if key == name), default)

    def json(self) -> Any:
        """The body as JSON; an empty body is an empty object. Raises ValueError."""
        return json.loads(self.body) if self.body.strip() else {}


@dataclass(slots=True)
class Response:
    """One answer. `cut_at` sends only that many bytes of body and hangs up; -1 sends nothing."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut_at: int | None = None

    def encoded(self) -> bytes:
        """The whole answer as it goes over the wire."""
        lines = [f"HTTP/1.1 {self.status} {reason(self.status)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.status != HTTPStatus.NO_CONTENT:
            lines.append(f"Content-Length: {len(self.body)}")
        head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
        if self.cut_at is None:
            return head + self.body
        return b"" if self.cut_at < 0 else head + self.body[: self.cut_at]


def reason(status: int) -> str:
    """The standard phrase of a status, such as Not Found."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def dumps(value: Any) -> bytes:
    """JSON as vendors send it: no spaces, text as it is."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def json_answer(value: Any, status: int = 200, **headers: str) -> Response:
    """A JSON answer; header names are given with underscores for dashes."""
    names = {name.replace("_", "-"): text for name, text in headers.items()}
    return Response(
        status, dumps(value), {"Content-Type": "application/json; charset=utf-8", **names}
    )


class Server:
    """Answers requests with one function, a thread for each connection."""

    def __init__(self, host: str, port: int, answer: Callable[[Request], Response]) -> None:
        if not _is_loopback(host):
            raise ValueError(f"{host} is not a loopback address; this server has no other door")
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.socket(family, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((host, port))
        self._listener.listen(256)
        self._answer = answer
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self._listener.getsockname()[1]}"

    def serve(self) -> None:
        """Print the ready line, then answer until SIGTERM or SIGINT ends the process."""
        with _ends_on_signal():
            print(f"listening on {self.url}", flush=True)
            while True:
                connection, _ = self._listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _answered(self, request: Request) -> Response:
        try:
            answer = self._answer(request)
        except Exception:  # a mistake of ours must not look like a vendor that hung up
            traceback.print_exc()
            body = {"code": 500, "status": reason(500), "message": "a mistake in this server"}
            answer = json_answer(body, 500)
        return replace(answer, body=b"") if request.method == "HEAD" else answer

    def _converse(self, connection: socket.socket) -> None:
        stream = connection.makefile("rb")
        try:
            while (request := _read(stream, connection)) is not None:
                answer = self._answered(request)
                connection.sendall(answer.encoded())
                if answer.cut_at is not None or request.headers.get("connection") == "close":
                    return
        except OSError:
            return  # the other side went away
        except ValueError as problem:
            body = dumps({"message": str(problem)})
            connection.sendall(Response(400, body, {"Connection": "close"}).encoded())
        finally:
            stream.close()
            connection.close()


def _read(stream: Any, connection: socket.socket) -> Request | None:
    line = stream.readline(MOST_HEADER_BYTES)
    if not line:
        return None
    words = line.split()
    if len(words) != 3 or not words[2].startswith(b"HTTP/1."):
        raise ValueError("not an HTTP/1.1 request")
    headers: dict[str, str] = {}
    while (line := stream.readline(MOST_HEADER_BYTES)) not in (b"\r\n", b"\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    body = _read_body(stream, connection, headers)
    path, _, query = words[1].decode("latin-1").partition("?")
    return Request(words[0].decode("latin-1"), unquote(path), query, headers, body)


def _read_body(stream: Any, connection: socket.socket, headers: dict[str, str]) -> bytes:
    if "transfer-encoding" in headers:
        raise ValueError("send a Content-Length; chunked requests are not read here")
    length = int(headers.get("content-length", "0"))
    if not 0 <= length <= MOST_BODY_BYTES:
        raise ValueError("the body is too long")
    if length and headers.get("expect", "").lower() == "100-continue":
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    body: bytes = stream.read(length) if length else b""
    if len(body) < length:
        raise OSError("the request was cut off")
    return body


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def _ends_on_signal() -> Iterator[None]:
    def leave(_signal: int, _frame: object) -> None:
        sys.exit(0)

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    yield
