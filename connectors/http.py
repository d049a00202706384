"""The only place that calls vendors: addresses, time-outs, retries, fan-out, counting.

Reads are repeated while that may help; changes are sent once, whatever happens,
because only the caller knows whether a second one would do harm. Nothing here
prints a header or a body, and every sentence is searched for secrets first.
"""

import json
import secrets as randomness
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import httpx

from connectors.address import url_problem
from connectors.answers import VendorClock, message_in, refusal
from connectors.base import Net
from connectors.errors import (
    Blocked,
    Garbled,
    RateLimited,
    Rejected,
    Remote,
    Unavailable,
)
from connectors.fanout import FanOut
from connectors.fields import Secret, redact
from connectors.transport import open_client

MAX_BYTES = 64 * 1024 * 1024
LONGEST_PAUSE = 120.0  # seconds; a vendor that wants more ends the run instead
FIRST_PAUSE = 0.5
MAX_REDIRECTS = 3

T = TypeVar("T")
R = TypeVar("R")
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Params = Mapping[str, str | int]
NONE: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the vendor answered: its JSON (None if empty) and its headers."""

    data: Any
    headers: httpx.Headers


class Client:
    """Speaks JSON over HTTP with one vendor on behalf of one connector.

    Safe to use from several threads. `headers` carry the credentials and go to
    `base_url` only. Raises Blocked at once if that address is not allowed.
    """

    def __init__(
        self,
        title: str,
        base_url: str,
        net: Net,
        *,
        headers: Mapping[str, str] = NONE,
        secrets: Sequence[Secret] = (),
    ) -> None:
        problem = url_problem(base_url, net.allow_private)
        if problem:
            raise Blocked(f"The base URL of {title} cannot be used: {problem}")
        if not all(text.isascii() and text.isprintable() for text in headers.values()):
            # httpx would refuse it too, with the key in the text of its error.
            raise Rejected(
                f"A credential of {title} has characters that no key has; copy it again."
            )
        self.title = title
        self.base_url = base_url.rstrip("/")
        self.clock = VendorClock()
        self._net = net
        self._secrets = tuple(secrets)
        self._count = 0
        self._lock = threading.Lock()
        self._not_before = 0.0
        self._fan_out = FanOut(net.concurrency)
        self._http = open_client(self.base_url, net, headers)

    @property
    def requests(self) -> int:
        """How many requests were sent so far, repeated ones included."""
        return self._count

    def log(self, line: str) -> None:
        """Write one line to the run's log, without secrets."""
        self._net.log(redact(line, self._secrets))

    def get(self, path: str, params: Params = NONE, *, headers: Mapping[str, str] = NONE) -> Answer:
        """Read. Repeated while that may help."""
        return self._repeat("GET", path, params, None, headers)

    def search(
        self, path: str, body: Any, params: Params = NONE, *, headers: Mapping[str, str] = NONE
    ) -> Answer:
        """Read through a POST that changes nothing. Repeated while that may help."""
        return self._repeat("POST", path, params, body, headers)

    def write(
        self, method: Method, path: str, body: Any = None, *, headers: Mapping[str, str] = NONE
    ) -> Answer:
        """Change something. Sent once; after Unavailable it may or may not have happened."""
        self._wait_for_pause()
        return self._once(method, path, NONE, body, headers)

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[tuple[T, R | Remote]]:
        """Call the function on each item, several at a time; see `FanOut.map`."""
        return self._fan_out.map(function, items)

    def close(self) -> None:
        """Close connections and threads; the client is not used afterwards."""
        self._fan_out.close()
        self._http.close()

    def _repeat(
        self, method: Method, path: str, params: Params, body: Any, headers: Mapping[str, str]
    ) -> Answer:
        attempt = 0
        while True:
            self._wait_for_pause()
            try:
                return self._once(method, path, params, body, headers)
            except Remote as failure:
                pause = _pause(failure, attempt)
                if not failure.retry or attempt >= self._net.retries or pause > LONGEST_PAUSE:
                    raise
                self._rest(failure, pause)
            attempt += 1

    def _rest(self, failure: Remote, pause: float) -> None:
        self.log(f"Waiting {pause:.1f} s: {failure.sentence}")
        if isinstance(failure, RateLimited):
            self._pause_everybody(pause)
        else:
            self._net.sleep(pause)

    def _pause_everybody(self, pause: float) -> None:
        with self._lock:
            self._not_before = max(self._not_before, time.monotonic() + pause)

    def _wait_for_pause(self) -> None:
        wait = self._not_before - time.monotonic()
        if wait > 0:
            self._net.sleep(wait)

    def _once(
        self, method: Method, path: str, params: Params, body: Any, headers: Mapping[str, str]
    ) -> Answer:
        request = self._http.build_request(
            method, path, params=params or None, json=body, headers=headers or None
        )
        for _ in range(MAX_REDIRECTS + 1):
            response, content = self._send(request)
            if not 300 <= response.status_code < 400:
                return self._answer(request, response, content)
            request = self._next(request, response)
        raise Garbled(f"{self.title} redirects in circles; is the base URL right?")

    def _send(self, request: httpx.Request) -> tuple[httpx.Response, bytes]:
        with self._lock:
            self._count += 1
        began = time.monotonic()
        try:
            response = self._http.send(request, stream=True)
            try:
                content = self._content(response, began)
            finally:
                response.close()
        except httpx.DecodingError:
            raise Garbled(f"{self.title} sent an answer that cannot be unpacked.") from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise self._unreachable(error) from None
        took = (time.monotonic() - began) * 1000
        self.clock.hear(response.headers.get("date", ""))
        where = request.url.raw_path.decode("ascii", "replace")
        self.log(
            f"{request.method} {where}: {response.status_code}, {len(content)} bytes, {took:.0f} ms"
        )
        return response, content

    def _content(self, response: httpx.Response, began: float) -> bytes:
        parts: list[bytes] = []
        size = 0
        for part in response.iter_bytes():
            parts.append(part)
            size += len(part)
            if size > MAX_BYTES:
                raise Garbled(f"{self.title} sent an answer of more than {MAX_BYTES} bytes.")
            if time.monotonic() - began > 10 * self._net.timeout:
                raise Unavailable(f"{self.title} sends its answer too slowly. Try again later.")
        return b"".join(parts)

    def _answer(self, request: httpx.Request, response: httpx.Response, content: bytes) -> Answer:
        if response.status_code >= 400:
            said = redact(message_in(content), self._secrets)
            failure = refusal(self.title, request, response, said)
            failure.status = response.status_code
            raise failure
        if not content.strip():
            return Answer(None, response.headers)
        if _is_page(response, content):
            raise Garbled(
                f"{self.title} answered a web page instead of data; is the base URL right?"
            )
        try:
            return Answer(json.loads(content), response.headers)
        except (ValueError, RecursionError):
            raise Garbled(
                f"{self.title} sent an answer that breaks off or is not JSON "
                f"({request.method} {request.url.path}). Try again later.",
                retry=True,
            ) from None

    def _next(self, request: httpx.Request, response: httpx.Response) -> httpx.Request:
        target = request.url.join(response.headers.get("location", ""))
        problem = url_problem(
            str(target.copy_with(query=None, fragment=None)), self._net.allow_private
        )
        if problem:
            raise Blocked(f"{self.title} redirects to {target.host}: {problem}")
        same = (target.scheme, target.host, target.port) == _origin(request.url)
        if request.method != "GET" or not same:
            raise Rejected(
                f"{self.title} redirects {request.method} {request.url.path} to {target.host}, "
                "where our credentials are not sent. If that is right, make it the base URL."
            )
        return self._http.build_request("GET", target, headers=request.headers)

    def _unreachable(self, error: Exception) -> Remote:
        host = httpx.URL(self.base_url).host
        if isinstance(error, httpx.TimeoutException):
            return Unavailable(
                f"{self.title} at {host} did not answer within {self._net.timeout:g} seconds. "
                "Try again later."
            )
        said = redact(str(error), self._secrets)[:200]
        return Unavailable(f"{self.title} at {host} cannot be reached ({said}). Try again later.")


def _pause(failure: Remote, attempt: int) -> float:
    asked = failure.retry_after if isinstance(failure, RateLimited) else None
    jitter = randomness.SystemRandom().random()
    if asked is not None:
        return asked + 0.1 * jitter
    return min(30.0, FIRST_PAUSE * 2.0**attempt) * (0.5 + 0.5 * jitter)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _is_page(response: httpx.Response, content: bytes) -> bool:
    kind = response.headers.get("content-type", "")
    return "html" in kind or content.lstrip()[:1] == b"<"
