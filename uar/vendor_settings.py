"""A connector's settings and secrets: checked, kept, sealed, opened.

Secrets are sealed when they are entered, bound to their row, and opened only to
call the vendor or to check that the settings fit together.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from connectors import find
from connectors.address import Allowance, allowance
from connectors.base import Reader
from connectors.fields import Problems, fields, parse
from uar.errors import Invalid
from uar.models import Connector, ConnectorSecret
from uar.settings import Settings
from uar.vault import Vault
from uar.work import Work


def reader_class(kind: str) -> type[Reader]:
    """Return the class of a kind of connector. Raises Invalid naming the kinds there are."""
    try:
        return find(kind)
    except KeyError as error:
        sentence = f"{str(error.args[0]).capitalize()}."
        raise Invalid(sentence, {"kind": sentence}) from None


def allowed(settings: Settings) -> Allowance:
    """Return the private addresses that connectors may call. Raises Invalid."""
    try:
        return allowance(settings.allow_private_hosts)
    except ValueError as error:
        raise Invalid(f"UAR_ALLOW_PRIVATE_HOSTS: {error}.") from None


def filled(values: Mapping[str, str]) -> dict[str, str]:
    """Return what was typed, without blanks."""
    return {name: text.strip() for name, text in values.items() if text.strip()}


def problems_of(
    reader: type[Reader], values: Mapping[str, str], settings: Settings
) -> dict[str, str]:
    """Say everything that is wrong with a connector's values, by field; costs no network."""
    try:
        parse(reader.Config, values, allow_private=allowed(settings))
    except Problems as problems:
        return problems.problems
    return {}


def elsewhere(
    reader: type[Reader], before: Mapping[str, str], values: Mapping[str, str]
) -> dict[str, str]:
    """Ask for the secrets again, by field, when an address changes that they are sent to.

    Otherwise whoever may change settings could have a secret sent to herself.
    """
    addresses = [field.name for field in fields(reader.Config) if field.kind == "url"]
    if all(before.get(name, "") == values.get(name, "") for name in addresses):
        return {}
    again = "The address changes: enter this again."
    return {name: again for name in secret_names(reader) if name not in values}


def public(reader: type[Reader], values: Mapping[str, str]) -> dict[str, str]:
    """Return the values that are no secrets."""
    secret = secret_names(reader)
    return {name: text for name, text in values.items() if name not in secret}


def secret_names(reader: type[Reader]) -> frozenset[str]:
    """Return the names of the fields that hold secrets."""
    return frozenset(field.name for field in fields(reader.Config) if field.secret)


def secrets_set(session: Session, connector_id: int) -> dict[str, datetime]:
    """Say which secrets of a connector are set, and when they were entered. One query."""
    found = session.connection().execute(
        sa.select(col(ConnectorSecret.field), col(ConnectorSecret.set_at)).where(
            col(ConnectorSecret.connector_id) == connector_id
        )
    )
    return {field: set_at for field, set_at in found}  # noqa: C416 - typed


def seal(
    work: Work, vault: Vault, reader: type[Reader], connector_id: int, values: Mapping[str, str]
) -> None:
    """Keep the secrets among the values, in place of earlier ones of the same name."""
    for name in sorted(secret_names(reader) & set(values)):
        work.session.merge(
            ConnectorSecret(
                connector_id=connector_id,
                field=name,
                sealed=vault.seal(values[name], _place(name, connector_id)),
                set_at=work.now,
            )
        )
    work.session.flush()


def opened(session: Session, vault: Vault, connector_id: int) -> dict[str, str]:
    """Return a connector's secrets in the clear. Raises Sealed when the key is another one."""
    sealed = session.scalars(
        sa.select(ConnectorSecret).where(col(ConnectorSecret.connector_id) == connector_id)
    )
    return {row.field: vault.open_(row.sealed, _place(row.field, connector_id)) for row in sealed}


def config_of(session: Session, vault: Vault, connector: Connector, settings: Settings) -> Any:
    """Return the vendor class's config, secrets opened. Raises Invalid, or Sealed by the vault."""
    values = connector.settings | opened(session, vault, connector.id)
    try:
        return parse(reader_class(connector.kind).Config, values, allow_private=allowed(settings))
    except Problems as problems:
        raise Invalid(f"The settings of {connector.name}: {problems}", problems.problems) from None


def addresses(
    reader: type[Reader],
    values: Mapping[str, str],
    settings: Settings,
    secrets: Collection[str] = (),
) -> tuple[str, ...]:
    """Return the addresses that a connector of these settings calls; none while it is unclear.

    ``secrets`` names those that are set, since they may decide which way is taken; what
    they say is not needed.
    """
    there = {
        field.name: "set"
        for field in fields(reader.Config)
        if field.secret and (field.required or field.name in secrets)
    }
    try:
        config = parse(reader.Config, {**there, **values}, allow_private=allowed(settings))
    except Problems:
        return ()
    called: tuple[str, ...] = config.addresses
    return called


def addresses_by_choice(
    reader: type[Reader], settings: Settings
) -> list[tuple[str, tuple[str, ...]]]:
    """Return what a connector might call, by the first choice that decides it: its region, mostly.

    One pair with "" as its choice where none does. Where the secrets decide as well, it is
    all that any of them leads to.
    """
    for field in fields(reader.Config):
        found = [(each, _any_way(reader, {field.name: each}, settings)) for each in field.choices]
        if len({called for _, called in found}) > 1:
            return found
    return [("", _any_way(reader, {}, settings))]


def _any_way(
    reader: type[Reader], values: Mapping[str, str], settings: Settings
) -> tuple[str, ...]:
    ways = [(), *((name,) for name in sorted(secret_names(reader)))]
    found = [each for way in ways for each in addresses(reader, values, settings, way)]
    return tuple(dict.fromkeys(found))


def _place(field: str, connector_id: int) -> str:
    return f"connector_secret:{field}:{connector_id}"
