"""Answers that a vendor server keeps until what it knows has changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from uar.demo.vendors.store import Store


class Kept:
    """Values by key, forgotten when the store or the switches change. Hold the store's lock."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._version = -1
        self._values: dict[Any, Any] = {}

    def get(self, key: Any, make: Callable[[], Any]) -> Any:
        """What `make` gives, kept under the key."""
        if self._version != self._store.version:
            self._values.clear()
            self._version = self._store.version
        if key not in self._values:
            self._values[key] = make()
        return self._values[key]

    def forget(self) -> None:
        """Keep nothing of what was made so far."""
        self._version = -1
