"""`uar demo` as a person runs it: one command, several processes, all gone at the end."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.shell import UAR
from tests.shell import plain_environ as plain_environ

pytestmark = pytest.mark.slow

READY = "Ctrl-C stops everything"


@dataclass
class Shell:
    """A folder, and the environment in which commands are typed there."""

    folder: Path
    plain: dict[str, str]

    def environ(self, port: int) -> dict[str, str]:
        ours = {"UAR_DATA_DIR": str(self.folder / "var"), "UAR_LISTEN": f"127.0.0.1:{port}"}
        return self.plain | ours

    def uar(self, port: int, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [UAR, *words], env=self.environ(port) | more, cwd=self.folder, capture_output=True,
            text=True, check=False, timeout=120,
        )  # fmt: skip


class Demo:
    """One run of `uar demo` in a folder, with what it has said so far."""

    def __init__(self, shell: Shell, port: int) -> None:
        self.log = shell.folder / f"demo-{time.monotonic_ns()}.log"
        self.url = f"http://127.0.0.1:{port}"
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [UAR, "demo"], env=shell.environ(port), stdout=out, stderr=out, cwd=shell.folder,
                start_new_session=True,
            )  # fmt: skip

    def said(self) -> str:
        return self.log.read_text()

    def until(self, words: str, seconds: float = 90) -> str:
        """Wait until it has said so; return everything that it said."""
        end = time.monotonic() + seconds
        while words not in self.said():
            assert self.process.poll() is None or words in self.said(), self.said()
            assert time.monotonic() < end, self.said()
            time.sleep(0.05)
        return self.said()

    def stop(self, number: int = signal.SIGINT) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(40)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def page(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return str(error.read().decode())


def is_listening(url: str) -> bool:
    host, _, port = url.removeprefix("http://").partition(":")
    with contextlib.suppress(OSError), socket.create_connection((host, int(port)), 2):
        return True
    return False


def vendor_of(said: str) -> str:
    found = re.search(r"Beside it\s+(\S+)", said)
    assert found, said
    return found[1]


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory, plain_environ: dict[str, str]) -> Shell:
    return Shell(tmp_path_factory.mktemp("demo"), plain_environ)


@pytest.fixture
def elsewhere(tmp_path: Path, plain_environ: dict[str, str]) -> Shell:
    """Another folder, in which nothing has happened yet."""
    return Shell(tmp_path, plain_environ)


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def demo(shell: Shell, port: int) -> Iterator[Demo]:
    running = Demo(shell, port)
    running.until(READY)
    yield running
    running.stop()


def test_one_command_fills_an_inventory_from_the_vendor_and_serves_it(
    demo: Demo, shell: Shell, port: int
) -> None:
    said = demo.said()

    assert demo.url in said
    assert "Rita Ortiz" in said
    assert "<h1" in page(demo.url)
    assert "crm-admins" in page(vendor_of(said))
    listed = shell.uar(port, "inventory", "--app", "JumpCloud", "--json")
    assert '"ada.byrne@tidewheel.example"' in listed.stdout, listed.stderr


def test_a_second_demo_in_the_same_folder_is_refused(demo: Demo, shell: Shell) -> None:
    second = shell.uar(free_port(), "demo")

    assert second.returncode == 1
    assert f"runs already with this folder, as process {demo.process.pid}" in second.stderr


def test_resetting_a_running_demo_is_refused(demo: Demo, shell: Shell, port: int) -> None:
    refused = shell.uar(port, "demo", "--reset")

    assert refused.returncode == 1
    assert "Stop it with Ctrl-C" in refused.stderr
    assert (shell.folder / "var" / "uar.db").exists()


def test_a_taken_port_is_said_in_one_sentence(demo: Demo, elsewhere: Shell, port: int) -> None:
    refused = elsewhere.uar(port, "demo")

    assert refused.returncode == 1
    assert f"Port {port} on 127.0.0.1 is taken" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_killed_worker_starts_again(demo: Demo) -> None:
    found = re.search(r"kill -9 (\d+)", demo.said())
    assert found

    os.kill(int(found[1]), signal.SIGKILL)

    said = demo.until("The worker runs again, as process")
    assert f"The worker (process {found[1]}) was killed by signal 9" in said


def test_the_second_start_is_quick_and_keeps_what_was_done(
    demo: Demo, shell: Shell, port: int
) -> None:
    assert demo.stop() == 0
    assert not is_listening(demo.url)
    assert not is_listening(vendor_of(demo.said()))

    began = time.monotonic()
    again = Demo(shell, port)
    said = again.until(READY)
    took = time.monotonic() - began

    again.stop(signal.SIGTERM)
    assert vendor_of(said) == vendor_of(demo.said())
    assert shell.uar(port, "connectors", "list", "--json").stdout.count('"kind"') == 1
    assert "Connecting" not in said
    assert took < 15, f"{took:.1f} s; 5 are promised on a machine that does nothing else"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ends them for us")
def test_nothing_outlives_a_demo_that_is_killed(shell: Shell, port: int) -> None:
    killed = Demo(shell, port)
    vendor = vendor_of(killed.until(READY))

    killed.stop(signal.SIGKILL)

    end = time.monotonic() + 20
    while is_listening(killed.url) or is_listening(vendor):
        assert time.monotonic() < end
        time.sleep(0.1)


def test_reset_forgets_the_company_and_the_database(shell: Shell, port: int) -> None:
    done = shell.uar(port, "demo", "--reset")

    assert done.returncode == 0, done.stderr
    assert not (shell.folder / "var" / "uar.db").exists()
    assert not (shell.folder / "var" / "demo").exists()


@pytest.mark.parametrize("listen", ["0.0.0.0:8000", "192.0.2.7:80", "[::]:8000"])
def test_the_demo_listens_on_loopback_only(listen: str, elsewhere: Shell) -> None:
    refused = elsewhere.uar(0, "demo", UAR_LISTEN=listen)

    assert refused.returncode == 1
    assert "loopback only" in refused.stderr
    assert not (elsewhere.folder / "var").exists()


def test_the_demo_leaves_an_installation_that_it_did_not_make_alone(elsewhere: Shell) -> None:
    port = free_port()
    added = elsewhere.uar(
        port, "connectors", "add", "jumpcloud", "--app", "Directory", "--api-key", "k"
    )
    assert added.returncode == 0, added.stderr

    refused = elsewhere.uar(port, "demo")

    assert refused.returncode == 1
    assert "not the demo's" in refused.stdout + refused.stderr
