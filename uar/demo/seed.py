"""Fill the demo: connect the company's directory, read it, then set what only uar knows.

``python -m uar.demo.seed URL``. People, groups and access come from the vendor
server through the connector, like any other company's; nothing of the inventory
is written here. Each step is left out when it was done before, so a demo that
was interrupted goes on where it stopped.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from connectors.errors import Remote
from uar import apps, audit, campaigns, clock, connections, drafts, permissions, sync
from uar.apps import Terms
from uar.demo.environment import is_noted, note
from uar.demo.tenant import KEY
from uar.errors import NotFound, Refused, UarError
from uar.migrations import migrate
from uar.models import Campaign, Entitlement, Identity, Resource, SyncRun
from uar.models.kinds import Approval, RemovalAt, ReviewerRule, Risk, Role
from uar.models.states import CampaignState, RunState
from uar.population import Scope
from uar.settings import load
from uar.site import Site, open_site
from uar.work import Actor

APP = "JumpCloud"
SEED = Actor("uar demo")
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
SYNC_SECONDS = 60
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


def main(url: str, say: Callable[[str], None]) -> int:
    """Do what is left to do; return the exit code, 1 after saying what is wrong."""
    settings = load(os.environ)
    site = open_site(settings)
    try:
        migrate(site.engine)
        _insist_on_our_own(site)
        note(settings.folder, os.environ)
        connector_id = _connect(site, url, say)
        _read(site, connector_id, say)
        _govern(site, connector_id, say)
        _review(site, connector_id, say)
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


def _insist_on_our_own(site: Site) -> None:
    with site.reading() as session:
        theirs = connections.connectors(session)
    if theirs and not is_noted(site.settings.folder):
        raise Refused(
            f"The installation in {site.settings.folder} is not the demo's: {theirs[0].name} is "
            "connected there. Set UAR_DATA_DIR to another folder."
        )


def _connect(site: Site, url: str, say: Callable[[str], None]) -> int:
    with site.reading() as session:
        found = connections.connectors(session)
    if found:
        return found[0].id
    say(f"Connecting {APP}: reading and writing are on")
    values = {"api_key": KEY, "base_url": url, "sign_ins": "on"}
    with site.working(SEED) as work:
        connector = connections.add(
            work, site.vault, "jumpcloud", APP, values, is_directory=True, writes_on=True
        )
        # Often, so that what one changes on the vendor's page shows up while one looks.
        connections.set_limits(
            work, connector.id, every_seconds=SYNC_SECONDS, brake_share=connector.brake_share
        )
        return connector.id


def _read(site: Site, connector_id: int, say: Callable[[str], None]) -> None:
    with site.reading() as session:
        was_read = session.scalars(
            sa.select(col(SyncRun.id)).where(
                col(SyncRun.connector_id) == connector_id,
                col(SyncRun.state) == RunState.COMPLETE,
            )
        ).first()
    if was_read:
        return
    who = connections.check(site, connector_id, SEED)
    say(f"Signed in as {who.who} at {who.organisation}; reading people, groups and applications")
    run = sync.run(site, connector_id, SEED, lambda line: say(f"  {line}"))
    if run.state is not RunState.COMPLETE:
        raise Refused(f"The first sync is {run.state.value}: {run.trouble}")
    # The key's own account is protected from orders, and is only now in the inventory (L14).
    connections.check(site, connector_id, SEED)


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


def person(session: Session, name: str) -> Identity:
    """Return somebody of the demo company by name. Raises NotFound."""
    found = session.scalars(sa.select(Identity).where(col(Identity.name) == name)).one_or_none()
    if found is None:
        raise NotFound(f"{name} is not in the directory that was read.")
    return found


def membership(session: Session, group: str) -> int:
    """Return the id of the right to be a member of a group of the company. Raises NotFound."""
    found = session.scalars(
        sa.select(col(Entitlement.id))
        .join(Resource, col(Resource.id) == col(Entitlement.resource_id))
        .where(
            col(Resource.type) == "group",
            col(Resource.name) == group,
            col(Entitlement.slug) == "member",
        )
    ).one_or_none()
    if found is None:
        raise NotFound(f"There is no group {group} in the directory that was read.")
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], lambda line: print(line, flush=True)))
