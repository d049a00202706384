"""Every main page, light and dark, wide and narrow: readable by everybody, and in one column.

Axe looks for what WCAG 2.2 AA asks; the console must stay silent (also about the
content security policy), and a phone must not scroll sideways.
"""

from __future__ import annotations

from typing import Literal

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect
from sqlmodel import col

from tests.browser.conftest import Desk
from tests.browser.running import Running, eventually
from uar.approvals import Answer, decide
from uar.demo.seed import membership, person
from uar.filing import file
from uar.models import ReviewItem

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RULES = {
    "light": {"runOnly": WCAG, "resultTypes": ["violations"]},
    # A theme changes colours and nothing else (tests/test_house.py): look at those again.
    "dark": {"runOnly": {"type": "rule", "values": ["color-contrast"]}},
}
PAGES = {
    "Ada Byrne": ("/", "/access", "/access?q=", "/access/{right}/request"),
    "Max Roth": (
        "/",
        "/reviews",
        "/reviews/{campaign}",
        "/requests",
        "/requests?show=decided",
        "/requests/{request}/handover",
    ),
    "Emil Lind": ("/requests/{request}",),
    "Ingrid Solberg": ("/reviews/{campaign}/handover?items={item}",),
    "Goran Petrov": ("/access", "/requests"),
    "Wanda Kessler": ("/reviews/{campaign}?show=all", "/reviews/{campaign}?group=person"),
    "Cam Lee": (
        "/campaigns",
        "/campaigns/{campaign}",
        "/campaigns/new",
        "/campaigns/1/closing",
        "/campaigns/1/handover?reviewer={ingrid}",
    ),
    "Connie Park": (
        "/connectors",
        "/connectors/{connector}",
        "/connectors/{connector}/settings",
        "/connectors/{connector}/runs/1",
        "/connectors/new",
        "/connectors/new?kind=workato",
    ),
    "Aude Martin": ("/audit", "/audit/verification", "/people"),
    "Rita Ortiz": (
        "/apps",
        "/apps/1",
        "/apps/1/entitlements",
        "/apps/1/entitlements/{right}",
        "/apps/1/grants",
        "/apps/1/owners",
        "/orders",
        "/orders/1",
        "/incidents",
        "/incidents/1",
    ),
    "Sue Grant": ("/people/1", "/mailbox", "/no/such/page"),
}


@pytest.fixture(scope="module")
def places(company: Running) -> dict[str, int]:
    """Let something have happened everywhere, and say where it is."""
    site = company.site
    with site.reading() as session:
        right = membership(session, "production-on-call")
        other = membership(session, "support-agents")
    with site.working(company.actor("Emil Lind")) as work:
        request = file(work, right, 10, "Arm 12 stands still")
    with site.working(company.actor("Goran Petrov")) as work:
        approved = file(work, other, 600, "Answer tickets while Zoe is away")
    with site.working(company.actor("Max Roth")) as work:
        decide(work, approved.id, Answer.APPROVE)
    company.remove_by_review("Una Farrell", "engineering", "works elsewhere")
    company.remove_by_review("Wanda Kessler", "vpn", "works in the office")
    eventually(lambda: company.is_gone("vpn"))
    company.add_by_hand("vpn", "Arne Holm")
    company.sync()
    eventually(lambda: company.holds("Goran Petrov", "support-agents"))
    with site.reading() as session:
        ingrid = person(session, "Ingrid Solberg").id
        item = session.scalars(
            sa.select(col(ReviewItem.id)).where(col(ReviewItem.reviewer_id) == ingrid)
        ).first()
    assert item is not None
    return {
        "ingrid": ingrid,
        "item": item,
        "right": right,
        "request": request.id,
        "campaign": company.campaign().id,
        "connector": company.connector_id(),
    }


@pytest.mark.parametrize("name", PAGES)
def test_everybody_can_read_every_page_everywhere(
    desk: Desk, places: dict[str, int], name: str
) -> None:
    page = desk.sit(name)

    wrong = [
        f"{path}: {problem}"
        for path in (path.format(**places) for path in PAGES[name])
        for problem in _problems(page, path)
    ]

    assert wrong == []


def test_the_way_in_can_be_read_by_everybody(desk: Desk) -> None:
    assert _problems(desk.window(), "/sign-in") == []


def _problems(page: Page, path: str) -> list[str]:
    page.goto(path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    found = []
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        for scheme in schemes:
            page.emulate_media(color_scheme=scheme)
            found += [f"{scheme}, {width} wide: {problem}" for problem in _axe(page, scheme)]
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            found.append(f"{wide} pixels on a screen of {width}")
    return found


def _axe(page: Page, scheme: str) -> list[str]:
    violations = Axe().run(page, options=RULES[scheme]).response["violations"]
    return [
        f"{violation['id']}: {' '.join(node['target'])}"
        for violation in violations
        for node in violation["nodes"]
    ]
