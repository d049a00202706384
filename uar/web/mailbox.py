"""The demo's mailbox: what uar would have mailed, newest first. Elsewhere it does not exist."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request

from uar.choices import choices
from uar.notifications import messages
from uar.web import PUBLIC, open_to, reading, site, whoever

blueprint = Blueprint("mailbox", __name__)

PAGE = 50


@blueprint.get("/mailbox")
@open_to(PUBLIC)
def index() -> str:
    """Show everybody's mail, or one person's. Three queries."""
    if not site().settings.demo:
        abort(404)
    person = request.args.get("person", type=int)
    after = request.args.get("after", type=int)
    with reading() as session:
        mail = messages(session, person, after=after, limit=PAGE + 1)
        people = sorted(choices(session), key=lambda choice: (choice.name, choice.id))
    more = len(mail) > PAGE
    return render_template(
        "mailbox/index.html",
        mail=mail[:PAGE],
        people=people,
        person=person,
        mine=whoever(),
        next_after=mail[PAGE - 1].id if more else None,
    )
