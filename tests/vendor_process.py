"""Start a vendor server as a process of its own, and stop it afterwards."""

from __future__ import annotations

import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

# plain HTTP only: loading the machine's certificates would cost 50 ms a client
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@dataclass
class VendorProcess:
    """A running vendor server; `control` and `history` speak to its hidden door."""

    url: str
    process: subprocess.Popen[str]
    http: httpx.Client = field(repr=False)

    @property
    def pid(self) -> int:
        return self.process.pid

    def control(self, verb: str, body: dict[str, Any] | None = None, *, method: str = "") -> Any:
        """Call /_control/<verb>: GET without a body, POST with one. Fails on a refusal."""
        chosen = method or ("GET" if body is None else "POST")
        answer = self.http.request(chosen, f"{self.url}/_control/{verb}", json=body)
        assert answer.status_code == 200, f"{chosen} {verb}: {answer.text}"
        return answer.json()

    def switch(self, **values: Any) -> None:
        """Change switches while it runs."""
        self.control("switches", values)

    def fault(self, kind: str, **rule: Any) -> None:
        """Spoil answers: fault("429", path="/api/v2", times=3)."""
        self.control("faults", {"kind": kind, **rule})

    def clear_faults(self) -> None:
        """Forget all faults."""
        self.control("faults", {}, method="DELETE")

    def history(self, *, applied: bool = True) -> list[dict[str, Any]]:
        """The changes that really happened, oldest first; refused ones too if not applied."""
        lines: list[dict[str, Any]] = self.control("history")
        return [line for line in lines if not applied or line["effect"] == "applied"]

    def requests(self) -> dict[str, Any]:
        """Counts since the start or the last reset: total, routes, statuses, most_at_once."""
        counts: dict[str, Any] = self.control("requests")
        return counts

    def reset_counts(self) -> None:
        """Start counting anew."""
        self.control("reset-counts", {})

    def kill_at_write(self, pid: int, when: str, nth: int = 1) -> None:
        """Let the server kill a process before or after applying its nth next write."""
        self.control("kill", {"pid": pid, "when": when, "nth": nth})

    def die(self) -> None:
        """Kill the server with SIGKILL and wait until it is gone."""
        self.process.kill()
        self.process.wait(10)


@contextmanager
def vendor(*arguments: str | object, name: str = "jumpcloud") -> Iterator[VendorProcess]:
    """Run uar.demo.vendors.<name> on a free port with these flags; yield it when it is ready."""
    command = [sys.executable, "-m", f"uar.demo.vendors.{name}", "--port", "0", "--allow-kill"]
    process = subprocess.Popen(
        [*command, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    complaints: list[str] = []
    listener = threading.Thread(target=_collect, args=(process, complaints), daemon=True)
    listener.start()
    client = httpx.Client(timeout=30, trust_env=False, verify=NO_TLS)
    try:
        yield VendorProcess(_ready(process, command, complaints), process, client)
    finally:
        client.close()
        _stop(process, listener)
    if process.returncode not in (0, -signal.SIGKILL):
        raise AssertionError(f"{name} ended with {process.returncode}: {''.join(complaints)}")
    if complaints:
        raise AssertionError(f"{name} complained: {''.join(complaints)}")


def _ready(process: subprocess.Popen[str], command: Sequence[str], complaints: list[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    if not line.startswith("listening on "):
        process.wait(10)
        raise AssertionError(f"{' '.join(command)} did not start: {line} {''.join(complaints)}")
    return line.removeprefix("listening on ")


def _collect(process: subprocess.Popen[str], complaints: list[str]) -> None:
    assert process.stderr is not None
    complaints.extend(process.stderr)


def _stop(process: subprocess.Popen[str], listener: threading.Thread) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)
    listener.join(10)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    process.stderr.close()
