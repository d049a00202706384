"""Every setting, read once from the environment. Names begin with ``UAR_``.

A secret may come from a file instead: ``UAR_SECRET_KEY_FILE``. An unknown
``UAR_`` name is an error, so that a typing mistake is not silently a default.
"""

from __future__ import annotations

import ipaddress
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors import CATALOGUE
from connectors.fields import fields as connector_fields
from uar.errors import Invalid


def _setting(default: Any, help_: str, *, secret: bool = False) -> Any:
    return field(default=default, metadata={"help": help_, "secret": secret})


@dataclass(frozen=True, slots=True)
class Settings:
    """What this installation is set to. Durations are in the unit of their name."""

    data_dir: str = _setting("var", "Folder for the SQLite file, the secret key and demo data")
    database_url: str = _setting(
        "",
        "SQLAlchemy address of the database; empty means uar.db in the data folder",
        secret=True,
    )
    secret_key: str = _setting(
        "",
        "Key that seals connector secrets; older keys may follow after commas. "
        "Empty means a key file that is made in the data folder",
        secret=True,
    )
    allow_private_hosts: str = _setting(
        "", "Private hosts or networks that connectors may call, separated by commas"
    )
    calls_from: str = _setting(
        "",
        "Public address that connectors call from, shown beside their settings for vendors' "
        "lists of allowed addresses; empty means unknown",
    )
    undo_seconds: int = _setting(600, "How long a removal waits for second thoughts")
    listen: str = _setting("127.0.0.1:8000", "Address and port of the web server")
    base_url: str = _setting("http://127.0.0.1:8000", "Address that links in mail begin with")
    web_processes: int = _setting(1, "Web processes; use one with SQLite")
    web_threads: int = _setting(8, "Threads in each web process")
    scheduler: str = _setting("inline", "inline: jobs run in the web process; off: uar worker runs")
    time_zone: str = _setting("UTC", "IANA time zone that pages show times in")
    session_hours: int = _setting(20, "Hours until a signed-in browser must sign in again")
    stale_hours: int = _setting(48, "A read older than this does not open a campaign")
    proof_seconds: int = _setting(300, "How long to read back before a change counts as unproven")
    lease_seconds: int = _setting(45, "How long a worker may take over one step of an order")
    lapse_days: int = _setting(7, "Days until an unanswered request lapses")
    smtp_url: str = _setting(
        "",
        "Mail server, such as smtp+starttls://user:password@mail.example:587; empty sends nothing",
        secret=True,
    )
    mail_from: str = _setting("uar@localhost", "Sender of mail")
    demo: bool = _setting(False, "Demo mode: choose who you are at sign-in; loopback only")

    @property
    def folder(self) -> Path:
        """Return the data folder as an absolute path."""
        return Path(self.data_dir).resolve()

    @property
    def database(self) -> str:
        """Return the effective database address."""
        return self.database_url or f"sqlite:///{self.folder / 'uar.db'}"

    @property
    def zone(self) -> ZoneInfo:
        """Return the organisation's time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def private_hosts(self) -> tuple[str, ...]:
        """Return the private hosts and networks that connectors may call."""
        return tuple(part.strip() for part in self.allow_private_hosts.split(",") if part.strip())

    def keys(self) -> tuple[str, ...]:
        """Return the vault's keys, today's first; makes the key file when there is none."""
        if self.secret_key:
            return tuple(part.strip() for part in self.secret_key.split(",") if part.strip())
        file = self.folder / "secret.key"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            try:
                descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                pass
            else:
                with os.fdopen(descriptor, "w") as out:
                    out.write(secrets.token_urlsafe(32) + "\n")
        return (file.read_text().strip(),)


@dataclass(frozen=True, slots=True)
class Effective:
    """One setting as it is in force: its value as text, and where it came from."""

    name: str
    value: str
    origin: str
    default: str
    help: str


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. Raises Invalid naming every problem at once."""
    values, _ = _collect(os.environ if environ is None else environ)
    return Settings(**values)


def effective(environ: Mapping[str, str] | None = None) -> list[Effective]:
    """List every setting with its value and origin; secrets say only that they are set."""
    values, origins = _collect(os.environ if environ is None else environ)
    listed = []
    for item in fields(Settings):
        value = values.get(item.name, item.default)
        text = ("set" if value else "not set") if item.metadata["secret"] else str(value)
        listed.append(
            Effective(
                env_name(item.name),
                text,
                origins.get(item.name, "default"),
                str(item.default),
                item.metadata["help"],
            )
        )
    return listed


def env_name(name: str) -> str:
    """Return the environment name of a setting."""
    return "UAR_" + name.upper()


def _collect(environ: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    problems: dict[str, str] = {}
    known = {env_name(item.name): item for item in fields(Settings)}
    others = {f.env for kind in CATALOGUE for f in connector_fields(kind.Config)}
    for name in sorted(key for key in environ if key.startswith("UAR_")):
        plain = name.removesuffix("_FILE")
        if plain in others:
            continue
        item = known.get(plain)
        if item is None or (plain != name and not item.metadata["secret"]):
            problems[name] = f"{name} is not a setting of uar. Is it spelled right?"
            continue
        try:
            text = environ[name] if plain == name else Path(environ[name]).read_text().strip()
            values[item.name] = _parse(item.type, text)
            origins[item.name] = name
        except (ValueError, OSError) as error:
            problems[name] = f"{name}: {error}"
    problems |= _check(values)
    if problems:
        raise Invalid("Settings: " + " ".join(problems.values()), problems)
    return values, origins


def _parse(kind: Any, text: str) -> Any:
    if kind in (int, "int"):
        number = int(text)
        if number < 0:
            raise ValueError("must not be negative")
        return number
    if kind in (bool, "bool"):
        if text.lower() not in ("1", "0", "true", "false", "yes", "no", "on", "off", ""):
            raise ValueError("say yes or no")
        return text.lower() in ("1", "true", "yes", "on")
    return text


def _check(values: Mapping[str, Any]) -> dict[str, str]:
    problems = {}
    if values.get("scheduler", "inline") not in ("inline", "off"):
        problems["UAR_SCHEDULER"] = "UAR_SCHEDULER is inline or off."
    try:
        ZoneInfo(values.get("time_zone", "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        problems["UAR_TIME_ZONE"] = "UAR_TIME_ZONE is not an IANA time zone such as Europe/Berlin."
    host, _, port = str(values.get("listen", "127.0.0.1:8000")).rpartition(":")
    if not port.isdigit() or not host:
        problems["UAR_LISTEN"] = "UAR_LISTEN is an address and a port such as 127.0.0.1:8000."
    elif values.get("demo") and not is_loopback(host):
        problems["UAR_LISTEN"] = "The demo listens on loopback only: anybody can be anybody there."
    return problems


def is_loopback(host: str) -> bool:
    """Say whether a host name or address is this machine's loopback."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
