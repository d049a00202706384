"""Switches of a vendor server: a frozen dataclass read from flags and changed while it runs."""

from __future__ import annotations

import argparse
from dataclasses import field, fields, replace
from typing import Any, TypeVar

S = TypeVar("S")


def switch(default: Any, text: str, *, choices: tuple[str, ...] = ()) -> Any:
    """Declare a switch: its default, a sentence of help, and its allowed values if few."""
    return field(default=default, metadata={"help": text, "choices": choices})


def add_arguments(parser: argparse.ArgumentParser, kind: type[Any]) -> None:
    """Give the parser one flag for each switch; booleans get --name and --no-name."""
    for each in fields(kind):
        flag = "--" + each.name.replace("_", "-")
        text = f"{each.metadata['help']} (default: {each.default})".replace("%", "%%")
        if isinstance(each.default, bool):
            action = argparse.BooleanOptionalAction
            parser.add_argument(flag, action=action, default=each.default, help=text)
        else:
            parser.add_argument(
                flag,
                type=type(each.default),
                default=each.default,
                choices=each.metadata["choices"] or None,
                help=text,
            )


def from_arguments(kind: type[S], parsed: argparse.Namespace) -> S:
    """Build the switches from parsed flags."""
    return kind(**{each.name: getattr(parsed, each.name) for each in fields(kind)})  # type: ignore[arg-type]


def changed(switches: S, values: dict[str, Any]) -> S:
    """The switches with some values changed. Raises ValueError naming the first bad one."""
    known = {each.name: each for each in fields(switches)}  # type: ignore[arg-type]
    for name, value in values.items():
        if name not in known:
            raise ValueError(f"there is no switch {name!r}")
        default, choices = known[name].default, known[name].metadata["choices"]
        fits = isinstance(value, type(default)) and (type(default) is bool) == (type(value) is bool)
        if not fits and not (isinstance(default, float) and type(value) is int):
            raise ValueError(f"switch {name!r} wants {type(default).__name__}, not {value!r}")
        if choices and value not in choices:
            raise ValueError(f"switch {name!r} is one of {', '.join(choices)}")
    return replace(switches, **values)  # type: ignore[type-var]
