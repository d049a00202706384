"""The web app of one installation. Wiring only; every rule has a file of its own."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from flask import Flask
from jinja2 import StrictUndefined

from uar import clock, web, words
from uar.demo.cast import suggestions
from uar.demo.company import NAME
from uar.demo.environment import folder
from uar.settings import Settings
from uar.site import Site
from uar.web import (
    access,
    access_requests,
    apps,
    audit,
    campaign_plans,
    campaigns,
    connector_settings,
    connectors,
    edge,
    errors,
    filters,
    handovers,
    health,
    home,
    incidents,
    mailbox,
    menu,
    orders,
    people,
    reviews,
    signin,
)

HERE = Path(__file__).parent

BLUEPRINTS = [
    health.blueprint,
    signin.blueprint,
    home.blueprint,
    reviews.blueprint,
    handovers.blueprint,
    campaign_plans.blueprint,
    campaigns.blueprint,
    access.blueprint,
    access_requests.blueprint,
    apps.blueprint,
    people.blueprint,
    connector_settings.blueprint,
    connectors.blueprint,
    orders.blueprint,
    incidents.blueprint,
    audit.blueprint,
    mailbox.blueprint,
]


def create_app(site: Site) -> Flask:
    """Make the Flask app that serves an installation; it starts nothing and connects to nothing."""
    settings = site.settings
    app = Flask(
        __name__, template_folder=str(HERE / "templates"), static_folder=str(HERE / "static")
    )
    app.extensions["uar"] = site
    app.extensions["uar_cast"] = suggestions() if settings.demo else {}
    app.config.update(
        SECRET_KEY=hashlib.sha256(b"flash messages " + settings.keys()[0].encode()).digest(),
        SESSION_COOKIE_NAME="uar_said",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=signin.cookie_is_secure(settings),
        MAX_CONTENT_LENGTH=2 * 1024 * 1024,
        MAX_FORM_PARTS=20_000,
        TRUSTED_HOSTS=_names(settings),
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.globals["access_name"] = words.access_name
    app.jinja_env.filters["kind_name"] = words.kind_name
    app.jinja_env.filters["coverage"] = words.coverage
    demo = _demo(site)

    @app.context_processor
    def _layout() -> dict[str, Any]:
        return {
            "me": web.whoever(),
            "menu": menu.menu(web.whoever()),
            "demo": demo,
            "opens": menu.opens,
        }

    edge.install(app, HERE / "static")
    web.install(app)
    errors.install(app)
    signin.install(app)
    filters.register(app, now=clock.now, zone=settings.zone)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app


def _names(settings: Settings) -> list[str] | None:
    """Return by which names the demo may be called; None for any.

    It asks nobody for a password, so that no other site may point its own name at us.
    Flask does not know addresses in brackets.
    """
    host = settings.listen.rpartition(":")[0]
    if not settings.demo or ":" in host:
        return None
    return sorted({"127.0.0.1", "localhost", host})


def _demo(site: Site) -> dict[str, str] | None:
    """Return what the banner says in demo mode: whose company it is and where its vendor is."""
    if not site.settings.demo:
        return None
    port = folder(site.settings.folder) / "jumpcloud.port"
    vendor = f"http://127.0.0.1:{port.read_text().strip()}/" if port.exists() else ""
    return {"company": NAME, "mailbox_href": "/mailbox", "vendor_href": vendor,
            "vendor_name": "its directory"}  # fmt: skip
