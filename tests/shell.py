"""A person's shell, for tests that start `uar` as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

UAR = str(Path(sys.executable).parent / "uar")


@dataclass
class Terminal:
    """A terminal in a folder of its own, in which connectors may call loopback."""

    folder: Path
    environ: dict[str, str]

    def uar(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        ours = {"UAR_DATA_DIR": str(self.folder), "UAR_ALLOW_PRIVATE_HOSTS": "127.0.0.1"}
        return subprocess.run(
            [UAR, *words], env=self.environ | ours | more,
            cwd=self.folder, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    def json(self, *words: str) -> Any:
        done = self.uar(*words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="session")
def plain_environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Ours without any setting of uar; compiled modules are kept for the session.

    A command imports what a web server imports. Compiling that each time costs
    more than running it.
    """
    left_out = ("UAR_", "PYTEST_", "PYTHONDONTWRITEBYTECODE")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(left_out)}
    return kept | {"PYTHONPYCACHEPREFIX": str(tmp_path_factory.getbasetemp() / "compiled")}
