"""One answer of a vendor while it arrives, for `connectors.http`.

An answer may be endless, slow or packed to unfold beyond all measure, so its
size and its time are limited whether it is read whole or piece by piece.
"""

import time
from collections.abc import Iterator

import httpx

from connectors.errors import Garbled, Unavailable

MAX_BYTES = 64 * 1024 * 1024
MAX_STREAM_BYTES = 8 * 1024 * 1024 * 1024
PIECE = 64 * 1024


class Incoming:
    """The answer to one request, of which the headers are here. Not safe for several threads.

    It can be read like a file. `most` is in bytes after unpacking; `patience`
    in seconds, for each 64 MiB. Reading raises Garbled or Unavailable beyond
    them, and what httpx raises.
    """

    def __init__(
        self, title: str, response: httpx.Response, *, patience: float, most: int = MAX_BYTES
    ) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self.size = 0
        self._title = title
        self._patience = patience
        self._most = most
        self._began = time.monotonic()
        self._pieces = self._guarded(response)
        self._held = b""

    @property
    def is_page(self) -> bool:
        """Whether this is a page for people rather than data."""
        return "html" in self.headers.get("content-type", "") or self.first() == b"<"

    def first(self) -> bytes:
        """The first byte that is not white space, which `read` gives all the same; b"" if none."""
        while not self._held.strip():
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._held = piece
        return self._held.lstrip()[:1]

    def read(self, size: int) -> bytes:
        """Some bytes, `size` at most; b"" at the end."""
        while size and not self._held:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._held = piece
        given, self._held = self._held[:size], self._held[size:]
        return given

    def whole(self, most: int = MAX_BYTES) -> bytes:
        """Everything that was not read yet. Raises Garbled if that is more than `most` bytes."""
        parts, size = [self._held], len(self._held)
        self._held = b""
        for piece in self._pieces:
            parts.append(piece)
            size += len(piece)
            if size > most:
                raise Garbled(f"{self._title} sent an answer of more than {most} bytes.")
        return b"".join(parts)

    def _guarded(self, response: httpx.Response) -> Iterator[bytes]:
        for piece in response.iter_bytes(PIECE):
            self.size += len(piece)
            if self.size > self._most:
                raise Garbled(f"{self._title} sent an answer of more than {self._most} bytes.")
            patience = self._patience * (1 + self.size // MAX_BYTES)
            if time.monotonic() - self._began > patience:
                raise Unavailable(f"{self._title} sends its answer too slowly. Try again later.")
            yield piece
