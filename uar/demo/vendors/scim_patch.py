"""PATCH as RFC 7644, 3.5.2 has it, and as Okta and Entra send it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from uar.demo.vendors.scim_filter import Path, Test, path_of
from uar.demo.vendors.scim_names import ENTERPRISE, MESSAGES, Refusal, get, key_of
from uar.demo.vendors.scim_switches import Switches
from uar.demo.vendors.store import Row

MULTIPLE = frozenset(
    {"emails", "phonenumbers", "ims", "photos", "addresses", "entitlements", "roles"}
    | {"x509certificates", "members"}
)
READ_ONLY = frozenset({"id", "meta", "groups"})


def patched(row: Row, body: Row, switches: Switches) -> Row:
    """The row after all operations, or none of them. Raises Refusal."""
    operations = get(body, "Operations")
    named = get(body, "schemas") or []
    if MESSAGES + "PatchOp" not in named or not isinstance(operations, list) or not operations:
        raise Refusal(400, "this is no PatchOp", "invalidSyntax")
    changed = copy.deepcopy(row)
    for operation in operations:
        if not isinstance(operation, dict):
            raise Refusal(400, "an operation is an object", "invalidSyntax")
        _apply(changed, operation, switches)
    return changed


def _apply(row: Row, operation: Row, switches: Switches) -> None:
    verb = str(get(operation, "op")).lower()
    path, value = get(operation, "path"), get(operation, "value")
    if verb not in ("add", "replace", "remove"):
        raise Refusal(400, f"there is no operation {verb}", "invalidSyntax")
    if path:
        where = path_of(str(path))
        if where.attribute.lower() == "active":
            _insist(switches.patch_with_path, "active takes no path here", "invalidPath")
        _change(row, verb, where, value, switches)
        return
    if verb == "remove":
        raise Refusal(400, "remove needs a path", "noTarget")
    _insist(switches.patch_without_path, "a path is needed", "noTarget")
    if not isinstance(value, dict):
        raise Refusal(400, "without a path the value is an object", "invalidValue")
    for name, each in value.items():
        if name == ENTERPRISE and isinstance(each, dict):
            for inner, innermost in each.items():
                _change(row, verb, Path(ENTERPRISE, inner), innermost, switches)
        elif name != "schemas":
            _change(row, verb, path_of(name), each, switches)


def _change(row: Row, verb: str, path: Path, value: Any, switches: Switches) -> None:
    name = path.attribute.lower()
    if name in READ_ONLY or (name == "roles" and switches.roles_read_only):
        raise Refusal(400, f"{path.attribute} is read-only", "mutability")
    home = row
    if path.extension:
        home = row.setdefault(path.extension, {})
        if not path.attribute:
            _change_extension(row, verb, path.extension, value)
            return
    key = key_of(home, path.attribute)
    if path.test is not None:
        _change_some(home, key, verb, path, value, switches)
    elif path.part:
        whole = home.get(key)
        if not isinstance(whole, dict | None):
            raise Refusal(400, f"{key} has several values", "invalidPath")
        _set(home.setdefault(key, {}), path.part, verb, value)
    elif name in MULTIPLE:
        _change_list(home, key, verb, value, switches)
    else:
        _set(home, key, verb, _boolean(value, switches) if name == "active" else value)


def _change_extension(row: Row, verb: str, extension: str, value: Any) -> None:
    if verb == "remove":
        row.pop(extension)
    elif isinstance(value, dict):
        given = {name: each for name, each in value.items() if name != "schemas"}
        row[extension] = {**row[extension], **given}
    else:
        raise Refusal(400, "the value is an object", "invalidValue")


def _change_list(home: Row, key: str, verb: str, value: Any, switches: Switches) -> None:
    now = list(home.get(key) or [])
    given = [_whole(each) for each in (value if isinstance(value, list) else [value])]
    if verb == "remove":
        if value is None:
            home.pop(key, None)
            return
        _insist(switches.patch_removes_values, "remove takes no value", "invalidValue")
        gone = {get(each, "value") for each in given}
        home[key] = [each for each in now if get(each, "value") not in gone]
        return
    if any(get(each, "value") in (None, "") for each in given):
        raise Refusal(400, f"a value of {key} is missing", "invalidValue")
    kept = [] if verb == "replace" else now
    for each in given:
        kept = _with(kept, each)
    home[key] = kept


def _with(rows: list[Row], new: Row) -> list[Row]:
    def same(row: Row) -> bool:
        return all(get(row, name) == get(new, name) for name in ("value", "type"))

    if any(same(row) for row in rows):
        return rows
    if get(new, "primary") is True:
        rows = [{**row, "primary": False} if get(row, "primary") else row for row in rows]
    return [*rows, new]


def _change_some(
    home: Row, key: str, verb: str, path: Path, value: Any, switches: Switches
) -> None:
    assert path.test is not None
    if verb == "remove" and not path.part:
        _insist(switches.patch_value_path, "filters in paths are not supported", "invalidPath")
    rows = list(home.get(key) or [])
    matching: Callable[[Row], bool] = path.test
    if verb == "remove":
        home[key] = _without(rows, matching, path.part)
        return
    if not any(matching(row) for row in rows):
        if switches.patch_unmatched == "noTarget":
            raise Refusal(400, f"no value of {key} matches", "noTarget")
        rows.append({"type": "work"} if key.lower() != "members" else {})
        home[key] = [*rows[:-1], {**rows[-1], **_part(path.part, value)}]
        return
    home[key] = [{**row, **_part(path.part, value)} if matching(row) else row for row in rows]


def _without(rows: list[Row], test: Test, part: str) -> list[Row]:
    if not part:
        return [row for row in rows if not test(row)]
    return [
        {name: each for name, each in row.items() if not (test(row) and name == part)}
        for row in rows
    ]


def _part(part: str, value: Any) -> Row:
    if part:
        return {part: value}
    if not isinstance(value, dict):
        raise Refusal(400, "the value is an object", "invalidValue")
    return value


def _set(home: Row, name: str, verb: str, value: Any) -> None:
    key = key_of(home, name)
    if verb == "remove":
        home.pop(key, None)
    elif isinstance(value, dict) and isinstance(home.get(key), dict):
        home[key] = {**home[key], **value}
    else:
        home[key] = value


def _whole(value: Any) -> Row:
    return value if isinstance(value, dict) else {"value": value}


def _boolean(value: Any, switches: Switches) -> Any:
    if isinstance(value, list) and len(value) == 1:  # as some identity providers wrap it
        value = get(value[0], "value")
    if isinstance(value, str) and value.lower() in ("true", "false"):
        _insist(switches.patch_text_booleans, "active is a boolean", "invalidValue")
        return value.lower() == "true"
    if not isinstance(value, bool | None):
        raise Refusal(400, "active is a boolean", "invalidValue")
    return value


def _insist(switch: str, detail: str, scim_type: str) -> None:
    if switch == "rejected":
        raise Refusal(400, detail, scim_type)
