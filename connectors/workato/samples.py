"""What roles allow that no list tells of: asked of a few collaborators who have them.

System roles are in no list and inherited ones neither, but a collaborator's own
privileges show what her role in each environment allows (dossier of the request
budget: one call for each distinct environment and role, not one for each person).
"""

from collections.abc import Iterable, Mapping

from connectors.errors import Forbidden, Remote
from connectors.pages import Row
from connectors.workato.api import Api
from connectors.workato.roles import Held, Roles

ROUNDS = 3


def sampled(api: Api, roles: Roles, held: Mapping[str, list[Held]]) -> dict[Held, Row] | Forbidden:
    """The privileges row of each role in each environment whose list does not have them.

    One that nobody could be asked about is missing. Forbidden if nobody may be asked.
    """
    wanted = {
        each
        for roles_held in held.values()
        for each in roles_held
        if (role := roles.find(each)) and role.privileges is None and not role.twins
    }
    found: dict[Held, Row] = {}
    asked: set[str] = set()
    for _ in range(ROUNDS):
        rest = wanted - found.keys()
        chosen = _cover(rest, ((m, h) for m, h in held.items() if m not in asked))
        if not chosen:
            break
        asked.update(chosen)
        for member, rows in api.client.map(api.privileges, chosen):
            if isinstance(rows, Forbidden):
                return rows
            if not isinstance(rows, Remote):
                _note(rows, held[member], found)
    return found


def _note(rows: Iterable[Row], held: Iterable[Held], found: dict[Held, Row]) -> None:
    """Keep the rows about roles that the member still has; she may have got another meanwhile."""
    by_environment = {row.get("environment_type"): row for row in rows}
    for each in held:
        row = by_environment.get(each.environment)
        if row is not None and row.get("name") == each.name:
            found.setdefault(each, row)


def _cover(wanted: set[Held], held: Iterable[tuple[str, list[Held]]]) -> list[str]:
    """Few members who have all that is wanted between them: those with the most of it first."""
    useful = [(member, wanted.intersection(roles)) for member, roles in held]
    most = max((len(each) for _, each in useful), default=0)
    left = set(wanted)
    chosen: list[str] = []
    for size in range(most, 0, -1):
        for member, roles in useful:
            if not left:
                return chosen
            if len(roles) >= size and len(roles & left) >= size:
                chosen.append(member)
                left -= roles
    return chosen
