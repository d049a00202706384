"""What a connector's records say, as the values that the inventory keeps.

A fingerprint of the values finds what changed without comparing columns. Text
is as the vendor wrote it, without characters that could break a page or deceive
a reader's eye.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any, TypeAlias

from connectors.base import AccountRecord, EntitlementRecord, ResourceRecord

Values: TypeAlias = dict[str, Any]

LONGEST_NAME = 500
LONGEST_TEXT = 2000
LONGEST_ID = 500
BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the direction of text, with which a name can pose as another."""

ACCESS_TYPE, ACCESS_ID, ACCESS_SLUG = "credential", "access", "access"
"""The built-in entitlement that every account holds: to have an account at all."""
ACCESS_RESOURCE = ResourceRecord(ACCESS_TYPE, ACCESS_ID, "Account", "Having an account at all")
ACCESS = EntitlementRecord(
    ACCESS_RESOURCE.ref, ACCESS_SLUG, "Access", "Having an account at all", "assignment"
)


def of_account(record: AccountRecord, *, in_directory: bool, note: Callable[[str], None]) -> Values:
    """Return an account's values; ``note`` is told of a name that had to be changed."""
    last_login = record.last_login_at
    return {
        "name": _name(record.name or record.email or record.username or record.id, note),
        "email": clean(record.email, LONGEST_NAME),
        "username": clean(record.username, LONGEST_NAME),
        "status": record.status.value,
        "status_detail": clean(record.status_detail, LONGEST_NAME),
        "last_login_at": last_login and last_login.astimezone(UTC).isoformat(),
        "mfa": record.mfa,
        "employee_id": clean(record.employee_id, LONGEST_NAME),
        "department": clean(record.department, LONGEST_NAME),
        "title": clean(record.title, LONGEST_NAME),
        "manager_vendor_id": clean(record.manager_id, LONGEST_ID),
        "linked_vendor_id": clean(record.linked_id, LONGEST_ID),
        # Only a directory tells people from administrators.
        "is_person": record.is_directory_person or not in_directory,
        "profile": _texts(record.profile),
    }


def of_resource(record: ResourceRecord, *, note: Callable[[str], None]) -> Values:
    """Return a resource's values; its parent is named by type and vendor id."""
    return {
        "name": _name(record.name or record.id, note),
        "description": clean(record.description, LONGEST_TEXT),
        "parent": [record.parent.type, record.parent.id] if record.parent else None,
        "facts": _texts(record.facts),
    }


def of_entitlement(record: EntitlementRecord, *, note: Callable[[str], None]) -> Values:
    """Return an entitlement's values."""
    return {
        "name": _name(record.name or record.slug, note),
        "description": clean(record.description, LONGEST_TEXT),
        "purpose": record.purpose,
        "can_provision": record.can_provision and not record.fixed_why,
        "fixed_why": clean(record.fixed_why, LONGEST_TEXT),
        "exclusive": clean(record.exclusive, LONGEST_NAME),
    }


def as_text(values: Mapping[str, Any]) -> str:
    """Write values as JSON, the same values always as the same text."""
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def fingerprint(text: str) -> str:
    """Return what tells two texts apart, in 40 characters."""
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def clean(text: str, longest: int) -> str:
    """Return text without control and direction characters, cut to a length."""
    if text.isprintable() and len(text) <= longest:
        return text
    kept = (
        " " if unicodedata.category(character) in ("Cc", "Zl", "Zp") else character
        for character in text[: 4 * longest]
        if unicodedata.category(character) != "Cs" and character not in BIDI
    )
    return " ".join("".join(kept).split())[:longest].strip()


def is_sound(vendor_id: str) -> bool:
    """Say whether an id can be kept: not empty, not huge, no control characters."""
    return bool(vendor_id) and len(vendor_id) <= LONGEST_ID and vendor_id.isprintable()


def _name(text: str, note: Callable[[str], None]) -> str:
    kept = clean(text, LONGEST_NAME)
    if kept != text:
        note(f"A name had control characters or was too long; it is kept as {kept[:80]!r}.")
    return kept


def _texts(texts: Mapping[str, str]) -> dict[str, str]:
    return {
        clean(name, LONGEST_NAME): clean(text, LONGEST_TEXT) for name, text in sorted(texts.items())
    }
