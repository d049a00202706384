"""Tokens of Percipio's service accounts: JWTs that name the account and its organisation.

The claims are those of the sample in the vendor's own SDK, which has no `exp`;
service accounts can have an end, so a token may have one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from typing import Any

ORGANIZATION = "0a0a0a0a-0000-4000-8000-000000000001"
KEY = b"only the demo vendor server signs with this"


def account_id(name: str) -> str:
    """The id of the service account of this name."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, name))


def token(account: str = "all", organization: str = ORGANIZATION, **claims: Any) -> str:
    """A token as Skillsoft's account team hands it out."""
    body = {
        "service_account_id": account_id(account),
        "organization_id": organization,
        "iss": "api.percipio.com",
        "iat": 1_700_000_000,
        "sub": hashlib.sha1(account.encode(), usedforsecurity=False).hexdigest(),
        "policy-id": "percipio-api-standard-policy",
        **claims,
    }
    signed = f"{_encoded({'alg': 'HS256', 'typ': 'JWT'})}.{_encoded(body)}"
    return f"{signed}.{_signature(signed)}"


def claims_of(text: str) -> dict[str, Any] | None:
    """The claims of a token that we signed and that has not ended; None for any other text."""
    signed, _, signature = text.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(signed).encode()):
        return None
    body = signed.partition(".")[2]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims if claims.get("exp", time.time() + 1) > time.time() else None


def _encoded(value: dict[str, Any]) -> str:
    text = json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def _signature(signed: str) -> str:
    digest = hmac.new(KEY, signed.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
