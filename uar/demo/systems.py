"""The systems of the demo company: each a vendor server of its own, filled from one company."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from uar.demo.company import Company
from uar.demo.learning import learning
from uar.demo.teammates import teammates
from uar.demo.tenant import tenant
from uar.demo.tickets import tickets
from uar.demo.workspace import workspace


@dataclass(frozen=True, slots=True)
class System:
    """One system. ``vendor`` names its server's module, its files and the kind of connector.

    ``page`` says what the server's own page shows, ``held`` makes what it begins
    with, ``flags`` are further ones of its command line.
    """

    vendor: str
    app: str
    page: str
    held: Callable[[Company, datetime], dict[str, Any]]
    flags: tuple[str, ...] = ()


SOON = ("--report-polls", "0")  # its report is ready at once: the first start waits for it
DIRECTORY = System("jumpcloud", "JumpCloud", "who is in which group", tenant)
SYSTEMS = (
    DIRECTORY,
    System("workato", "Workato", "who has which role in which environment", workspace),
    System("scim", "Ticketree", "who is in which team and has which role", tickets),
    System("percipio", "Percipio", "who has which role and learns what", learning, SOON),
    System("fullstory", "Fullstory", "who may watch visits", teammates, ("--roles", "objects")),
)
"""The directory first: whose an account is depends on it."""
