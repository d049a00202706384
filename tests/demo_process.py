"""`uar demo` as a process of its own, for tests that run it as a person does."""

from __future__ import annotations

import contextlib
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tests.shell import UAR

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


def beside(said: str) -> dict[str, str]:
    """Return the address of each vendor's page by the app, as the summary names them."""
    return {app: url for url, app in re.findall(r"(http://\S+)   (.+)'s own page: ", said)}


def vendor_of(said: str) -> str:
    return beside(said)["JumpCloud"]
