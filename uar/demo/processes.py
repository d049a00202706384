"""Processes that the demo starts: each in a group of its own, none outliving the demo."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from uar.errors import UarError

PR_SET_PDEATHSIG = 1
STOP_SECONDS = 12.0
RESTART_SECONDS = 3.0
READY_SECONDS = 60.0


class Died(UarError):
    """A process ended before it was ready."""


class Child:
    """One long-running process, its log, and how to start it again."""

    def __init__(
        self, name: str, module: Sequence[str], environ: Mapping[str, str], log: Path
    ) -> None:
        """``module`` is what follows ``python -m``; output is appended to ``log``."""
        self.name = name
        self.log = log
        self._command = [sys.executable, "-m", *module]
        self._environ = dict(environ)
        self._process: subprocess.Popen[bytes] | None = None
        self._again_at: float | None = None

    @property
    def pid(self) -> int:
        """The process id; 0 while it does not run."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Start it; returns at once."""
        self._again_at = None
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                self._command, env=self._environ, stdin=subprocess.DEVNULL,
                stdout=out, stderr=out, start_new_session=True, preexec_fn=dies_with(os.getpid()),
            )  # fmt: skip

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Wait until ``ready`` says so. Raises Died when the process ends before, or never is."""
        until = time.monotonic() + READY_SECONDS
        while not ready():
            if self._process is None or self._process.poll() is not None:
                raise Died(f"{self.name} did not start: {self.last_words()} (see {self.log})")
            if time.monotonic() > until:
                raise Died(f"{self.name} did not answer within {READY_SECONDS:.0f} s: {self.log}")
            time.sleep(0.05)

    def tend(self) -> str:
        """Start it again some seconds after it died; return what there is to say, or nothing."""
        if self._again_at is not None:
            if time.monotonic() < self._again_at:
                return ""
            self.start()
            return f"{self.name} runs again, as process {self.pid}"
        if self._process is None or (code := self._process.poll()) is None:
            return ""
        was = self.pid
        self._kill_group()
        self._process = None
        self._again_at = time.monotonic() + RESTART_SECONDS
        how = f"was killed by signal {-code}" if code < 0 else f"ended: {self.last_words()}"
        return f"{self.name} (process {was}) {how}; it starts again in {RESTART_SECONDS:.0f} s"

    def ask_to_stop(self) -> None:
        """Send SIGTERM; it also ends processes of its own."""
        self._again_at = None
        if self._process and self._process.poll() is None:
            self._process.terminate()

    def stop(self) -> None:
        """Wait until it has ended, and kill what is left of its group when it takes too long."""
        self.ask_to_stop()
        if self._process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        self._kill_group()
        self._process.wait()
        self._process = None

    def last_words(self) -> str:
        """Return the last line of its log."""
        lines = (
            self.log.read_text(errors="replace").strip().splitlines() if self.log.exists() else []
        )
        return lines[-1] if lines else "it said nothing"

    def _kill_group(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)


def dies_with(parent: int) -> Callable[[], None] | None:
    """Return what a new process does first so that it ends when ``parent`` is killed.

    Only Linux can; elsewhere None, and a demo killed by -9 leaves its processes.
    """
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def bind() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it was killed before we could ask
            os._exit(1)

    return bind
