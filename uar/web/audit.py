"""The record: who did what to which thing, when and why; and whether the chain holds."""

from __future__ import annotations

import json

from flask import Blueprint, render_template, request

from uar import audit
from uar.models.kinds import Role
from uar.web import open_to, reading
from uar.web.paging import PAGE, after_id, cut

blueprint = Blueprint("audit", __name__)


@blueprint.get("/audit")
@open_to(Role.AUDITOR)
def index() -> str:
    """Search the record. One query."""
    filters = {
        name: request.args.get(name, "").strip()[:200] for name in ("subject", "actor", "action")
    }
    with reading() as session:
        found = audit.search(session, **filters, after=after_id(), limit=PAGE + 1)
    return render_template(
        "audit/index.html", page=cut(found, "id"), filters=filters, details=_details
    )


@blueprint.get("/audit/verification")
@open_to(Role.AUDITOR)
def verify() -> str:
    """Walk the whole chain now. Two queries for each thousand entries."""
    with reading() as session:
        found = audit.verify(session)
    return render_template("audit/verify.html", verified=found)


def _details(entry: audit.Entry) -> str:
    """Say an entry's details in one line: "max minutes: 1440 → 240, risk: low → high"."""
    details = dict(entry.details or {})
    before, after = details.pop("before", None), details.pop("after", None)
    said = [f"{_words(name)}: {_words(value)}" for name, value in sorted(details.items())]
    if isinstance(before, dict) and isinstance(after, dict):
        said += [
            f"{_words(name)}: {_words(before.get(name))} → {_words(after.get(name))}"
            for name in sorted(before.keys() | after.keys())
            if before.get(name) != after.get(name)
        ]
    elif before is not None or after is not None:
        said.append(f"{_words(before)} → {_words(after)}")
    return ", ".join(said)


def _words(value: object) -> str:
    if value is None or value == "" or value == []:
        return "nothing"
    if isinstance(value, str):
        return value.replace("_", " ")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(one, str | int) for one in value):
        return " ".join(str(one) for one in value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
