"""Changes at vendors: the exact call before it is sent, how far it has come, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from uar import provisioning
from uar.errors import Forbidden, Invalid, NotFound
from uar.models.kinds import OrderKind, OrderReason, Role
from uar.models.states import OrderState
from uar.orders import OrderRow, orders
from uar.origins import also_lost
from uar.web import OWNERS, back, is_fragment, me, open_to, reading, working
from uar.web.forms import again, parse, typed
from uar.web.paging import PAGE, after_id, cut

blueprint = Blueprint("orders", __name__)

READERS = (OWNERS, Role.CONNECTOR_ADMIN, Role.APP_ADMIN, Role.AUDITOR, Role.CAMPAIGN_ADMIN)
WRITERS = (OWNERS, Role.CONNECTOR_ADMIN, Role.APP_ADMIN)

BY_PEOPLE = (OrderState.CONSENT, OrderState.MANUAL, OrderState.FAILED)
MOVING = (OrderState.QUEUED, OrderState.SENDING, OrderState.SENT)
SHOWS: dict[str, tuple[str, tuple[OrderState, ...]]] = {
    "open": ("not settled", (*BY_PEOPLE, *MOVING)),
    "people": ("waiting for a person", BY_PEOPLE),
    "moving": ("on their way", MOVING),
    "settled": ("settled", (OrderState.VERIFIED, OrderState.CANCELLED)),
    "all": ("all", ()),
}
REASONS = {
    OrderReason.REQUEST: "an approved request",
    OrderReason.EXPIRY: "its time is over",
    OrderReason.GIVEN_BACK: "given back",
    OrderReason.REVIEW: "a review",
    OrderReason.REAPPEARED: "it came back after it had ended",
}
VERBS = {OrderKind.GRANT: "Give", OrderKind.REVOKE: "Remove"}


@dataclass(frozen=True, slots=True)
class Why:
    """The reason that goes with what a person does about an order."""

    reason: str = typed("Reason", most=500)


@dataclass(frozen=True, slots=True)
class Can:
    """What the signed-in person can do about an order now."""

    consent: bool
    retry: bool
    mark_done: bool
    cancel: bool

    @property
    def anything(self) -> bool:
        """Say whether there is anything to do at all."""
        return self.consent or self.retry or self.mark_done or self.cancel


@blueprint.get("/orders")
@open_to(*READERS)
def index() -> str:
    """List the changes of all apps, or of those that the person owns. One query."""
    show = request.args.get("show", "open")
    chosen = show if show in SHOWS else "open"
    with reading() as session:
        found = orders(
            session,
            app_ids=_scope(),
            connector_id=request.args.get("connector", type=int),
            states=SHOWS[chosen][1],
            after=after_id(),
            limit=PAGE + 1,
        )
    return render_template(
        "orders/index.html",
        page=cut(found, "id"),
        show=chosen,
        shows=[(value, words) for value, (words, _) in SHOWS.items()],
        reasons=REASONS,
        verbs=VERBS,
    )


@blueprint.get("/orders/<int:order_id>")
@open_to(*READERS)
def show(order_id: int) -> str:
    """Show one change, with its exact call; htmx gets only the part that changes by itself."""
    return render_template(
        "orders/_state.html" if is_fragment() else "orders/show.html",
        **_context(order_id),
        problems={},
        typed={},
    )


@blueprint.post("/orders/<int:order_id>/cancellation")
@open_to(*WRITERS)
def cancel(order_id: int) -> Response:
    """Call a change off."""
    if not _context(order_id)["can"].cancel:
        raise Forbidden("This cannot be called off here: undo it where it was decided.")
    try:
        form = parse(Why, request.form)
    except Invalid as problem:
        return again("orders/show.html", problem, **_context(order_id))
    with working() as work:
        provisioning.cancel(work, order_id, reason=form.reason)
    return back(f"/orders/{order_id}", "Called off.")


@blueprint.post("/orders/<int:order_id>/retry")
@open_to(*WRITERS)
def retry(order_id: int) -> Response:
    """Send a change through the connector again."""
    _insist(order_id)
    with working() as work:
        provisioning.retry(work, order_id)
    return back(f"/orders/{order_id}", "Queued again.")


@blueprint.post("/orders/<int:order_id>/completion")
@open_to(*WRITERS)
def mark_done(order_id: int) -> Response:
    """Say that a person has done it at the vendor; the next read proves it or not."""
    _insist(order_id)
    try:
        form = parse(Why, request.form)
    except Invalid as problem:
        return again("orders/show.html", problem, **_context(order_id))
    with working() as work:
        provisioning.mark_done(work, order_id, note=form.reason)
    return back(f"/orders/{order_id}", "Noted. A read of the vendor has to show it now.")


@blueprint.post("/orders/<int:order_id>/consent")
@open_to(*WRITERS)
def consent(order_id: int) -> Response:
    """Agree that access is removed at its source."""
    _insist(order_id)
    with working() as work:
        provisioning.give_consent(work, order_id, reason=request.form.get("reason", "").strip())
    return back(f"/orders/{order_id}", "Agreed.")


def _context(order_id: int) -> dict[str, Any]:
    with reading() as session:
        row = _one(orders(session, order_id=order_id, app_ids=_scope()), order_id)
        lost = (
            also_lost(session, row.account_id, row.entitlement_id)
            if row.kind is OrderKind.REVOKE
            else []
        )
        owns = provisioning.may_consent(session, me().id, row.app_id)
    return {
        "order": row,
        "lost": lost,
        "can": _can(row, owns),
        "moving": row.state in MOVING,
        "reason": REASONS[row.reason],
        "verb": VERBS[row.kind],
    }


def _can(row: OrderRow, owns: bool) -> Can:
    may = _may_change(row)
    decided_elsewhere = (OrderReason.REVIEW, OrderReason.REQUEST, OrderReason.EXPIRY)
    return Can(
        consent=row.state is OrderState.CONSENT and owns,
        retry=may and row.state in (OrderState.FAILED, OrderState.MANUAL),
        mark_done=may and row.state is OrderState.MANUAL,
        cancel=may
        and row.reason not in decided_elsewhere
        and row.state in (*BY_PEOPLE, OrderState.QUEUED),
    )


def _insist(order_id: int) -> None:
    """Refuse whoever may only look."""
    with reading() as session:
        row = _one(orders(session, order_id=order_id, app_ids=_scope()), order_id)
    if not _may_change(row):
        raise Forbidden("You may look at this and not change it.", subject=_subject(order_id))


def _may_change(row: OrderRow) -> bool:
    return me().may_for(row.app_id, Role.CONNECTOR_ADMIN, Role.APP_ADMIN)


def _one(found: list[OrderRow], order_id: int) -> OrderRow:
    if not found:
        raise NotFound("There is no such change.", subject=_subject(order_id))
    return found[0]


def _scope() -> frozenset[int] | None:
    """Return the apps whose orders the person may see; None when all."""
    everything = me().may(*(role for role in READERS if isinstance(role, Role)))
    return None if everything else me().owns


def _subject(order_id: int) -> str:
    return f"provisioning_order:{order_id}"
