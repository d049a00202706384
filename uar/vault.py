"""Secrets at rest: AES-256-GCM, bound to the row they belong to.

A sealed blob is version (1 byte), key id (4), nonce (12), ciphertext. The place
(``table:column:row``) is authenticated with it, so a blob moved to another row
does not open.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from uar.errors import UarError

VERSION = b"\x01"


class Sealed(UarError):
    """A secret cannot be opened: the key is not the one it was sealed with, or it was moved."""


class Vault:
    """Seals with the first key; opens with any of them, so that keys can be rotated."""

    def __init__(self, keys: Sequence[str]) -> None:
        """``keys`` are the secret key of today first, then older ones; at least one."""
        if not keys or not all(keys):
            raise ValueError("the vault needs a key")
        derived = [_derive(key) for key in keys]
        self._keys = {_id_of(key): AESGCM(key) for key in derived}
        self._first = _id_of(derived[0])

    def seal(self, secret: str, place: str) -> bytes:
        """Encrypt a secret for one place, such as ``connector_secret:api_key:7``."""
        nonce = os.urandom(12)
        body = self._keys[self._first].encrypt(nonce, secret.encode(), place.encode())
        return VERSION + self._first + nonce + body

    def open_(self, blob: bytes, place: str) -> str:
        """Decrypt what ``seal`` made for the same place. Raises Sealed when it cannot."""
        version, key_id, nonce, body = blob[:1], blob[1:5], blob[5:17], blob[17:]
        key = self._keys.get(key_id)
        if version != VERSION or key is None:
            raise Sealed("A stored secret was sealed with another UAR_SECRET_KEY. Enter it again.")
        try:
            return key.decrypt(nonce, body, place.encode()).decode()
        except InvalidTag:
            raise Sealed("A stored secret does not belong where it was found.") from None


def _derive(key: str) -> bytes:
    kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"uar vault 1")
    return kdf.derive(key.encode())


def _id_of(key: bytes) -> bytes:
    return hashlib.sha256(b"id" + key).digest()[:4]
