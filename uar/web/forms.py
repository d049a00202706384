"""What was typed becomes a frozen dataclass, or all of its problems at once.

    @dataclass(frozen=True, slots=True)
    class Closing:
        reason: str = typed("Reason", most=500)

    form = parse(Closing, request.form)     # Invalid names every problem by field

Types: str, int, bool, date, an enumeration, and tuples of str, int or an
enumeration for fields that may be sent several times. A field without a default
must be filled in. ``again`` shows the same page with the problems and what was
typed.
"""

from __future__ import annotations

import dataclasses
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from flask import Response, make_response, render_template, request
from werkzeug.datastructures import MultiDict

from uar.errors import Invalid

Shape = TypeVar("Shape")

LONGEST = 2000


def typed(
    label: str,
    *,
    default: Any = dataclasses.MISSING,
    most: int | None = None,
    least: int | None = None,
) -> Any:
    """Declare a field of a form; the bounds are a number's, ``most`` is also a text's length."""
    return dataclasses.field(
        default=default, metadata={"label": label, "most": most, "least": least}
    )


def parse(shape: type[Shape], form: MultiDict[str, str]) -> Shape:
    """Read a form. Raises Invalid with every problem, by field name."""
    hints = get_type_hints(shape)
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for item in dataclasses.fields(shape):  # type: ignore[arg-type]
        label = item.metadata.get("label", item.name.replace("_", " ").capitalize())
        texts = [text.strip() for text in form.getlist(item.name)]
        try:
            values |= _read(item, hints[item.name], label, texts)
        except ValueError as problem:
            problems[item.name] = str(problem)
    if problems:
        raise Invalid("Some of it cannot be used.", problems)
    return shape(**values)


def again(template: str, problem: Invalid, **context: Any) -> Response:
    """Answer 422 with the page that the form is on, its problems, and ``typed`` as it was typed."""
    problems = problem.problems or {"": problem.sentence}
    page = render_template(template, problems=problems, typed=request.form, **context)
    response = make_response(page)
    response.status_code = 422
    return response


def _read(item: dataclasses.Field[Any], hint: Any, label: str, texts: list[str]) -> dict[str, Any]:
    many = get_origin(hint) is tuple
    texts = [text for text in texts if text]
    if hint is bool:
        return {item.name: bool(texts) and texts[-1].lower() not in ("false", "no", "0", "off")}
    if not texts:
        if item.default is dataclasses.MISSING:
            raise ValueError(f"{label} is missing.")
        return {}
    if many:
        kind = get_args(hint)[0]
        return {item.name: tuple(_value(kind, text, label, item.metadata) for text in texts)}
    kind = next((part for part in get_args(hint) if part is not type(None)), hint)
    return {item.name: _value(kind, texts[-1], label, item.metadata)}


def _value(kind: Any, text: str, label: str, bounds: Any) -> Any:
    most, least = bounds.get("most"), bounds.get("least")
    if kind is int:
        return _number(text, label, most, least)
    if kind is date:
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{label} is not a date such as 2026-03-14.") from None
    if issubclass(kind, StrEnum):
        if text not in {member.value for member in kind}:
            raise ValueError(f"{label}: choose one of those offered.")
        return kind(text)
    if "\x00" in text:  # PostgreSQL cannot keep it
        raise ValueError(f"{label} has a character that cannot be used.")
    if len(text) > (most or LONGEST):
        raise ValueError(f"{label} is too long: at most {most or LONGEST} characters.")
    return text


def _number(text: str, label: str, most: int | None, least: int | None) -> int:
    if not (text.isascii() and text.removeprefix("-").isdigit()):
        raise ValueError(f"{label} must be a whole number.")
    if len(text) > 15:
        raise ValueError(f"{label}: type a smaller number.")
    number = int(text)
    if least is not None and number < least:
        raise ValueError(f"{label} must be at least {least}.")
    if most is not None and number > most:
        raise ValueError(f"{label} must be at most {most}.")
    return number
