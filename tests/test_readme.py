"""The README says what is true."""

from __future__ import annotations

import re
from pathlib import Path

from uar.cli.settings import markdown

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_the_settings_table_is_what_the_command_prints() -> None:
    _, _, rest = README.partition("<!-- settings: begin (uar settings --markdown) -->\n")
    table, _, _ = rest.partition("\n<!-- settings: end -->")

    assert table == markdown(), "run `uar settings --markdown` and paste it between the markers"


def test_every_file_that_the_readme_names_exists() -> None:
    named = set(
        re.findall(r"`((?:uar|connectors|templates|static|benchmarks|tests)/[\w./]*)`", README)
    )

    assert named
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_every_make_target_that_the_readme_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert set(re.findall(r"\bmake ([a-z-]+)", README)) <= targets
