"""Looking at a vendor for exclusive access: what an account holds in its place (L6, L13)."""

from __future__ import annotations

from dataclasses import replace

from connectors.base import EntitlementRecord, Provisioner, Replacer
from connectors.errors import Missing
from uar.claims import Claim
from uar.models.kinds import OrderKind


def look(taken: Claim, vendor: Provisioner) -> tuple[bool | None, EntitlementRecord | None]:
    """Say whether the vendor shows what an order is about, and what it shows instead of it.

    None when only a full read can tell; nothing instead where nothing is excluded.
    """
    if not taken.entitlement.exclusive or not isinstance(vendor, Replacer):
        return vendor.holds(taken.account, taken.entitlement), None
    try:
        current = vendor.current(taken.account, taken.entitlement)
    except Missing:
        if taken.kind is OrderKind.GRANT:
            raise
        return False, None  # whoever has no account any more holds nothing
    if is_same(current, taken.entitlement):
        return True, None
    return False, current


def why_not_replace(taken: Claim, instead: EntitlementRecord | None) -> str:
    """Say why access must not be given: it would replace other access than was decided (L13)."""
    if not taken.entitlement.exclusive or is_same(instead, taken.replaces):
        return ""
    has = f"“{instead.name}”" if instead else "nothing"
    known = f"“{taken.replaces.name}”" if taken.replaces else "nothing"
    return (
        f"It would replace {has} now, and the decision was about replacing {known}: "
        "sync, then ask again."
    )


def with_what_still_exists(taken: Claim, vendor: Provisioner) -> Claim:
    """Return the claim without access to give back that was deleted at the vendor (L6)."""
    if taken.restores is not None:
        try:
            vendor.obstacle(taken.restores)
        except Missing:
            return replace(taken, restores=None, restores_id=None)
    return taken


def is_same(one: EntitlementRecord | None, other: EntitlementRecord | None) -> bool:
    """Say whether two are the same entitlement, or both are nothing."""
    if one is None or other is None:
        return one is other
    return (one.resource, one.slug) == (other.resource, other.slug)
