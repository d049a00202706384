"""Sealed secrets open only with their key and only where they belong."""

from __future__ import annotations

import pytest

from uar.vault import Sealed, Vault

PLACE = "connector_secret:api_key:7"


def test_what_was_sealed_opens_again_and_never_looks_the_same() -> None:
    vault = Vault(["today"])

    first, second = vault.seal("s3cret", PLACE), vault.seal("s3cret", PLACE)

    assert vault.open_(first, PLACE) == "s3cret"
    assert first != second
    assert b"s3cret" not in first


def test_a_secret_moved_to_another_row_does_not_open() -> None:
    vault = Vault(["today"])
    blob = vault.seal("s3cret", PLACE)

    with pytest.raises(Sealed, match="does not belong"):
        vault.open_(blob, "connector_secret:api_key:8")


def test_an_older_key_still_opens_after_a_rotation() -> None:
    blob = Vault(["old"]).seal("s3cret", PLACE)

    assert Vault(["new", "old"]).open_(blob, PLACE) == "s3cret"
    with pytest.raises(Sealed, match="another UAR_SECRET_KEY"):
        Vault(["new"]).open_(blob, PLACE)


def test_one_flipped_bit_is_noticed() -> None:
    vault = Vault(["today"])
    blob = bytearray(vault.seal("s3cret", PLACE))
    blob[-1] ^= 1

    with pytest.raises(Sealed):
        vault.open_(bytes(blob), PLACE)
