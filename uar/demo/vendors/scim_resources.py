"""Writes of SCIM: create, replace, patch and delete users and groups (RFC 7644, 3.3 to 3.6)."""

from __future__ import annotations

import uuid
from typing import Any

from uar.demo.vendors.front import Written
from uar.demo.vendors.scim_names import ENTERPRISE, Refusal, answer, get, key_of
from uar.demo.vendors.scim_patch import patched
from uar.demo.vendors.scim_switches import Switches
from uar.demo.vendors.scim_views import Views
from uar.demo.vendors.server import Request, Response
from uar.demo.vendors.store import Op, Row, Store, instant

KEPT = ("id", "_version", "_created", "_modified", "_schema", "_type", "_has_members")
NEVER_TAKEN = frozenset({"id", "meta", "groups", "schemas"})


class Resources:
    """The rows of one endpoint as one request may change them; hold the store's lock."""

    def __init__(self, store: Store, switches: Switches, views: Views, table: str) -> None:
        self._store = store
        self._switches = switches
        self._views = views
        self._table = table
        self._groups = table != "Users"

    def found(self, key: str) -> Row:
        """The row with this id. Raises Refusal 404."""
        row = self._store.table(self._table).get(key)
        if row is None:
            raise Refusal(404, f"Resource {key} not found")
        return row

    def create(self, request: Request) -> Written:
        """POST: 201 with the resource and its address."""
        row = self._taken(_object(request))
        self._insist_on_unique(row, "")
        now = instant()
        row |= {"id": str(uuid.uuid4()), "_version": 1, "_created": now, "_modified": now}
        row |= self._kind()
        members = self._members(row.pop("members", []))
        ops: list[Op] = [["put", self._table, row["id"], row]]
        ops += [["link", "members", row["id"], each] for each in members]
        shown = self._views.view(self._table, row, alone=True)
        if self._groups and "members" in shown:
            shown["members"] = [{"value": each} for each in members]
        location = {"Location": shown["meta"]["location"]}
        return Written(answer(shown, 201, **location), ops)

    def replace(self, request: Request, key: str) -> Written:
        """PUT: what is left out is cleared."""
        if not self._switches.put:
            raise Refusal(501, "PUT is not supported")
        before = self.found(key)
        self._insist_on_version(request, before)
        row = self._taken(_object(request))
        if self._switches.roles_read_only and not self._groups:
            row["roles"] = before.get("roles", [])
        self._insist_on_unique(row, key)
        return self._put(before, {**row, **{n: before[n] for n in KEPT if n in before}}, 200)

    def patch(self, request: Request, key: str) -> Written:
        """PATCH: all operations or none."""
        if not self._switches.patch:
            raise Refusal(501, "PATCH is not supported")
        before = self.found(key)
        self._insist_on_version(request, before)
        whole = dict(before)
        if self._groups:
            whole["members"] = [{"value": each} for each in self._now(key)]
        row = patched(whole, _object(request), self._switches)
        if not self._groups and not get(row, "userName"):
            raise Refusal(400, "userName is required", "invalidValue")
        self._insist_on_unique(row, key)
        return self._put(before, row, self._switches.patch_answer)

    def delete(self, request: Request, key: str) -> Written:
        """DELETE: 204; memberships go too."""
        if not self._switches.delete:
            raise Refusal(403, "DELETE is not allowed")
        self._insist_on_version(request, self.found(key))
        members = self._store.relation("members")
        ops: list[Op] = [["unlink", "members", key, each] for each in members.there.get(key, ())]
        ops += [["unlink", "members", each, key] for each in members.back.get(key, ())]
        return Written(Response(204), [*ops, ["del", self._table, key]])

    def _put(self, before: Row, row: Row, status: int) -> Written:
        key = before["id"]
        ops: list[Op] = []
        if self._groups:
            wanted, now = self._members(row.pop("members", [])), self._now(key)
            ops += [["link", "members", key, each] for each in wanted if each not in now]
            ops += [["unlink", "members", key, each] for each in now if each not in wanted]
        if ops or row != before:
            row = {**row, "_version": before["_version"] + 1, "_modified": instant()}
            ops.append(["put", self._table, key, row])
        if status == 204:
            return Written(Response(204), ops)
        shown = self._views.view(self._table, row, alone=True)
        if self._groups and "members" in shown:
            shown["members"] = [{"value": each} for each in wanted]
        return Written(answer(shown, status), ops)

    def _now(self, key: str) -> list[str]:
        return list(self._store.relation("members").there.get(key, ()))

    def _kind(self) -> Row:
        """What a row of a type of the company's own carries."""
        for each in self._store.table("types").values():
            if each["endpoint"].strip("/") == self._table:
                return {"_schema": each["schema"], "_type": each["name"], "_has_members": True}
        return {}

    def _taken(self, body: Row) -> Row:
        """What is taken of a body: known spellings, nothing read-only."""
        required = "displayName" if self._groups else "userName"
        name = get(body, required)
        if not isinstance(name, str) or not name:
            raise Refusal(400, f"{required} is required", "invalidValue")
        row = {key: value for key, value in body.items() if key not in NEVER_TAKEN}
        row.pop(key_of(row, required), None)
        if isinstance(row.get(ENTERPRISE), dict):
            manager = row[ENTERPRISE].get("manager")
            if isinstance(manager, str):
                row[ENTERPRISE] = {**row[ENTERPRISE], "manager": {"value": manager}}
        return {required: name, **{k: v for k, v in row.items() if not k.startswith("_")}}

    def _members(self, given: Any) -> list[str]:
        keys = [str(get(each, "value") if isinstance(each, dict) else each) for each in given or []]
        known = self._store.table("Users").keys() | self._store.table("Groups").keys()
        for key in keys if self._switches.unknown_members == "rejected" else ():
            if key not in known:
                raise Refusal(400, f"there is no member {key}", "invalidValue")
        return list(dict.fromkeys(keys))

    def _insist_on_unique(self, row: Row, key: str) -> None:
        if self._groups:
            return
        name = str(row.get("userName")).lower()
        for other in self._store.table("Users").values():
            if other["id"] != key and str(other["userName"]).lower() == name:
                raise Refusal(409, f"userName {row['userName']} is taken", "uniqueness")

    def _insist_on_version(self, request: Request, row: Row) -> None:
        wanted = request.headers.get("if-match", "*")
        if self._switches.etag and wanted not in ("*", self._views.version(row)):
            raise Refusal(412, "the resource has changed meanwhile")


def _object(request: Request) -> Row:
    kind = request.headers.get("content-type", "application/json").partition(";")[0]
    if kind not in ("application/scim+json", "application/json"):
        raise Refusal(415, f"{kind} is not understood here")
    try:
        body = request.json()
    except ValueError:
        raise Refusal(400, "the body is not JSON", "invalidSyntax") from None
    if not isinstance(body, dict):
        raise Refusal(400, "the body is an object", "invalidSyntax")
    return body
