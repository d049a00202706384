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
    return json.dumps(entry.details, ensure_ascii=False, sort_keys=True) if entry.details else ""
