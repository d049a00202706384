"""Read only some courses, in as few requests as the vendor allows."""

from collections.abc import Sequence
from datetime import datetime

from connectors.errors import Forbidden, Garbled, Missing, Rejected
from connectors.pages import Row
from connectors.percipio.api import Api
from connectors.percipio.catalogue import LIMIT, Catalogue
from connectors.percipio.courses import is_course, slim


def limited(api: Api, wanted: Sequence[str], since: datetime | None = None) -> list[Row]:
    """These courses of the catalogue, slim; ids that it does not have are logged.

    A search takes one request for each course, the catalogue one for each
    thousand items: whichever is less, and the catalogue's first page tells. It
    decides what a search did not find, so a course is missing only if the
    whole catalogue is without it.
    """
    found: dict[str, Row] = {}
    # A search cannot be narrowed to what changed.
    may_search = since is None
    if may_search and len(wanted) == 1:
        found, may_search = _searched(api, wanted), False
    if len(found) < len(wanted):
        found = _read(api, api.catalogue(slim, since), wanted, may_search=may_search)
    for identity in wanted:
        if since is None and identity not in found:
            api.client.log(f"Percipio has no course {identity}, which the settings name")
        elif identity in found and not is_course(found[identity]):
            api.client.log(f"{identity} is no course that can be learnt now; it is left out")
    return list(found.values())


def _read(
    api: Api, catalogue: Catalogue, wanted: Sequence[str], *, may_search: bool
) -> dict[str, Row]:
    first = catalogue.first()
    found = _only(wanted, first.rows)
    missing = [each for each in wanted if each not in found]
    n_more = None if first.total is None else -(-(first.total - len(first.rows)) // LIMIT)
    if may_search and n_more is not None and 0 < len(missing) < n_more:
        found |= _searched(api, missing)
    if len(found) < len(wanted) and n_more != 0:
        found = _only(wanted, catalogue.whole())
    return found


def _searched(api: Api, wanted: Sequence[str]) -> dict[str, Row]:
    """What a search finds; several ids in one search bring everything that has any of them."""
    found: dict[str, Row] = {}
    for identity, answer in api.client.map(api.search, wanted):
        if isinstance(answer, (Forbidden, Missing, Rejected, Garbled)):
            api.client.log(f"The search for {identity} is refused: {answer}")
        elif isinstance(answer, Exception):
            raise answer
        else:
            exact = [row for row in answer if isinstance(row, dict) and row.get("id") == identity]
            if exact:
                found[identity] = slim(exact[0])
    return found


def _only(wanted: Sequence[str], rows: Sequence[Row]) -> dict[str, Row]:
    every = frozenset(wanted)
    return {row["id"]: row for row in rows if row["id"] in every}
