"""Whom to be when trying the demo, in which order, and what to try as each of them."""

from __future__ import annotations

from collections.abc import Mapping

from uar.demo.company import DOMAIN

CAST = (
    ("Rita Ortiz", "reviewer", "Decide who keeps what: press x on a row, sign off, and see it go."),
    ("Ada Byrne", "employee", "Ask for production-on-call for ten minutes, and see it end."),
    ("Max Roth", "her manager", "Approve what Ada asks for, then review what his team holds."),
    ("Cam Lee", "campaign administrator", "Follow the review: who is late, what is proven gone."),
    ("Connie Park", "connector administrator", "See how JumpCloud is read, and read it again."),
    ("Aude Martin", "auditor", "Read everything that happened, and prove that nobody changed it."),
    ("Sue Grant", "super administrator", "Do everything, and decide where nobody else can."),
)
"""Name, what she is here, and one sentence to try."""


def suggestions() -> Mapping[str, tuple[str, str]]:
    """Map the cast's addresses to what each is and what to try, in the order to show."""
    return {
        f"{name.replace(' ', '.').lower()}@{DOMAIN}": (what, attempt)
        for name, what, attempt in CAST
    }
