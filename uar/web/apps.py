"""Apps: who has an account, what there is to hold, who holds it, who answers for it.

About uar itself only super administrators say anything (L25).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request
from sqlmodel import Session
from werkzeug.wrappers import Response

from uar import apps, inventory
from uar.errors import Forbidden, Invalid, NotFound
from uar.models.kinds import Approval, Risk, Role
from uar.web import OWNERS, back, me, open_to, reading, working
from uar.web.forms import again, parse, typed
from uar.web.paging import PAGE, after_id, after_name, cut

blueprint = Blueprint("apps", __name__)

SEE_ALL = (Role.APP_ADMIN, Role.CONNECTOR_ADMIN, Role.CAMPAIGN_ADMIN, Role.AUDITOR)

APPROVALS = (
    (Approval.MANAGER, "the manager"),
    (Approval.OWNER, "an owner of the app"),
    (Approval.MANAGER_OWNER, "the manager, then an owner of the app"),
)
RISKS = (
    (Risk.LOW, "low"),
    (Risk.MEDIUM, "medium"),
    (Risk.HIGH, "high", "Every step of a request is taken by a different person."),
)


@dataclass(frozen=True, slots=True)
class TermsForm:
    """How an entitlement may be asked for, as typed."""

    risk: Risk = typed("Risk")
    approval: Approval = typed("Who decides")
    max_minutes: int = typed("Longest time", least=1, most=apps.LONGEST)
    requestable: bool = typed("Can be asked for", default=False)


@dataclass(frozen=True, slots=True)
class OwnersForm:
    """Mail addresses, as typed: one in each line, or with commas between."""

    owners: str = typed("Owners", default="", most=10_000)


@blueprint.get("/apps")
@open_to(OWNERS, *SEE_ALL)
def index() -> str:
    """List all apps, or those that the person owns. Two queries."""
    q = request.args.get("q", "").strip()[:200]
    with reading() as session:
        found = apps.apps(session, search=q, ids=None if me().may(*SEE_ALL) else me().owns)
        answer_for: dict[int, list[str]] = {}
        for owner in apps.owners(session):
            answer_for.setdefault(owner.app_id, []).append(owner.name)
    return render_template("apps/index.html", rows=found, owners=answer_for, q=q)


@blueprint.get("/apps/<int:app_id>")
@open_to(OWNERS, *SEE_ALL)
def accounts(app_id: int) -> str:
    """List an app's accounts by name; with show=unmatched those that belong to nobody."""
    show = "unmatched" if request.args.get("show") == "unmatched" else "all"
    q = request.args.get("q", "").strip()[:200]
    with reading() as session:
        app = _app(session, app_id)
        matched = apps.matched(session, app_id)
        orphans = apps.unmatched(session, app_id) if show == "unmatched" else []
        found = [] if orphans else inventory.accounts(
            session, app_id, search=q, after=after_name() or inventory.START, limit=PAGE + 1
        )  # fmt: skip
    return render_template(
        "apps/accounts.html",
        app=app,
        matched=matched,
        orphans=orphans,
        page=cut(found, "name", "id"),
        show=show,
        q=q,
    )


@blueprint.get("/apps/<int:app_id>/accounts/<int:account_id>")
@open_to(OWNERS, *SEE_ALL)
def account(app_id: int, account_id: int) -> str:
    """Show one account: what the vendor says about it, what it holds and held."""
    with reading() as session:
        app = _app(session, app_id)
        row = inventory.account(session, app_id, account_id)
        held = inventory.grants(session, account_id=account_id, limit=500)
        past = inventory.grants(session, account_id=account_id, past=True, limit=500)
    return render_template("apps/account.html", app=app, account=row, held=held, past=past)


@blueprint.get("/apps/<int:app_id>/entitlements")
@open_to(OWNERS, *SEE_ALL)
def entitlements(app_id: int) -> str:
    """List what there is to hold in an app."""
    q = request.args.get("q", "").strip()[:200]
    with reading() as session:
        app = _app(session, app_id)
        found = inventory.entitlements(
            session, app_id, search=q, after=after_name() or inventory.START, limit=PAGE + 1
        )
    return render_template("apps/entitlements.html", app=app, page=cut(found, "name", "id"), q=q)


