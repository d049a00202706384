"""What the server says of itself: configuration, resource types, schemas (RFC 7643, 5 to 7)."""

from __future__ import annotations

from typing import Any

from uar.demo.vendors.scim_names import CORE, ENTERPRISE, GROUP, MESSAGES, USER, Refusal, answer
from uar.demo.vendors.scim_switches import Switches
from uar.demo.vendors.scim_views import ROLE
from uar.demo.vendors.server import Request, Response
from uar.demo.vendors.store import Row, Store

CONFIG = ("ServiceProviderConfig", "ServiceProviderConfigs")
NAMES = (*CONFIG, "ResourceTypes", "Schemas")


def discovered(
    request: Request, parts: list[str], store: Store, switches: Switches, base: str
) -> Response:
    """Answer one of the three routes. Raises Refusal."""
    if switches.discovery == "absent":
        raise Refusal(404, "no such resource")
    if request.first("filter"):
        raise Refusal(403, "discovery cannot be filtered")
    if parts[0] in CONFIG:
        if (parts[0] == CONFIG[1]) != switches.plural_config or len(parts) > 1:
            raise Refusal(404, "no such resource")
        return answer(_config(switches, base))
    types = parts[0] == "ResourceTypes"
    rows = _types(store, switches, base) if types else _schemas(store, switches, base)
    if len(parts) > 1:
        wanted = ":".join(parts[1:]).lower()
        for row in rows:
            if row["id"].lower() == wanted:
                return answer(row)
        raise Refusal(404, "no such resource")
    if switches.bare_lists:
        return answer(rows)
    whole = {"schemas": [MESSAGES + "ListResponse"], "totalResults": len(rows)}
    return answer({**whole, "itemsPerPage": len(rows), "startIndex": 1, "Resources": rows})


def _config(switches: Switches, base: str) -> Row:
    kinds = {"bearer": "oauthbearertoken", "basic": "httpbasic"}
    kind = kinds.get(switches.auth, "oauth2")
    config: Row = {
        "schemas": [CORE + "ServiceProviderConfig"],
        "documentationUri": "https://example.test/scim",
        "patch": {"supported": switches.patch},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": switches.filters != "none", "maxResults": switches.max_results},
        "changePassword": {"supported": False},
        "sort": {"supported": switches.sort},
        "etag": {"supported": switches.etag},
        "authenticationSchemes": [
            {"type": kind, "name": "Token", "description": "A token", "primary": True}
        ],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": f"{base}/ServiceProviderConfig",
        },
    }
    if switches.announces_paging:
        config["pagination"] = {
            "cursor": switches.paging != "index",
            "index": switches.paging != "cursor",
            "defaultPaginationMethod": (
                switches.default_paging if switches.paging == "both" else switches.paging
            ),
            "defaultPageSize": switches.default_page,
            "maxPageSize": switches.max_results,
            "cursorTimeout": int(switches.cursor_seconds),
        }
    return config


def _types(store: Store, switches: Switches, base: str) -> list[Row]:
    extensions = [{"schema": ENTERPRISE, "required": False}]
    rows = [_type("User", "/Users", USER, base, schemaExtensions=extensions)]
    if switches.groups_route != "absent":
        rows.append(_type("Group", "/Groups", GROUP, base))
    if switches.roles_endpoint:
        rows.append(_type("Role", "/Roles", ROLE, base))
    others = store.table("types").values()
    return rows + [_type(each["name"], each["endpoint"], each["schema"], base) for each in others]


def _type(name: str, endpoint: str, schema: str, base: str, **more: Any) -> Row:
    meta = {"resourceType": "ResourceType", "location": f"{base}/ResourceTypes/{name}"}
    return {
        "schemas": [CORE + "ResourceType"],
        "id": name,
        "name": name,
        "description": name,
        "endpoint": endpoint,
        "schema": schema,
        **more,
        "meta": meta,
    }


def _schemas(store: Store, switches: Switches, base: str) -> list[Row]:
    mutability = "readOnly" if switches.roles_read_only else "readWrite"
    canonical = [row["value"] for row in store.table("roles").values()]
    user = [
        _attribute("userName", required=True, uniqueness="server"),
        _complex("name", ["formatted", "familyName", "givenName"]),
        *(_attribute(name) for name in ("displayName", "nickName", "title", "userType")),
        _attribute("active", "boolean"),
        _complex("emails", ["value", "display", "type"], multiValued=True),
        _complex(
            "groups", ["value", "$ref", "display", "type"], multiValued=True, mutability="readOnly"
        ),
        _complex("entitlements", ["value", "display", "type"], multiValued=True),
    ]
    if switches.roles != "absent":
        roles = _complex(
            "roles", ["value", "display", "type"], multiValued=True, mutability=mutability
        )
        if switches.canonical_roles and canonical:
            roles["subAttributes"][0]["canonicalValues"] = canonical
        user.append(roles)
    group = [
        _attribute("displayName", required=True),
        _complex("members", ["value", "$ref", "display", "type"], multiValued=True),
    ]
    enterprise = [
        *(
            _attribute(name)
            for name in ("employeeNumber", "costCenter", "organization", "division", "department")
        ),
        _complex("manager", ["value", "$ref", "displayName"]),
    ]
    others = [
        _schema(each["schema"], each["name"], group, base) for each in store.table("types").values()
    ]
    return [
        *others,
        _schema(USER, "User", user, base),
        _schema(ENTERPRISE, "EnterpriseUser", enterprise, base),
        _schema(GROUP, "Group", group, base),
    ]


def _schema(key: str, name: str, attributes: list[Row], base: str) -> Row:
    meta = {"resourceType": "Schema", "location": f"{base}/Schemas/{key}"}
    return {
        "schemas": [CORE + "Schema"],
        "id": key,
        "name": name,
        "description": name,
        "attributes": attributes,
        "meta": meta,
    }


def _attribute(name: str, kind: str = "string", **more: Any) -> Row:
    plain = {
        "name": name,
        "type": kind,
        "multiValued": False,
        "description": name,
        "required": False,
        "mutability": "readWrite",
        "returned": "default",
    }
    if kind == "string":
        plain |= {"caseExact": False, "uniqueness": "none"}
    return {**plain, **more}


def _complex(name: str, parts: list[str], **more: Any) -> Row:
    inner = [_part(name, part, **more) for part in parts]
    if more.get("multiValued") and name not in ("groups", "members"):
        inner.append(_part(name, "primary", **more))
    return {**_attribute(name, "complex", **more), "subAttributes": inner}


def _part(of: str, name: str, **more: Any) -> Row:
    # who somebody is and what a member is are for the server to say
    told = (of, name) in {
        ("manager", "displayName"), ("members", "display"), ("members", "type"), ("members", "$ref")
    }  # fmt: skip
    read_only = {"mutability": "readOnly"} if told or more.get("mutability") == "readOnly" else {}
    if name == "$ref":
        return _attribute(name, "reference", referenceTypes=["User", "Group"], **read_only)
    return _attribute(name, "boolean" if name == "primary" else "string", **read_only)
