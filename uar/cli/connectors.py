"""`uar connectors`: the kinds there are, and the ones configured here."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from connectors import CATALOGUE, find
from connectors.base import Provisioner, Reader
from connectors.fields import Field, fields
from uar import connections
from uar.cli.base import (
    OK,
    Commands,
    changing,
    command,
    group,
    opened,
    operator,
    say,
    say_json,
    say_table,
)
from uar.errors import Invalid


def add(commands: Commands) -> None:
    """Add the commands."""
    ours = group(commands, "connectors", "Connect systems")
    command(ours, "kinds", kinds, "List the kinds of systems there are connectors for", json_=True)
    command(ours, "list", configured, "List the configured connectors", json_=True)
    check = command(ours, "check", check_one, "Sign in with a connector, read nothing", json_=True)
    check.add_argument("id", type=int, metavar="ID", help="the connector's id")
    words = "Configure a connector; prints its id"
    new = ours.add_parser("add", help=words, description=words)
    of_kind = new.add_subparsers(metavar="KIND", dest="kind", required=True)
    for kind in CATALOGUE:
        _add_kind(of_kind, kind)


def kinds(chosen: argparse.Namespace) -> int:
    """List the catalogue; with --json also what each kind must be given."""
    if chosen.json:
        say_json([_described(kind) for kind in CATALOGUE])
    else:
        say_table(
            ("kind", "title", "summary"),
            [{"kind": k.kind, "title": k.title, "summary": k.summary} for k in CATALOGUE],
            "There are none.",
        )
    return OK


def configured(chosen: argparse.Namespace) -> int:
    """List what is configured here."""
    with opened() as site, site.reading() as session:
        found = [asdict(row) for row in connections.connectors(session)]
    if chosen.json:
        say_json(found)
    else:
        columns = ("id", "app", "kind", "state", "writes_on", "run_state", "next_sync_at")
        say_table(columns, found, "There are none. Add one with uar connectors add.")
    return OK


def check_one(chosen: argparse.Namespace) -> int:
    """Say who we are at the vendor and what we may not read; nothing else is read."""
    with changing() as site:
        found = connections.check(site, chosen.id, operator())
    if chosen.json:
        say_json(asdict(found))
        return OK
    at = f" at {found.organisation}" if found.organisation else ""
    say(f"Signed in as {found.who}{at}.")
    for missing in found.missing_rights:
        say(missing)
    return OK


def add_one(chosen: argparse.Namespace) -> int:
    """Configure a connector and print its id; calls nobody."""
    values = _values(find(chosen.kind), vars(chosen), os.environ)
    with changing() as site, site.working(operator()) as work:
        connector = connections.add(
            work, site.vault, chosen.kind, chosen.app, values, writes_on=chosen.writes
        )
        connector_id = connector.id
    if chosen.json:
        say_json({"id": connector_id})
    else:
        say(str(connector_id))
    return OK


def _add_kind(of_kind: Commands, kind: type[Reader]) -> None:
    parser = command(of_kind, kind.kind, add_one, kind.summary, json_=True)
    parser.add_argument("--app", required=True, metavar="NAME", help="the app that it feeds")
    parser.add_argument("--writes", action="store_true", help="let it change access at the vendor")
    for field in fields(kind.Config):
        help_ = f"{field.help} [{field.env}]".replace("%", "%%")
        parser.add_argument(field.flag, dest=_dest(field), metavar="VALUE", help=help_)
        if field.secret:
            parser.add_argument(
                f"{field.flag}-file", dest=f"{_dest(field)}_file", metavar="FILE",
                help="the same, read from a file, so that no list of processes shows it",
            )  # fmt: skip


def _values(
    kind: type[Reader], flags: Mapping[str, Any], environ: Mapping[str, str]
) -> dict[str, str]:
    """Collect the fields that are given: by flag, by file, or else by the environment."""
    found = {}
    for field in fields(kind.Config):
        text = flags.get(_dest(field))
        if text is None:
            text = _from_file(field, flags.get(f"{_dest(field)}_file"))
        if text is None:
            text = environ.get(field.env)
        if text is None and field.secret:
            text = _from_file(field, environ.get(f"{field.env}_FILE"))
        if text is not None:
            found[field.name] = text
    return found


def _dest(field: Field) -> str:
    return f"field_{field.name}"  # a vendor may call a field `app` or `json`


def _from_file(field: Field, file: str | None) -> str | None:
    if file is None:
        return None
    try:
        return Path(file).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{field.label} cannot be read from {file}: {error}.") from None


def _described(kind: type[Reader]) -> dict[str, Any]:
    return {
        "kind": kind.kind,
        "title": kind.title,
        "summary": kind.summary,
        "is_directory": kind.is_directory,
        "is_beta": kind.is_beta,
        "guide": asdict(kind.guide),
        "can_write": issubclass(kind, Provisioner),
        "resource_types": [asdict(one) for one in kind.resource_types],
        "fields": [asdict(field) for field in fields(kind.Config)],
    }
