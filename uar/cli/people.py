"""`uar roles` and `uar owners`: who may do what in uar itself, and who answers for an app."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import Session, col

from uar import apps, permissions
from uar.cli.base import (
    OK,
    Commands,
    changing,
    command,
    group,
    opened,
    operator,
    say,
    say_json,
    say_table,
)
from uar.errors import NotFound
from uar.models import App, Identity
from uar.models.kinds import Role


def add(commands: Commands) -> None:
    """Add the commands."""
    roles = group(commands, "roles", "Who may do what in uar itself")
    give = command(roles, "give", give_role, "Give a person a role, until somebody ends it")
    give.add_argument("mail", metavar="MAIL", help="her address in the directory")
    give.add_argument("role", choices=[role.value for role in Role], help="the role")
    command(roles, "list", list_roles, "List who has which role", json_=True)

    owners = group(commands, "owners", "Who answers for an app")
    new = command(owners, "add", add_owner, "Make a person answer for an app")
    new.add_argument("mail", metavar="MAIL", help="her address in the directory")
    listed = command(owners, "list", list_owners, "List who answers for an app", json_=True)
    for parser in (new, listed):
        parser.add_argument("--app", required=True, metavar="NAME", help="the app's name")


def give_role(chosen: argparse.Namespace) -> int:
    """Give a role; nothing when she has it."""
    role = Role(chosen.role)
    with changing() as site, site.working(operator()) as work:
        person = person_called(work.session, chosen.mail)
        permissions.give(work, person.id, role)
    say(f"{person.name} has the role {role.value}.")
    return OK


def list_roles(chosen: argparse.Namespace) -> int:
    """List roles and who has them."""
    found = []
    with opened() as site, site.reading() as session:
        for role in Role:
            for identity_id in permissions.holders(session, role):
                person = session.get_one(Identity, identity_id)
                found.append({"mail": person.email, "name": person.name, "role": role.value})
    _show(chosen, found, ("role", "name", "mail"), "Nobody has a role yet.")
    return OK


def add_owner(chosen: argparse.Namespace) -> int:
    """Make a person answer for an app; nothing when she does."""
    with changing() as site, site.working(operator()) as work:
        app = app_called(work.session, chosen.app)
        person = person_called(work.session, chosen.mail)
        others = [owner.email for owner in apps.owners(work.session, app.id)]
        apps.set_owners(work, app.id, [*others, person.email])
    say(f"{person.name} answers for {app.name}.")
    return OK


def list_owners(chosen: argparse.Namespace) -> int:
    """List the owners of one app."""
    with opened() as site, site.reading() as session:
        app = app_called(session, chosen.app)
        found = [{"mail": o.email, "name": o.name} for o in apps.owners(session, app.id)]
    _show(chosen, found, ("name", "mail"), "Nobody answers for it yet.")
    return OK


def person_called(session: Session, mail: str) -> Identity:
    """Return the person with this address, in any case. Raises NotFound."""
    wanted = mail.strip().lower()
    found = session.scalars(sa.select(Identity).where(col(Identity.email) == wanted)).one_or_none()
    if found is None:
        raise NotFound(f"Nobody in the directory has the address {mail}.")
    return found


def app_called(session: Session, name: str) -> App:
    """Return the app with this name. Raises NotFound."""
    found = session.scalars(sa.select(App).where(col(App.name) == name)).one_or_none()
    if found is None:
        raise NotFound(f"There is no app called {name}.")
    return found


def _show(
    chosen: argparse.Namespace,
    found: Sequence[dict[str, str]],
    columns: tuple[str, ...],
    empty: str,
) -> None:
    if chosen.json:
        say_json(found)
    else:
        say_table(columns, found, empty)
