"""SCIM's filters and paths (RFC 7644, 3.4.2.2 and 3.5.2): read once, then asked of rows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from uar.demo.vendors.scim_names import EXACT, Refusal, get, split
from uar.demo.vendors.store import Row

TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[()\[\]]|[^\s()\[\]"]+)')
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: bool(a == b),
    "co": lambda a, b: b in a,
    "sw": lambda a, b: a.startswith(b),
    "ew": lambda a, b: a.endswith(b),
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
}
Test = Callable[[Row], bool]


@dataclass(frozen=True, slots=True)
class Path:
    """Where a change applies: an attribute, maybe only some of its values, maybe a part of them."""

    extension: str
    attribute: str
    test: Test | None = None
    part: str = ""


def filter_of(text: str, *, only_eq: bool = False) -> Test:
    """The test that a filter makes. Raises Refusal invalidFilter."""
    reader = _Reader(text, "invalidFilter", only_eq=only_eq)
    test = reader.either("")
    reader.end()
    return test


def path_of(text: str) -> Path:
    """A path of a PATCH. Raises Refusal invalidPath."""
    reader = _Reader(text, "invalidPath")
    extension, name = split(reader.take())
    attribute, _, part = name.partition(".")
    test = None
    if reader.next == "[":
        reader.take()
        test = reader.either(attribute)
        reader.expect("]")
        if reader.next.startswith("."):
            part = reader.take()[1:]
    reader.end()
    return Path(extension, attribute, test, part)


class _Reader:
    """A filter, read from left to right."""

    def __init__(self, text: str, mistake: str, *, only_eq: bool = False) -> None:
        self._mistake = mistake
        self._only_eq = only_eq
        self._tokens: list[str] = []
        at = 0
        while at < len(text.rstrip()):
            found = TOKEN.match(text, at)
            if not found:
                raise self._refusal(f"cannot read {text!r}")
            self._tokens.append(found[1])
            at = found.end()

    @property
    def next(self) -> str:
        return self._tokens[0] if self._tokens else ""

    def take(self) -> str:
        if not self._tokens:
            raise self._refusal("it ends too early")
        return self._tokens.pop(0)

    def expect(self, token: str) -> None:
        if self.take() != token:
            raise self._refusal(f"{token} is missing")

    def end(self) -> None:
        if self._tokens:
            raise self._refusal(f"{self.next} is not expected")

    def either(self, within: str) -> Test:
        tests = [self._both(within)]
        while self.next.lower() == "or":
            self._refuse_all_but_eq(self.take())
            tests.append(self._both(within))
        return lambda row: any(test(row) for test in tests)

    def _both(self, within: str) -> Test:
        tests = [self._one(within)]
        while self.next.lower() == "and":
            self.take()
            tests.append(self._one(within))
        return lambda row: all(test(row) for test in tests)

    def _one(self, within: str) -> Test:
        word = self.take()
        if word.lower() == "not" or word == "(":
            if word != "(":
                self._refuse_all_but_eq(word)
                self.expect("(")
            inner = self.either(within)
            self.expect(")")
            return inner if word == "(" else lambda row: not inner(row)
        extension, name = split(word)
        if self.next == "[":
            self.take()
            each = self.either(name)
            self.expect("]")
            return lambda row: any(each(value) for value in values(row, extension, name))
        return self._comparison(within, extension, name)

    def _comparison(self, within: str, extension: str, name: str) -> Test:
        operator = self.take().lower()
        if operator == "pr":
            self._refuse_all_but_eq(operator)
            return lambda row: any(v not in (None, "", []) for v in values(row, extension, name))
        if operator not in (*OPERATORS, "ne"):
            raise self._refusal(f"there is no operator {operator}")
        if operator != "eq":
            self._refuse_all_but_eq(operator)
        try:
            wanted = json.loads(self.take())
        except ValueError:
            raise self._refusal(f"the value of {name} is not JSON") from None
        if isinstance(wanted, bool) and operator not in ("eq", "ne"):
            raise self._refusal("booleans have no order")
        exact = f"{within}.{name}".lower() in EXACT or (not within and name.lower() in EXACT)
        return _compared(operator, extension, name, wanted, exact=exact)

    def _refuse_all_but_eq(self, what: str) -> None:
        if self._only_eq:
            raise self._refusal(f"{what} is not supported")

    def _refusal(self, why: str) -> Refusal:
        return Refusal(400, why, self._mistake)


def values(row: Any, extension: str, name: str) -> list[Any]:
    """The values at a dotted name, those of each element of a list."""
    found = [get(row, extension) if extension else row]
    for part in name.split("."):
        found = [
            value
            for each in found
            for inner in [get(each, part)]
            for value in (inner if isinstance(inner, list) else [inner])
        ]
    return found


def _compared(operator: str, extension: str, name: str, wanted: Any, *, exact: bool) -> Test:
    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            value = get(value, "value")
        return value.lower() if isinstance(value, str) and not exact else value

    goal = plain(wanted)

    def test(row: Row) -> bool:
        found = [plain(value) for value in values(row, extension, name)]
        if operator == "ne":
            return all(value != goal for value in found)
        try:
            return any(OPERATORS[operator](value, goal) for value in found)
        except (TypeError, AttributeError):
            return False

    return test
