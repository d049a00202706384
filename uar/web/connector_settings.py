"""The forms of a connector: adding one, its settings, and the test that they work.

The fields are those of the vendor class's config; nothing here knows a vendor.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, flash, render_template, request
from werkzeug.wrappers import Response

from connectors import matching
from connectors.base import Reader
from connectors.errors import Remote
from connectors.fields import fields
from uar import connections, vendor_settings
from uar.errors import Invalid, UarError
from uar.models.kinds import Role
from uar.models.states import ConnectorState
from uar.web import back, me, open_to, reading, site, working
from uar.web.connector_words import matrix, shown
from uar.web.forms import again, parse, typed

blueprint = Blueprint("connector_settings", __name__)

PREFIX = "s_"
"""What the names of a vendor's fields begin with in a form, so that they never meet ours."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How often it syncs, and which share of the inventory one sync may remove."""

    every_minutes: int = typed("Minutes between syncs", least=1, most=7 * 24 * 60)
    brake_percent: int = typed("Brake", least=0, most=100)


@dataclass(frozen=True, slots=True)
class Entry:
    """One connector of the catalogue; ``syncs`` and ``provisions`` name kinds of resources."""

    kind: str
    title: str
    summary: str
    is_beta: bool
    syncs: list[str]
    provisions: list[str]


@blueprint.get("/connectors/new")
@open_to(Role.CONNECTOR_ADMIN)
def new() -> str:
    """Choose from the catalogue, by word where there is one, then fill the form."""
    kind, q = request.args.get("kind", ""), request.args.get("q", "").strip()[:200]
    if not kind:
        return render_template(
            "connectors/kinds.html", kinds=[_entry(each) for each in matching(q)], q=q
        )
    return render_template(
        "connectors/new.html", **_form(vendor_settings.reader_class(kind)), problems={}, typed={}
    )


@blueprint.post("/connectors")
@open_to(Role.CONNECTOR_ADMIN)
def add() -> Response:
    """Add a connector, ask the vendor who we are, and let the first sync begin.

    Where the vendor does not let us in, the settings are shown to be corrected: whoever
    went back to the empty form would add a second connector.
    """
    reader = vendor_settings.reader_class(request.form.get("kind", ""))
    app = request.form.get("app", "")[:200]
    try:
        with working() as work:
            connector = connections.add(work, site().vault, reader.kind, app, _values(reader))
    except Invalid as problem:
        named = Invalid(problem.sentence, _prefixed(reader, problem.problems))
        return again("connectors/new.html", named, **_form(reader))
    if not _test(connector.id):
        flash("It is saved and reads nothing yet. Correct the settings here.", "info")
        return back(f"/connectors/{connector.id}/settings")
    with working() as work:
        connections.sync_now(work, connector.id)
    return back(f"/connectors/{connector.id}", "The first sync begins within seconds.")


@blueprint.get("/connectors/<int:connector_id>/settings")
@open_to(Role.CONNECTOR_ADMIN)
def edit(connector_id: int) -> str:
    """Show the settings for changing; secrets never come back."""
    return render_template("connectors/settings.html", **_edited(connector_id), problems={})


@blueprint.post("/connectors/<int:connector_id>/settings")
@open_to(Role.CONNECTOR_ADMIN)
def save(connector_id: int) -> Response:
    """Replace the settings, and ask the vendor who we are."""
    context = _edited(connector_id)
    reader = context["reader"]
    try:
        with working() as work:
            connections.change_settings(work, site().vault, connector_id, _values(reader))
    except Invalid as problem:
        named = Invalid(problem.sentence, _prefixed(reader, problem.problems))
        context["limits"] = context.pop("typed")
        return again("connectors/settings.html", named, **context)
    _test(connector_id)
    return back(f"/connectors/{connector_id}", "Saved.")


@blueprint.post("/connectors/<int:connector_id>/limits")
@open_to(Role.CONNECTOR_ADMIN)
def set_limits(connector_id: int) -> Response:
    """Say how often it syncs and how much one sync may remove."""
    context = _edited(connector_id)
    try:
        form = parse(Limits, request.form)
        with working() as work:
            connections.set_limits(
                work,
                connector_id,
                every_seconds=form.every_minutes * 60,
                brake_share=form.brake_percent / 100,
            )
    except Invalid as problem:
        context.pop("typed")
        return again("connectors/settings.html", problem, **(context | {"limits": request.form}))
    return back(f"/connectors/{connector_id}", "Saved.")


@blueprint.post("/connectors/<int:connector_id>/check")
@open_to(Role.CONNECTOR_ADMIN)
def check(connector_id: int) -> Response:
    """Ask the vendor who we are. No transaction is open meanwhile."""
    with reading() as session:
        connections.get(session, connector_id)
    _test(connector_id)
    return back(f"/connectors/{connector_id}")


def _test(connector_id: int) -> bool:
    """Ask the vendor who we are and say on the next page what came of it."""
    try:
        found = connections.check(site(), connector_id, me().actor)
    except (Remote, UarError) as error:
        flash(error.sentence, "bad")
        return False
    where = f" at {found.organisation}" if found.organisation else ""
    flash(f"Signed in as {found.who}{where}.", "good")
    for sentence in found.missing_rights:
        flash(sentence, "warn")
    return True


def _values(reader: type[Reader]) -> dict[str, str]:
    """Return what was typed into the vendor's fields; an unticked box is a no."""
    return {
        field.name: request.form.get(PREFIX + field.name, "no" if field.kind == "yes_no" else "")
        for field in fields(reader.Config)
    }


def _prefixed(reader: type[Reader], problems: dict[str, str]) -> dict[str, str]:
    names = {field.name for field in fields(reader.Config)}
    return {PREFIX + name if name in names else name: text for name, text in problems.items()}


def _entry(reader: type[Reader]) -> Entry:
    able = matrix(reader)
    return Entry(
        kind=reader.kind,
        title=reader.title,
        summary=reader.summary,
        is_beta=reader.is_beta,
        syncs=[each.title for each in able if each.can_sync],
        provisions=[each.title for each in able if each.can_provision],
    )


def _form(reader: type[Reader]) -> dict[str, Any]:
    settings = site().settings
    renamed = [replace(field, name=PREFIX + field.name) for field in fields(reader.Config)]
    return {
        "reader": reader,
        "fields": renamed,
        "resource_types": matrix(reader),
        "calls": vendor_settings.addresses_by_choice(reader, settings),
        "calls_from": settings.calls_from,
    }


def _edited(connector_id: int) -> dict[str, Any]:
    with reading() as session:
        connector = shown(connections.get(session, connector_id))
        secrets = vendor_settings.secrets_set(session, connector_id)
    reader = vendor_settings.reader_class(connector.kind)
    limits = {
        "every_minutes": str(max(connector.every_seconds // 60, 1)),
        "brake_percent": str(round(connector.brake_share * 100)),
    }
    called = vendor_settings.addresses(reader, connector.settings, site().settings, secrets)
    return {
        **_form(reader),
        "calls": [("", called)],
        "connector": connector,
        "paused": connector.state is ConnectorState.PAUSED,
        "secrets": {PREFIX + name: set_at for name, set_at in secrets.items()},
        "values": {PREFIX + name: value for name, value in connector.settings.items()},
        "limits": limits,
        "typed": {},
    }
