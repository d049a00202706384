"""Declare settings once, as a dataclass: the form, the environment and the flags follow.

    @dataclass(frozen=True, slots=True)
    class JumpCloudConfig:
        kind: ClassVar[str] = "jumpcloud"
        api_key: Secret = field("API key", help="Admin console, your initials, My API Key")
        region: str = field("Region", help="Where it lives", default="us", choices=("us", "eu"))

A field without default is required. `kind` is the middle of the environment
names (UAR_JUMPCLOUD_API_KEY); a class without one has UAR_API_KEY. Types are
str, int, bool and Secret. This file must never print a secret.
"""

import dataclasses
import hmac
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Literal, TypeVar, get_type_hints

from connectors.address import url_problem

Kind = Literal["text", "number", "yes_no", "choice", "url", "secret"]
MASK = "••••••"
TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off", ""})
C = TypeVar("C")


class Secret:
    """Text that never shows itself; only `reveal` gives it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself. Call it where it is sent or sealed, nowhere else."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({MASK})" if self._text else "Secret()"

    def __str__(self) -> str:
        return MASK if self._text else ""

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: object) -> "Secret":
        return self

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled; seal it instead")


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """One setting, as forms, flags and the README show it.

    `default` is its text ("" for a required field and for every secret).
    """

    name: str
    label: str
    help: str
    kind: Kind
    required: bool
    choices: tuple[str, ...]
    secret: bool
    env: str
    flag: str
    default: str
    advanced: bool


class Problems(Exception):
    """Everything that is wrong with the values, by field name."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems: dict[str, str] = dict(problems)
        super().__init__(" ".join(self.problems.values()))


def field(
    label: str,
    *,
    help: str,  # noqa: A002  it is the field's help, everywhere
    default: Any = dataclasses.MISSING,
    choices: tuple[str, ...] = (),
    url: bool = False,
    advanced: bool = False,
) -> Any:
    """Declare one field of a config dataclass. Without default it is required."""
    return dataclasses.field(
        default=default,
        metadata={
            "label": label,
            "help": help,
            "choices": choices,
            "url": url,
            "advanced": advanced,
        },
    )


def base_url_field() -> Any:
    """The field that every connector has, to be called `base_url`."""
    return field(
        "Base URL",
        help="Only for a proxy, a private deployment or a test system; "
        "empty means the vendor's own address",
        default="",
        url=True,
        advanced=True,
    )


def fields(config: type[Any]) -> tuple[Field, ...]:
    """Every field of a config dataclass, in the order in which it declares them."""
    kinds = get_type_hints(config)
    return tuple(_field(config, raw, kinds[raw.name]) for raw in dataclasses.fields(config))


def parse(
    config: type[C],
    values: Mapping[str, str],
    *,
    allow_private: tuple[IPv4Network | IPv6Network | str, ...] = (),
) -> C:
    """Build the config from text by field name; absent and blank mean the default.

    Raises Problems with every problem at once, unknown names included. Costs
    no network: what a host name resolves to is checked when it is called.
    """
    problems: dict[str, str] = {}
    parsed: dict[str, Any] = {}
    known = fields(config)
    for name in sorted(set(values) - {each.name for each in known}):
        problems[name] = f"There is no setting called {name}."
    for each in known:
        text = values.get(each.name, "").strip()
        if not text and each.required:
            problems[each.name] = f"{each.label} is missing."
        elif text:
            problem = _problem(each, text, allow_private)
            if problem:
                problems[each.name] = problem
            else:
                parsed[each.name] = _value(each, text)
    if problems:
        raise Problems(problems)
    return config(**parsed)


def plain(config: Any) -> dict[str, str]:
    """The values as text that `parse` reads back, secrets *revealed*: for sealing only."""
    return {
        name: value.reveal() if isinstance(value, Secret) else _text(value)
        for name, value in _pairs(config)
    }


def shown(config: Any) -> dict[str, str]:
    """The values as text for a page, a log or an audit row: secrets are a mask, or "" if unset."""
    return {name: _text(value) for name, value in _pairs(config)}


def redact(text: str, secrets: Iterable[Secret]) -> str:
    """The text with every occurrence of every secret masked."""
    for secret in secrets:
        if secret:
            text = text.replace(secret.reveal(), MASK)
    return text


def secrets(config: Any) -> tuple[Secret, ...]:
    """Every secret of a config that is set."""
    return tuple(value for _, value in _pairs(config) if isinstance(value, Secret) and value)


def _field(config: type[Any], raw: "dataclasses.Field[Any]", hint: Any) -> Field:
    prefix = "_".join(part for part in ("UAR", getattr(config, "kind", "").upper()) if part)
    required = raw.default is dataclasses.MISSING
    is_secret = hint is Secret
    return Field(
        name=raw.name,
        label=raw.metadata["label"],
        help=raw.metadata["help"],
        kind=_kind(hint, raw.metadata),
        required=required,
        choices=raw.metadata["choices"],
        secret=is_secret,
        env=f"{prefix}_{raw.name.upper()}",
        flag="--" + raw.name.replace("_", "-"),
        default="" if required or is_secret else _text(raw.default),
        advanced=raw.metadata["advanced"],
    )


def _kind(hint: Any, metadata: Mapping[str, Any]) -> Kind:
    if hint is Secret:
        return "secret"
    if hint is bool:
        return "yes_no"
    if hint is int:
        return "number"
    if metadata["choices"]:
        return "choice"
    return "url" if metadata["url"] else "text"


def _problem(
    each: Field, text: str, allow_private: tuple[IPv4Network | IPv6Network | str, ...]
) -> str:
    if each.kind == "choice" and text not in each.choices:
        return f"{each.label} must be one of {', '.join(each.choices)}."
    if each.kind == "number" and not (text.isascii() and text.removeprefix("-").isdigit()):
        return f"{each.label} must be a whole number."
    if each.kind == "yes_no" and text.lower() not in TRUE | FALSE:
        return f"{each.label} must be yes or no."
    if each.kind == "secret" and not (text.isascii() and text.isprintable()):
        return f"{each.label} contains characters that no key has; copy it again."
    if each.kind == "url":
        problem = url_problem(text, allow_private)
        return f"{each.label}: {problem}" if problem else ""
    return ""


def _value(each: Field, text: str) -> Any:
    match each.kind:
        case "secret":
            return Secret(text)
        case "number":
            return int(text)
        case "yes_no":
            return text.lower() in TRUE
        case "url":
            return text.rstrip("/")
        case _:
            return text


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _pairs(config: Any) -> list[tuple[str, Any]]:
    return [(each.name, getattr(config, each.name)) for each in dataclasses.fields(config)]
