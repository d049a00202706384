"""Whether this process can serve, for whoever watches it from outside."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, jsonify
from werkzeug.wrappers import Response

from uar.web import PUBLIC, open_to, reading

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@open_to(PUBLIC)
def index() -> tuple[Response, int]:
    """Answer 200 when the database answers, else 503. One query."""
    try:
        with reading() as session:
            session.connection().execute(sa.text("SELECT 1"))
    except sa.exc.SQLAlchemyError:
        return jsonify(status="the database does not answer"), 503
    return jsonify(status="ok"), 200
