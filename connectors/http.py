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
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from urllib.parse import urlencode

import httpx

from connectors.address import url_problem
from connectors.answers import VendorClock, message_in, refusal, unreachable
from connectors.base import Net
from connectors.errors import (
    Blocked,
    Garbled,
    Missing,
    RateLimited,
    Rejected,
    Remote,
)
from connectors.fanout import FanOut
from connectors.fields import Secret, redact
from connectors.incoming import MAX_BYTES, MAX_STREAM_BYTES, Incoming
from connectors.pace import Pace
from connectors.transport import open_transport, time_outs

LONGEST_PAUSE = 120.0  # seconds; a vendor that wants more ends the run instead
FIRST_PAUSE = 0.5
MAX_REDIRECTS = 3

T = TypeVar("T")
R = TypeVar("R")
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Params = Mapping[str, str | int]
NONE: Mapping[str, Any] = {}
ALWAYS = {"accept": "application/json", "accept-encoding": "gzip, deflate", "user-agent": "uar"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the vendor answered: its JSON (None if empty) and its headers."""

    data: Any
    headers: httpx.Headers


class Client:
    """Speaks JSON over HTTP with one vendor on behalf of one connector.

    Safe to use from several threads. `headers` carry the credentials and go to
    `base_url` only; `pace` keeps them below a known rate limit. `quota_window` is for
    a vendor that counts requests in windows of so many seconds and may answer 429
    without saying when to come back. Raises Blocked at once if that address is not
    allowed.
    """

    def __init__(
        self,
        title: str,
        base_url: str,
        net: Net,
        *,
        headers: Mapping[str, str] = NONE,
        secrets: Sequence[Secret] = (),
        pace: Pace | None = None,
        quota_window: float = 0.0,
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
        self._pace = pace
        self._quota_window = quota_window
        self._count = 0
        self._lock = threading.Lock()
        self._not_before = 0.0
        self._fan_out = FanOut(net.concurrency)
        self._headers = {**ALWAYS, **headers}
        self._limits = {"timeout": time_outs(net)}
        # Not an httpx.Client: joining addresses, cookies and redirects of its own would
        # cost as much again as a request, and none of them is wanted here.
        self._http = open_transport(net)

    @property
    def requests(self) -> int:
        """How many requests were sent so far, repeated ones included."""
        return self._count

    def log(self, line: str) -> None:
        """Write one line to the run's log, without secrets."""
        self._net.log(redact(line, self._secrets))

    def get(self, path: str, params: Params = NONE, *, headers: Mapping[str, str] = NONE) -> Answer:
        """Read. Repeated while that may help."""
        return self._repeat(lambda: self._once("GET", path, params, None, headers))

    def stream(
        self, path: str, take: Callable[[Incoming], T], *, headers: Mapping[str, str] = NONE
    ) -> T:
        """Read an answer that is too large to be held: `take` reads it and gives what is wanted.

        Repeated while that may help, and `take` then begins anew. What it raises
        decides about that; it gets no refusals, and no page instead of data.
        """

        def taken(request: httpx.Request, incoming: Incoming) -> T:
            self._insist_on_data(request, incoming)
            return take(incoming)

        request = self._request("GET", f"{self.base_url}{path}", None, headers)
        return self._repeat(lambda: self._exchange(request, taken, MAX_STREAM_BYTES))

    def search(
        self, path: str, body: Any, params: Params = NONE, *, headers: Mapping[str, str] = NONE
    ) -> Answer:
        """Read through a POST that changes nothing. Repeated while that may help."""
        return self._repeat(lambda: self._once("POST", path, params, body, headers))

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

    def _repeat(self, call: Callable[[], T]) -> T:
        attempt = 0
        while True:
            self._wait_for_pause()
            try:
                return call()
            except Remote as failure:
                pause = _pause(failure, attempt, self._quota_window)
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
        wait = max(self._not_before - time.monotonic(), self._pace.next() if self._pace else 0.0)
        if wait > 0:
            self._net.sleep(wait)

    def _once(
        self, method: Method, path: str, params: Params, body: Any, headers: Mapping[str, str]
    ) -> Answer:
        query = f"?{urlencode(params)}" if params else ""
        request = self._request(method, f"{self.base_url}{path}{query}", body, headers)
        return self._exchange(request, self._answer, MAX_BYTES)

    def _exchange(
        self, request: httpx.Request, take: Callable[[httpx.Request, Incoming], T], most: int
    ) -> T:
        for _ in range(MAX_REDIRECTS + 1):
            with self._sent(request, most) as incoming:
                if not 300 <= incoming.status < 400:
                    return take(request, incoming)
                request = self._next(request, incoming)
        raise Garbled(f"{self.title} redirects in circles; is the base URL right?")

    def _request(
        self, method: Method, url: str | httpx.URL, body: Any, headers: Mapping[str, str]
    ) -> httpx.Request:
        return httpx.Request(
            method,
            url,
            json=body,
            headers={**self._headers, **headers},
            extensions=self._limits,
        )

    @contextmanager
    def _sent(self, request: httpx.Request, most: int) -> Iterator[Incoming]:
        """Send a request; whatever goes wrong until its answer is read becomes Remote."""
        with self._lock:
            self._count += 1
        began = time.monotonic()
        try:
            response = self._http.handle_request(request)
            patience = 10 * self._net.timeout
            incoming = Incoming(self.title, response, patience=patience, most=most)
            self.clock.hear(response.headers.get("date", ""))
            try:
                yield incoming
            finally:
                response.close()
                self._log_answer(request, incoming, time.monotonic() - began)
        except httpx.DecodingError:
            raise Garbled(f"{self.title} sent an answer that cannot be unpacked.") from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            host, patience = httpx.URL(self.base_url).host, self._net.timeout
            said = redact(str(error), self._secrets)
            raise unreachable(self.title, host, error, patience, said) from None

    def _log_answer(self, request: httpx.Request, incoming: Incoming, took: float) -> None:
        where = request.url.raw_path.decode("ascii", "replace")
        self.log(
            f"{request.method} {where}: {incoming.status}, {incoming.size} bytes, "
            f"{took * 1000:.0f} ms"
        )

    def _answer(self, request: httpx.Request, incoming: Incoming) -> Answer:
        self._insist_on_data(request, incoming)
        content = incoming.whole()
        if not content.strip():
            return Answer(None, incoming.headers)
        try:
            return Answer(json.loads(content), incoming.headers)
        except (ValueError, RecursionError):
            raise Garbled(
                f"{self.title} sent an answer that breaks off or is not JSON "
                f"({request.method} {request.url.path}). Try again later.",
                retry=True,
            ) from None

    def _insist_on_data(self, request: httpx.Request, incoming: Incoming) -> None:
        is_page = incoming.is_page
        if incoming.status >= 400:
            said = redact(message_in(incoming.whole()), self._secrets)
            problem = refusal(self.title, request, incoming, said)
            if isinstance(problem, Missing) and is_page:
                problem = Missing(f"{problem.sentence} It sent a web page: is the base URL right?")
            problem.status = incoming.status
            raise problem
        if is_page:
            raise Garbled(
                f"{self.title} answered a web page instead of data; is the base URL right?"
            )

    def _next(self, request: httpx.Request, incoming: Incoming) -> httpx.Request:
        target = request.url.join(incoming.headers.get("location", ""))
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
        return self._request("GET", target, None, request.headers)


def _pause(failure: Remote, attempt: int, quota_window: float) -> float:
    asked = failure.retry_after if isinstance(failure, RateLimited) else None
    jitter = randomness.SystemRandom().random()
    if asked is not None:
        return asked + 0.1 * jitter
    if quota_window and isinstance(failure, RateLimited):
        return quota_window * (0.5 + 0.5 * jitter)
    return min(30.0, FIRST_PAUSE * 2.0**attempt) * (0.5 + 0.5 * jitter)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
