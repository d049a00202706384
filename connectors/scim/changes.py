"""Change one attribute of one resource, in the form that the server understands.

PATCH has one standard and several dialects, and some servers have none of it. The
forms are tried one after the other as long as the server refuses them, since a
refusal changed nothing; the first that is accepted is the only one that counts.
A failure that is no refusal is never answered with another form.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.errors import AlreadyThere, Rejected, Remote, Unavailable
from connectors.http import Answer, Method
from connectors.scim.api import Api, Resource, address, is_refusal, patch
from connectors.scim.shapes import Same, replaced, with_value, without_value
from connectors.scim.values import elements, get, value_of

CONFLICT = 412
TRIES = 3


@dataclass(frozen=True, slots=True)
class Form:
    """One way to say a change. With `is_whole` it replaces what was read, so the version counts."""

    method: Method
    body: Mapping[str, Any]
    is_whole: bool = False


Forms = Callable[[Mapping[str, Any]], Iterator[Form]]


@dataclass(frozen=True, slots=True)
class Change:
    """One change: the forms of it for a resource as it is now, and whether it is so already."""

    path: str
    identity: str
    forms: Forms
    is_so: Callable[[Mapping[str, Any]], bool]


def make(api: Api, change: Change) -> bool:
    """Make a change unless it is so already; say whether it was.

    Costs one read and one write, and a write for each form that is refused. A
    resource that somebody else changed meanwhile is read again, three times at
    most (412 means that nothing was changed). Raises Missing.
    """
    for _ in range(TRIES):
        now = api.one(change.path, change.identity)
        if change.is_so(now.row):
            return True
        try:
            _send(api, change, now)
        except AlreadyThere as conflict:
            if change.is_so(api.one(change.path, change.identity).row):
                return True
            raise Rejected(conflict.sentence) from conflict
        except Remote as failure:
            if failure.status != CONFLICT:
                raise
            continue
        return False
    raise Unavailable(
        f"{api.client.title} says that somebody else changes {change.path}/{change.identity} "
        "at the same time. Try again later."
    )


def _send(api: Api, change: Change, now: Resource) -> Answer:
    refusals: list[str] = []
    for form in change.forms(now.row):
        version = now.version if form.is_whole else ""
        try:
            return api.change(form.method, change.path, change.identity, form.body, version)
        except Remote as failure:
            if not is_refusal(failure) or failure.status == CONFLICT:
                raise
            refusals.append(failure.sentence)
            api.client.log(f"Another form is tried: {failure}")
    why = refusals[-1] if refusals else "It does not show what a whole resource would replace."
    raise Rejected(f"{api.client.title} takes this change in no form. {why}")


def added(name: str, new: dict[str, Any], style: str) -> Forms:
    """The forms that add one value to an attribute of several."""

    def forms(row: Mapping[str, Any]) -> Iterator[Form]:
        now = get(row, name)
        if isinstance(now, dict):
            raise Rejected(
                f"This server has one of {name} at a time, and giving {new['value']} would take "
                f"{value_of(now)} away. Decide that in the application."
            )
        whole = with_value(now, new)
        if style != "put":
            # RFC 7644, 3.5.2.1
            yield _operation("add", name, whole[-1:])
            if name == "members":
                yield _operation("add", name, [{**new, "type": "User"}])
        yield from _whole(row, name, whole, style)

    return forms


def removed(name: str, value: dict[str, Any], same: Same, style: str) -> Forms:
    """The forms that take one value out. None of them can empty the attribute by mistake."""
    # RFC 7644, 3.5.2.2: with a filter, for without one everything goes
    by_filter = Form("PATCH", patch({"op": "remove", "path": f"{name}[{_filter(value)}]"}))
    # Microsoft Entra's habit without the flag aadOptscim062020: a list of what
    # goes (vendor's page on SCIM compatibility). A server that goes by the
    # standard would take everything out, so it is sent only where somebody
    # chose it or nothing else is there.
    by_value = _operation("remove", name, [value])

    def forms(row: Mapping[str, Any]) -> Iterator[Form]:
        now = get(row, name)
        # Only objects can be told by their value; what is not shown may be there.
        is_listed = all(isinstance(each, dict) for each in elements(now) or ())
        is_listed = is_listed and not isinstance(now, dict)
        if style == "legacy" and is_listed:
            yield from (by_value, by_filter)
        elif style == "auto" and is_listed:
            yield by_filter
            if now is not None and len(now) == 1 and name == "members":
                yield by_value
        yield from _whole(row, name, without_value(now, same), style)

    return forms


def switched(on: bool, style: str) -> Forms:
    """The forms that let somebody sign in or not."""
    standard = _operation("replace", "active", on)
    # Okta sends this one to the applications of its catalogue
    pathless = Form("PATCH", patch({"op": "replace", "value": {"active": on}}))

    def forms(row: Mapping[str, Any]) -> Iterator[Form]:
        if style == "auto":
            yield from (standard, pathless)
        elif style == "legacy":
            yield from (pathless, standard)
        yield Form("PUT", replaced(dict(row), "active", on), is_whole=True)

    return forms


def one_line(base_url: str, change: Change, row: Mapping[str, Any]) -> str:
    """The form that is tried first for a resource such as `row`, as one line."""
    form = next(change.forms(row))
    whole = "with the whole resource as it is read, and the change in it"
    body = json.dumps(form.body) if form.method == "PATCH" else whole
    return f"{form.method} {base_url}{address(change.path, change.identity)} {body}"


def has(row: Mapping[str, Any], name: str, same: Same) -> bool:
    """Whether one of several values is the one that is meant."""
    return any(same(each) for each in elements(get(row, name)) or ())


def _whole(row: Mapping[str, Any], name: str, values: list[Any], style: str) -> Iterator[Form]:
    """The forms that send all values. Not for members that are not shown: they would be lost."""
    if name == "members" and get(row, name) is None:
        return
    if style != "put":
        operation = {"op": "replace", "path": name, "value": values}
        yield Form("PATCH", patch(operation), is_whole=True)
    yield Form("PUT", replaced(dict(row), name, values), is_whole=True)


def _operation(op: str, name: str, value: Any) -> Form:
    return Form("PATCH", patch({"op": op, "path": name, "value": value}))


def _filter(value: Mapping[str, Any]) -> str:
    tests = [f"{name} eq {json.dumps(each)}" for name, each in value.items()]
    return " and ".join(tests)
