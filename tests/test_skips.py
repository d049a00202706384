"""What happens to skipped tests, seen on a pytest run of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest

def test_that_works():
    pass

@pytest.mark.parametrize("n", [1, 2])
def test_that_needs_a_browser(n):
    pytest.skip("Chromium is not installed")

def test_of_another_database():
    pytest.skip("SQLite has no such thing")
"""


@pytest.mark.slow
@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 1)])
def test_a_missing_package_is_named_at_the_end_and_fails_a_build(
    ci: str, code: int, tmp_path: Path
) -> None:
    (tmp_path / "test_some.py").write_text(TESTS)
    environ = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")} | {"CI": ci}

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.skips", "-p", "no:cacheprovider",
         "--rootdir", str(tmp_path), "-c", os.devnull, str(tmp_path)],
        cwd=Path(__file__).parent.parent, env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == code, done.stdout + done.stderr
    assert "2 tests: Chromium is not installed" in done.stdout
    assert "SQLite has no such thing" not in done.stdout.partition("lacks something")[2]
    assert ("With CI=true that is a failure." in done.stdout) is bool(ci)
