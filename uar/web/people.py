"""People of the directory, and what each holds everywhere."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from uar import identities
from uar.apps import accounts_of
from uar.errors import NotFound
from uar.held_by import held_by
from uar.models.kinds import Role
from uar.web import open_to, reading
from uar.web.paging import PAGE, after_name, cut

blueprint = Blueprint("people", __name__)

READERS = (Role.APP_ADMIN, Role.CONNECTOR_ADMIN, Role.CAMPAIGN_ADMIN, Role.AUDITOR)


@blueprint.get("/people")
@open_to(*READERS)
def index() -> str:
    """List people by name. One query."""
    q = request.args.get("q", "").strip()[:200]
    with reading() as session:
        found = identities.people(session, search=q, after=after_name() or ("", 0), limit=PAGE + 1)
    return render_template("people/index.html", page=cut(found, "name", "id"), q=q)


@blueprint.get("/people/<int:identity_id>")
@open_to(*READERS)
def show(identity_id: int) -> str:
    """Show what a person holds everywhere, and her accounts. Three queries."""
    with reading() as session:
        person = identities.person(session, identity_id)
        held = held_by(session, identity_id)
        accounts = accounts_of(session, identity_id)
    if person is None:
        raise NotFound("There is no such person.", subject=f"identity:{identity_id}")
    return render_template("people/show.html", person=person, held=held, accounts=accounts)
