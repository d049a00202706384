"""Read one JSON array that is too large to hold, row by row.

The standard library does it: a row is decoded as soon as it is there. A
streaming parser such as ijson keeps the path to every value that it is in, so
that 100 kB of opening brackets cost it gigabytes; here they are an error.
"""

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any

from connectors.errors import Garbled
from connectors.incoming import PIECE, Incoming

LONGEST_ROW = 1024 * 1024
SPACE = re.compile(r"[ \t\n\r]*")


def rows(title: str, incoming: Incoming) -> Iterator[dict[str, Any]]:
    """The objects of the array, in memory that does not grow with their number.

    Raises Garbled if there is no array, or it breaks off, or one of its rows is
    no object or has more than a million characters. All that may be the
    network's doing and is worth another attempt.
    """
    array = _Array(incoming)
    try:
        yield from array.rows()
    except (ValueError, RecursionError):
        raise Garbled(
            f"{title} sent a list that breaks off or is not JSON. Try again later.", retry=True
        ) from None


class _Array:
    """The text of an array, of which never more than a row and a piece is here."""

    def __init__(self, incoming: Incoming) -> None:
        self._incoming = incoming
        self._bytes = codecs.getincrementaldecoder("utf-8-sig")()
        self._decoder = json.JSONDecoder()
        self._text = ""
        self._at = 0

    def rows(self) -> Iterator[dict[str, Any]]:
        self._take("[")
        if self._mark() == "]":
            self._take("]")
        else:
            yield self._row()
            while self._take(",]") == ",":
                yield self._row()
        self._take("")

    def _take(self, marks: str) -> str:
        mark = self._mark()
        if mark not in marks or (marks and not mark):
            raise ValueError(f"{mark!r} is not one of {marks!r}")
        self._at += len(mark)
        return mark

    def _mark(self) -> str:
        """The next character that is not white space; "" at the end."""
        while True:
            space = SPACE.match(self._text, self._at)
            assert space is not None  # it may be empty
            self._at = space.end()
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def _row(self) -> dict[str, Any]:
        if self._mark() != "{":
            raise ValueError("a row is no object")
        while True:
            try:
                row, self._at = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError:
                if len(self._text) - self._at > LONGEST_ROW or not self._more():
                    raise
            else:
                assert isinstance(row, dict)
                return row

    def _more(self) -> bool:
        piece = self._incoming.read(PIECE)
        self._text = self._text[self._at :] + self._bytes.decode(piece, final=not piece)
        self._at = 0
        return bool(piece)
