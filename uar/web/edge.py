"""What every request passes: an id, one line in the log, the same-origin check, the headers.

Cross-site requests are told by headers, not by tokens in forms: a browser says
itself where a request comes from, and no page can make it lie.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from flask import Flask, Response, g, request
from werkzeug.routing import IntegerConverter

from uar.errors import Forbidden
from uar.work import request_ref

log = logging.getLogger("uar.web")

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; frame-ancestors 'none'; "
    "form-action 'self'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
A_YEAR = 365 * 24 * 60 * 60


class Id(IntegerConverter):
    """Numbers in addresses: no greater than an id can be, so that greater ones name nothing."""

    def __init__(self, map: Any, *arguments: Any, **named: Any) -> None:  # noqa: A002 - werkzeug's
        super().__init__(map, *arguments, **({"max": 2**31 - 1} | named))


def install(app: Flask, static: Path) -> None:
    """Put all of it around every view of the app; ``static`` is the folder of its files."""
    app.url_map.converters["int"] = Id
    version = static_version(static)

    @app.url_defaults
    def _say_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            values["v"] = version

    app.before_request(_begin)
    app.before_request(_insist_on_same_origin)
    app.after_request(_add_headers)
    app.after_request(_log)
    app.teardown_request(_forget)


def static_version(folder: Path) -> str:
    """Return a short hash over all static files; addresses carry it, so browsers may keep them."""
    total = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        total.update(file.relative_to(folder).as_posix().encode())
        total.update(file.read_bytes())
    return total.hexdigest()[:12]


def _begin() -> None:
    g.began = time.monotonic()
    request_ref.set(secrets.token_hex(6))


def _insist_on_same_origin() -> None:
    """Refuse a change that another site's page asks for."""
    if request.method in SAFE_METHODS:
        return
    came_from = request.headers.get("Sec-Fetch-Site")
    if came_from is not None:
        fine = came_from in ("same-origin", "none")
    else:  # a plain http address that is not loopback: the browser sends no Sec-Fetch headers
        fine = urlsplit(request.headers.get("Origin", "")).netloc == request.host
    if not fine:
        raise Forbidden(
            "This came from another site, so nothing was done. Try it from our own page."
        )


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["X-Request-Id"] = request_ref.get()
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    elif "v" in request.args and response.status_code in (200, 304):
        response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    return response


def _log(response: Response) -> Response:
    took = (time.monotonic() - g.get("began", time.monotonic())) * 1000
    person = g.get("me")
    log.info(
        "request=%s person=%s %s %s %s %.1f ms",
        request_ref.get(),
        person.id if person else "-",
        request.method,
        quote(request.path),  # a line break in it must not look like a line of ours
        response.status_code,
        took,
    )
    return response


def _forget(_error: BaseException | None) -> None:
    request_ref.set("")
