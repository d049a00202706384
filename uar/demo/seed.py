"""Fill the demo: connect the company's systems, read them, then set what only uar knows.

``python -m uar.demo.seed URL [KIND=URL ...]``: the directory's address, then those of
other systems by kind of connector. People, groups and access come from the vendor
server through the connector, like any other company's; nothing of the inventory
is written here. Each step is left out when it was done before, so a demo that
was interrupted goes on where it stopped.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from connectors.errors import Remote
from uar import apps, audit, campaigns, clock, connections, drafts, permissions
from uar.apps import Terms
from uar.demo.connecting import SEED, Wanted, connect, person, read, right
from uar.demo.environment import is_noted, note
from uar.demo.others import begin
from uar.demo.tenant import KEY
from uar.errors import Refused, UarError
from uar.migrations import migrate
from uar.models import App, Campaign
from uar.models.kinds import Approval, RemovalAt, ReviewerRule, Risk, Role
from uar.models.states import CampaignState
from uar.population import Scope
from uar.settings import load
from uar.site import Site, open_site
from uar.work import Actor

APP = "JumpCloud"
OWNER = "Rita Ortiz"
OWNER_OF_UAR = "Kofi Mensah"
CAMPAIGN_OWNER = "Cam Lee"
FALLBACK = "Sue Grant"
ROLES = (
    ("Cam Lee", Role.CAMPAIGN_ADMIN),
    ("Connie Park", Role.CONNECTOR_ADMIN),
    ("Rita Ortiz", Role.APP_ADMIN),
    ("Aude Martin", Role.AUDITOR),
    ("Sue Grant", Role.SUPER_ADMIN),
)
HOUR = 60
THREADS = 4
DAYS_TO_REVIEW = 14


@dataclass(frozen=True, slots=True)
class GroupTerms:
    """Under which terms membership of a group can be asked for."""

    group: str
    terms: Terms


APPROVALS = (
    GroupTerms("vpn", Terms(Risk.LOW, True, Approval.MANAGER, 30 * 24 * HOUR)),
    GroupTerms("crm-users", Terms(Risk.LOW, True, Approval.MANAGER, 90 * 24 * HOUR)),
    GroupTerms("support-agents", Terms(Risk.MEDIUM, True, Approval.MANAGER, 14 * 24 * HOUR)),
    GroupTerms("production-on-call", Terms(Risk.HIGH, True, Approval.MANAGER, 8 * HOUR)),
    GroupTerms("crm-admins", Terms(Risk.HIGH, True, Approval.MANAGER_OWNER, 8 * HOUR)),
    GroupTerms("erp-auditors", Terms(Risk.HIGH, True, Approval.MANAGER_OWNER, 5 * 24 * HOUR)),
    GroupTerms("erp-users", Terms(Risk.LOW, True, Approval.OWNER, 90 * 24 * HOUR)),
    GroupTerms("billing-approvers", Terms(Risk.HIGH, True, Approval.MANAGER_OWNER, 4 * HOUR)),
    GroupTerms("payroll-editors", Terms(Risk.HIGH, False, Approval.MANAGER_OWNER, 4 * HOUR)),
    GroupTerms("release-managers", Terms(Risk.MEDIUM, True, Approval.MANAGER, 24 * HOUR)),
)


def main(url: str, say: Callable[[str], None], others: Mapping[str, str] | None = None) -> int:
    """Do what is left to do; return the exit code, 1 after saying what is wrong."""
    settings = load(os.environ)
    site = open_site(settings)
    try:
        migrate(site.engine)
        _insist_on_our_own(site)
        note(settings.folder, os.environ)
        connector_id = connect(site, _directory(url), say)
        read(site, connector_id, "people, groups and applications", say)
        with ThreadPoolExecutor(THREADS) as pool:
            begun = begin(site, others or {}, say, pool)
            _govern(site, connector_id, say)
            _review(site, connector_id, say)
            for each in begun:
                each.result()
        while audit.seal_due(site):
            pass
    except (UarError, Remote) as error:
        sys.stderr.write(f"uar: {error.sentence}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        site.engine.dispose()
    return 0


def _directory(url: str) -> Wanted:
    values = {"api_key": KEY, "base_url": url, "sign_ins": "on"}
    return Wanted("jumpcloud", APP, values, is_directory=True, writes_on=True)


def _insist_on_our_own(site: Site) -> None:
    with site.reading() as session:
        theirs = connections.connectors(session)
    if theirs and not is_noted(site.settings.folder):
        raise Refused(
            f"The installation in {site.settings.folder} is not the demo's: {theirs[0].name} is "
            "connected there. Set UAR_DATA_DIR to another folder."
        )


def _govern(site: Site, connector_id: int, say: Callable[[str], None]) -> None:
    """Set owners, roles and terms, the first time only: afterwards people may have changed them."""
    with site.working(SEED) as work:
        app_id = connections.get(work.session, connector_id).app_id
        if apps.owners(work.session, app_id):
            return
        say("Setting the owners of the apps, the roles in uar, and what may be asked for")
        apps.set_owners(work, app_id, [person(work.session, OWNER).email])
        for name, role in ROLES:
            permissions.give(work, person(work.session, name).id, role)
        own_id = permissions.ensure_own_app(work).id
        apps.set_owners(work, own_id, [person(work.session, OWNER_OF_UAR).email])
        for setting in APPROVALS:
            apps.set_terms(work, app_id, membership(work.session, setting.group), setting.terms)


def _review(site: Site, connector_id: int, say: Callable[[str], None]) -> None:
    """Open one campaign over group memberships and administrators, decided by managers."""
    with site.working(SEED) as work:
        campaign = work.session.scalars(sa.select(Campaign).order_by(col(Campaign.id))).first()
        owner = person(work.session, CAMPAIGN_OWNER)
        app_id = connections.get(work.session, connector_id).app_id
        fallback = person(work.session, FALLBACK).id
    cam = Actor(owner.name, owner.id)
    if campaign is None:
        today = clock.now().date()
        draft = drafts.Draft(
            name=f"Access review, {today:%B %Y}",
            due_on=today + timedelta(days=DAYS_TO_REVIEW),
            scope=(Scope(app_id, "group"), Scope(app_id, "role")),
            reviewer_rule=ReviewerRule.MANAGER,
            fallback_id=fallback,
            removal_at=RemovalAt.SIGN_OFF,
            instructions="Keep what is still needed for the work that somebody does today.",
        )
        with site.working(cam) as work:
            campaign = drafts.create(work, draft)
        say(f"Planned the campaign {draft.name!r}")
    if campaign.state is CampaignState.DRAFT:
        with site.working(cam) as work:
            items = campaigns.stage(work, campaign.id)
        say(f"Frozen: {items} memberships and roles to review")
    if campaign.state in (CampaignState.DRAFT, CampaignState.STAGED):
        with site.working(cam) as work:
            campaigns.open_(work, campaign.id)
        say("Opened: the reviewers have their queues")


def membership(session: Session, group: str) -> int:
    """Return the id of the right to be a member of a group of the company. Raises NotFound."""
    app_id = session.scalars(sa.select(col(App.id)).where(col(App.name) == APP)).one()
    return right(session, app_id, "group", group)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")  # in one piece: several threads say something
    sys.stdout.flush()


if __name__ == "__main__":
    pairs = (argument.partition("=") for argument in sys.argv[2:])
    sys.exit(main(sys.argv[1], _say, {kind: url for kind, _, url in pairs}))
