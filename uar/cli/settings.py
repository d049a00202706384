"""`uar settings`: what is in force, where it came from, and the README's table."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from connectors import CATALOGUE
from connectors.fields import fields
from uar.cli.base import OK, Commands, command, environment, say, say_json, say_table
from uar.settings import Effective, effective


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(commands, "settings", show, "Show every setting and its origin", json_=True)
    parser.add_argument("--markdown", action="store_true", help="print the README's tables")


def show(chosen: argparse.Namespace) -> int:
    """Print the settings; secrets say only whether they are set."""
    if chosen.markdown:
        say(markdown())
        return OK
    found = effective(environment())
    if chosen.json:
        say_json([asdict(setting) for setting in found])
    else:
        say_table(("name", "value", "origin", "help"), [asdict(s) for s in found], "")
    return OK


def markdown() -> str:
    """Return the README's tables: settings, then the fields of every connector.

    The environment makes no difference.
    """
    lines = ["| setting | default | what it is |", "|---|---|---|"]
    lines += [_line(setting) for setting in effective({})]
    lines += [
        "",
        "A secret may be in a file instead: `UAR_SECRET_KEY_FILE`, `UAR_DATABASE_URL_FILE` …",
        "What follows fills in `uar connectors add`; flags of the same name win.",
        "",
        "| connector | name | default | what it is |",
        "|---|---|---|---|",
    ]
    for kind in CATALOGUE:
        for field in fields(kind.Config):
            default = "required" if field.required else _code(field.default)
            name = f"`{field.env}` `{field.flag}`"
            lines.append(f"| {kind.title} | {name} | {default} | {field.help} |")
    return "\n".join(lines)


def _line(setting: Effective) -> str:
    return f"| `{setting.name}` | {_code(setting.default)} | {setting.help} |"


def _code(text: str) -> str:
    return f"`{text}`" if text else ""
