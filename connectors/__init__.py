"""Connectors: one noun per vendor, behind the waist of `connectors.base`.

How to add one:

1. Copy the smallest connector there is. Its `Config` is a frozen dataclass of
   `connectors.fields.field`; the form, the environment names and the flags
   follow from it. Call `base_url` as the others do.
2. Give its class what `connectors.base.Reader` asks for: `kind`, `title`,
   `summary`, `is_directory`, `is_beta`, `Config`, `resource_types`, `guide` (how
   one obtains the credentials, in its `steps.py`), and the generators.
   Speak to the vendor only through `connectors.http.Client`: it knows about
   retries, rate limits, private addresses and secrets. Lists that come in
   pages are read with `connectors.pages.every_row`.
3. If it can change access, add the five methods of `Provisioner`; if giving one
   entitlement replaces another, their `exclusive` and the method of `Replacer`.
4. Append it to `CATALOGUE`, put a vendor server beside the others in
   `uar/demo/vendors/`, and name that in `tests/connectors/test_contract.py`.
   That test says what is still missing.

A vendor that outgrows 300 lines becomes a package with the same public name,
as `connectors.jumpcloud` is. Vendors do not import each other, save that those
who speak SCIM build on `connectors.scim`; nothing here imports `uar`, and every
fact about a vendor carries its source.
"""

from connectors.base import Reader
from connectors.fullstory import Fullstory
from connectors.jumpcloud import JumpCloud
from connectors.percipio import Percipio
from connectors.scim import Scim
from connectors.workato import Workato

CATALOGUE: tuple[type[Reader], ...] = (JumpCloud, Fullstory, Percipio, Workato, Scim)


def find(kind: str) -> type[Reader]:
    """The connector of this kind; raises KeyError naming the kinds there are."""
    for connector in CATALOGUE:
        if connector.kind == kind:
            return connector
    known = ", ".join(connector.kind for connector in CATALOGUE)
    raise KeyError(f"there is no connector called {kind}; there are: {known}")


def matching(words: str) -> list[type[Reader]]:
    """The connectors that speak of every one of these words, in the catalogue's order.

    Looked for in the title, the summary and the kinds of resources, whatever the
    case; all of the catalogue for no word.
    """
    wanted = words.casefold().split()
    return [each for each in CATALOGUE if all(word in _said(each) for word in wanted)]


def _said(connector: type[Reader]) -> str:
    kinds = [each.title for each in connector.resource_types]
    return " ".join([connector.title, connector.kind, connector.summary, *kinds]).casefold()
