"""The endpoints by which a provisioner learns what the server supports: RFC 7644, section 4.

https://docs.aws.amazon.com/singlesignon/latest/developerguide/serviceproviderconfig.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from carnet.scim.calls import LONGEST_BODY, MOST_PER_PAGE, ScimCall
from carnet.scim.endpoints import Endpoint, Endpoints
from carnet.scim.patching import MOST_OPERATIONS
from carnet.scim.refusals import Refusal, missing
from carnet.scim.schemas import ResourceType, Schema
from carnet.services.operation import Parts

LIST_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
_SCHEMAS = "urn:ietf:params:scim:schemas:core:2.0:"
_BEARER = {
    "type": "oauthbearertoken",
    "name": "OAuth Bearer Token",
    "description": "Authentication scheme using the OAuth Bearer Token Standard",
    "specUri": "https://www.rfc-editor.org/info/rfc6750",
    "primary": True,
}


def discovery_of(types: tuple[ResourceType, ...]) -> tuple[Endpoints, Endpoints]:
    """The endpoints that describe these types: those that list all, and those for one."""
    schemas = {schema.id: _schema_shown(schema) for each in types for schema in each.schemas}
    shown = {each.name: _type_shown(each) for each in types}

    def list_schemas(call: ScimCall, parts: Parts, _: str | None) -> dict[str, Any]:
        return _list_answer(call, schemas.values())

    def get_schema(call: ScimCall, parts: Parts, schema: str | None) -> dict[str, Any]:
        return _one(schemas, schema)

    def list_resource_types(call: ScimCall, parts: Parts, _: str | None) -> dict[str, Any]:
        return _list_answer(call, shown.values())

    def get_resource_type(call: ScimCall, parts: Parts, name: str | None) -> dict[str, Any]:
        return _one(shown, name)

    return {
        ("GET", "ServiceProviderConfig"): Endpoint("ScimGetServiceProviderConfig", _configuration, writes=False),
        ("GET", "Schemas"): Endpoint("ScimListSchemas", list_schemas, writes=False),
        ("GET", "ResourceTypes"): Endpoint("ScimListResourceTypes", list_resource_types, writes=False),
    }, {
        ("GET", "Schemas"): Endpoint("ScimGetSchema", get_schema, writes=False),
        ("GET", "ResourceTypes"): Endpoint("ScimGetResourceType", get_resource_type, writes=False),
    }


def _configuration(call: ScimCall, parts: Parts, _: str | None) -> dict[str, Any]:
    return {
        "schemas": [f"{_SCHEMAS}ServiceProviderConfig"],
        "patch": {"supported": True},
        "bulk": {"supported": False, "maxOperations": MOST_OPERATIONS, "maxPayloadSize": LONGEST_BODY},
        "filter": {"supported": True, "maxResults": MOST_PER_PAGE},
        "changePassword": {"supported": False},
        "sort": {"supported": False},
        "etag": {"supported": False},
        "authenticationSchemes": [_BEARER],
    }


def _schema_shown(schema: Schema) -> dict[str, Any]:
    return {
        "schemas": [f"{_SCHEMAS}Schema"],
        "id": schema.id,
        "name": schema.name,
        "description": schema.description,
        "attributes": [each.shown() for each in schema.attributes],
        "meta": {"resourceType": "Schema", "location": f"/Schemas/{schema.id}"},
    }


def _type_shown(one: ResourceType) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "schemas": [f"{_SCHEMAS}ResourceType"],
        "id": one.name,
        "name": one.name,
        "description": one.schema.description,
        "endpoint": one.endpoint,
        "schema": one.schema.id,
        "meta": {"resourceType": "ResourceType", "location": f"/ResourceTypes/{one.name}"},
    }
    if one.extension is not None:
        shown["schemaExtensions"] = [{"schema": one.extension.id, "required": False}]
    return shown


def _list_answer(call: ScimCall, all_of_them: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """All: paging and sorting are ignored here, and a filter is refused, as RFC 7644 wants it."""
    if "filter" in call.query:
        raise Refusal(403, "These are not filtered.")
    resources = list(all_of_them)
    return {
        "schemas": [LIST_RESPONSE],
        "totalResults": len(resources),
        "itemsPerPage": len(resources),
        "startIndex": 1,
        "Resources": resources,
    }


def _one(shown: dict[str, dict[str, Any]], key: str | None) -> dict[str, Any]:
    if key not in shown:
        raise missing()
    return shown[key]
