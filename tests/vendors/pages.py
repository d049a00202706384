"""Read the pages of vendor servers as people do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.vendor_process import NO_TLS, VendorProcess


@contextmanager
def browsing(server: VendorProcess) -> Iterator[httpx.Client]:
    """A browser without a script, at the page of a server."""
    with httpx.Client(base_url=server.url, verify=NO_TLS, follow_redirects=True) as ready:
        yield ready


def rows(page: httpx.Response, caption: str) -> list[list[str]]:
    """The text of every cell of the table whose caption has these words."""
    table = re.search(rf"<caption>[^<]*{caption}.*?</table>", page.text, re.S)
    assert table, f"no table {caption!r} in {page.text}"
    cells = [re.findall(r"<td.*?>(.*?)</td>", row, re.S) for row in table[0].split("<tr")[2:]]
    return [[re.sub(r"<[^>]+>", "", cell).strip() for cell in row] for row in cells]
