"""A throw-away PostgreSQL server for tests: a socket in a temporary folder, no port."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg


def program(name: str) -> str | None:
    """Find one of the server's programs on PATH or in Debian's folder; None if not installed."""
    found = shutil.which(name)
    if found:
        return os.path.realpath(found)
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / name).exists():
            return str(folder / name)
    return None


def missing() -> str:
    """Say why no server can be started here; empty when one can."""
    if not program("initdb") or not program("postgres"):
        return "PostgreSQL's server programs are not installed"
    if os.geteuid() == 0 and not _has_user("postgres"):
        return "PostgreSQL refuses to run as root and there is no user postgres"
    return ""


@contextlib.contextmanager
def cluster() -> Iterator[str]:
    """Start a server; yield the folder of its socket; stop and remove it afterwards."""
    base = tempfile.mkdtemp(prefix="pg-", dir="/tmp")  # short: a socket path has 107 bytes
    drop: dict[str, Any] = {}
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        drop = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        os.chown(base, user.pw_uid, user.pw_gid)
    env = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    env |= {"LC_ALL": "C.UTF-8", "HOME": base}
    subprocess.run(
        [str(program("initdb")), "-D", f"{base}/d", "-U", "app", "-A", "trust", "-E", "UTF8",
         "--no-locale", "-N"],
        check=True, cwd=base, env=env, stdout=subprocess.DEVNULL, **drop,
    )  # fmt: skip
    options = {
        "listen_addresses": "",
        "unix_socket_directories": base,
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": "60",
    }
    arguments = [word for k, v in options.items() for word in ("-c", f"{k}={v}")]
    with open(f"{base}/log", "wb") as log:
        server = subprocess.Popen(
            [str(program("postgres")), "-D", f"{base}/d", *arguments],
            cwd=base, env=env, stderr=log, start_new_session=True, **drop,
        )  # fmt: skip
    try:
        _wait(base)
        yield base
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(20)
        shutil.rmtree(base, ignore_errors=True)


def url(base: str, database: str) -> str:
    """Return the SQLAlchemy address of one database of the server."""
    return f"postgresql+psycopg://app@/{database}?host={base}"


def run(base: str, statement: str) -> None:
    """Run one statement outside a transaction, such as CREATE DATABASE."""
    with psycopg.connect(host=base, user="app", dbname="postgres", autocommit=True) as connection:
        connection.execute(statement.encode())


def _wait(base: str) -> None:
    for _ in range(200):
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(host=base, user="app", dbname="postgres").close()
            return
        time.sleep(0.05)
    raise RuntimeError(Path(f"{base}/log").read_text())


def _has_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
