"""What the server shows of what it knows, in the dialect that its switches speak."""

from __future__ import annotations

from typing import Any

from uar.demo.vendors.scim_names import ENTERPRISE, GROUP, USER, get
from uar.demo.vendors.scim_switches import Switches
from uar.demo.vendors.store import Row, Store

ROLE = "urn:ietf:params:scim:schemas:extension:2.0:Role"


class Views:
    """How one request sees the store; hold its lock."""

    def __init__(self, store: Store, switches: Switches, base: str) -> None:
        self._store = store
        self._switches = switches
        self._base = base

    def view(self, table: str, row: Row, *, alone: bool) -> Row:
        """One resource; `alone` says that it is not one of a list."""
        if table == "Users":
            return self._user(row)
        if table == "Groups":
            return self._group(row, alone=alone)
        return self._other(table, row, alone=alone)

    def version(self, row: Row) -> str:
        """The tag of a resource as it is now."""
        return f'W/"{row.get("_version", 1)}"'

    def members_of(self, group: Row) -> list[Row]:
        """The members of a group as SCIM shows them."""
        return [self._member(key) for key in self._store.seen("members", group["id"])]

    def _user(self, row: Row) -> Row:
        shown = self._common("Users", row, USER, "User")
        if self._switches.active == "absent":
            shown.pop("active", None)
        elif self._switches.active == "text" and isinstance(shown.get("active"), bool):
            shown["active"] = str(shown["active"])
        self._shape_roles(shown)
        self._shape_manager(shown)
        if ENTERPRISE in shown:
            shown["schemas"] = [*shown["schemas"], ENTERPRISE]
        if self._switches.user_groups:
            shown["groups"] = self._groups_of(row["id"])
        return shown

    def _group(self, row: Row, *, alone: bool) -> Row:
        shown = self._common("Groups", row, GROUP, "Group")
        return self._with_members(shown, row, alone=alone)

    def _other(self, table: str, row: Row, *, alone: bool) -> Row:
        shown = self._common(table, row, row.get("_schema", ROLE), row.get("_type", table[:-1]))
        if row.get("_has_members"):
            return self._with_members(shown, row, alone=alone)
        return shown

    def _with_members(self, shown: Row, row: Row, *, alone: bool) -> Row:
        where = self._switches.members
        if where == "inline" or (where == "one" and alone):
            shown["members"] = self.members_of(row)
        return shown

    def _common(self, table: str, row: Row, schema: str, name: str) -> Row:
        shown = {key: value for key, value in row.items() if not key.startswith("_")}
        meta: Row = {
            "resourceType": name,
            "created": row.get("_created"),
            "lastModified": row.get("_modified"),
            "location": f"{self._base}/{table}/{row['id']}",
        }
        if self._switches.etag:
            meta["version"] = self.version(row)
        return {**shown, "schemas": [schema], "id": self._id(row["id"]), "meta": meta}

    def _id(self, key: str) -> Any:
        return int(key) if self._switches.ids == "number" and key.isdigit() else key

    def _member(self, key: str) -> Row:
        group = self._store.table("Groups").get(key)
        row = group or self._store.table("Users").get(key, {})
        table = "Groups" if group else "Users"
        shown = {
            "value": self._id(key),
            "display": row.get("displayName") or row.get("userName"),
        }
        if self._switches.member_types:
            reference = f"{self._base}/{table}/{key}"
            shown |= {"$ref": reference, "type": "Group" if group else "User"}
        return shown

    def _groups_of(self, key: str) -> list[Row]:
        groups = self._store.table("Groups")
        direct = [each for each in self._store.seen_back("members", key) if each in groups]
        shown = [self._membership(groups[each], "direct") for each in direct]
        if self._switches.indirect_groups:
            known, waiting = set(direct), list(direct)
            while waiting:
                for outer in self._store.seen_back("members", waiting.pop()):
                    if outer in groups and outer not in known:
                        known.add(outer)
                        waiting.append(outer)
                        shown.append(self._membership(groups[outer], "indirect"))
        return shown

    def _membership(self, group: Row, how: str) -> Row:
        reference = f"{self._base}/Groups/{group['id']}"
        display = group.get("displayName")
        return {"value": self._id(group["id"]), "$ref": reference, "display": display, "type": how}

    def _shape_roles(self, shown: Row) -> None:
        roles = shown.get("roles") or []
        match self._switches.roles:
            case "absent":
                shown.pop("roles", None)
            case "texts":
                shown["roles"] = [get(each, "value") for each in roles]
            case "object":
                shown["roles"] = roles[0] if roles else None
            case "nonsense":
                shown["roles"] = 7

    def _shape_manager(self, shown: Row) -> None:
        extension = shown.get(ENTERPRISE)
        if not isinstance(extension, dict) or not isinstance(extension.get("manager"), dict):
            return
        key = str(extension["manager"].get("value"))
        name = self._store.table("Users").get(key, {}).get("displayName")
        extension = {name_: value for name_, value in extension.items() if name_ != "manager"}
        match self._switches.manager:
            case "object":
                extension["manager"] = {
                    "value": self._id(key),
                    "$ref": f"{self._base}/Users/{key}",
                    "displayName": name,
                }
            case "text":
                extension["manager"] = key
            case "managerId":
                extension["manager"] = {"managerId": key}
        shown[ENTERPRISE] = extension
