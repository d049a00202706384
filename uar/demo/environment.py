"""Settings that go with the demo's data folder, for a second terminal.

The demo's vendor server is on loopback, which connectors may call only when a
setting says so. `uar demo` notes its settings in the folder, so that `uar sync`
or `uar worker` typed elsewhere works on the same company without setting them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from uar.settings import Settings

NOTED = ("UAR_ALLOW_PRIVATE_HOSTS", "UAR_UNDO_SECONDS")


def folder(data_dir: str | Path) -> Path:
    """Return the folder inside the data folder that belongs to the demo alone."""
    return Path(data_dir).resolve() / "demo"


def note(data_dir: Path, environ: Mapping[str, str]) -> None:
    """Write down which settings the demo runs with, and which database it filled."""
    kept = {name: environ[name] for name in (*NOTED, "UAR_DATABASE_URL") if environ.get(name)}
    _file(data_dir).parent.mkdir(parents=True, exist_ok=True)
    _file(data_dir).write_text(json.dumps(kept, indent=2) + "\n")


def is_noted(data_dir: Path) -> bool:
    """Say whether the data in this folder is the demo's own."""
    return _file(data_dir).exists()


def with_demo(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment, completed by the demo's settings where the demo's data is meant.

    What the environment says wins. Demo mode itself is never switched on here.
    """
    file = _file(Path(environ.get("UAR_DATA_DIR") or Settings().data_dir))
    if not file.exists():
        return dict(environ)
    noted: dict[str, str] = json.loads(file.read_text())
    if noted.get("UAR_DATABASE_URL", "") != environ.get("UAR_DATABASE_URL", ""):
        return dict(environ)
    return {name: noted[name] for name in NOTED if name in noted} | dict(environ)


def _file(data_dir: Path) -> Path:
    return folder(data_dir) / "settings.json"