@blueprint.get("/apps/<int:app_id>/entitlements/<int:entitlement_id>")
@open_to(OWNERS, *SEE_ALL)
def entitlement(app_id: int, entitlement_id: int) -> str:
    """Show one entitlement, who holds it, and how it may be asked for."""
    context = _entitlement(app_id, entitlement_id)
    row = context["entitlement"]
    values = {name: getattr(row, name) for name in TermsForm.__dataclass_fields__}
    return render_template("apps/entitlement.html", **context, problems={}, typed=values)


@blueprint.post("/apps/<int:app_id>/entitlements/<int:entitlement_id>")
@open_to(OWNERS, Role.APP_ADMIN)
def set_terms(app_id: int, entitlement_id: int) -> Response:
    """Say how an entitlement may be asked for."""
    context = _entitlement(app_id, entitlement_id)
    if not context["can_edit"]:
        raise Forbidden("Only an owner of the app may set this.", subject=f"app:{app_id}")
    try:
        form = parse(TermsForm, request.form)
        terms = apps.Terms(form.risk, form.requestable, form.approval, form.max_minutes)
        with working() as work:
            apps.set_terms(work, app_id, entitlement_id, terms)
    except Invalid as problem:
        return again("apps/entitlement.html", problem, **context)
    return back(f"/apps/{app_id}/entitlements/{entitlement_id}", "Saved.")


@blueprint.get("/apps/<int:app_id>/grants")
@open_to(OWNERS, *SEE_ALL)
def grants(app_id: int) -> str:
    """List who holds what in an app now."""
    return _grants(app_id, past=False)


@blueprint.get("/apps/<int:app_id>/past-grants")
@open_to(OWNERS, *SEE_ALL)
def past_grants(app_id: int) -> str:
    """List who held what in an app."""
    return _grants(app_id, past=True)


@blueprint.get("/apps/<int:app_id>/owners")
@open_to(OWNERS, *SEE_ALL)
def owners(app_id: int) -> str:
    """Show who answers for an app."""
    context = _owners(app_id)
    values = {"owners": "\n".join(owner.email for owner in context["owners"])}
    return render_template("apps/owners.html", **context, problems={}, typed=values)


@blueprint.post("/apps/<int:app_id>/owners")
@open_to(Role.APP_ADMIN)
def set_owners(app_id: int) -> Response:
    """Say who answers for an app."""
    context = _owners(app_id)
    try:
        form = parse(OwnersForm, request.form)
        with working() as work:
            apps.set_owners(work, app_id, form.owners.replace(",", "\n").splitlines())
    except Invalid as problem:
        return again("apps/owners.html", problem, **context)
    return back(f"/apps/{app_id}/owners", "Saved.")


def _grants(app_id: int, *, past: bool) -> str:
    with reading() as session:
        app = _app(session, app_id)
        found = inventory.grants(
            session, app_id=app_id, past=past, after=after_id() or 0, limit=PAGE + 1
        )
    return render_template("apps/grants.html", app=app, page=cut(found, "id"), past=past)


def _entitlement(app_id: int, entitlement_id: int) -> dict[str, Any]:
    with reading() as session:
        app = _app(session, app_id)
        row = inventory.entitlement(session, app_id, entitlement_id)
        held = inventory.grants(
            session, entitlement_id=entitlement_id, after=after_id() or 0, limit=PAGE + 1
        )
    return {
        "app": app,
        "entitlement": row,
        "page": cut(held, "id"),
        "can_edit": me().may() if app.is_own else me().may_for(app_id, Role.APP_ADMIN),
        "approvals": APPROVALS,
        "risks": RISKS,
    }


def _owners(app_id: int) -> dict[str, Any]:
    with reading() as session:
        app = _app(session, app_id)
        found = apps.owners(session, app_id)
    can_edit = me().may() if app.is_own else me().may(Role.APP_ADMIN)
    return {"app": app, "owners": found, "can_edit": can_edit}


def _app(session: Session, app_id: int) -> apps.AppRow:
    """Return an app that the person may look at. Raises NotFound for any other."""
    if not me().may_for(app_id, *SEE_ALL):
        raise NotFound("There is no such app.", subject=f"app:{app_id}")
    return apps.get(session, app_id)
