"""Invented services with the traits that the eight real ones do not use, one for each protocol."""

from __future__ import annotations

from typing import Any

from carnet.models import Operation, Service

_SCALARS: dict[str, Any] = {
    "Text": {"type": "string"},
    "Number": {"type": "integer"},
    "Long": {"type": "long"},
    "Ratio": {"type": "double"},
    "Flag": {"type": "boolean"},
    "Blob": {"type": "blob"},
    "Moment": {"type": "timestamp"},
    "Iso": {"type": "timestamp", "timestampFormat": "iso8601"},
    "Epoch": {"type": "timestamp", "timestampFormat": "unixTimestamp"},
    "HttpDate": {"type": "timestamp", "timestampFormat": "rfc822"},
    "Numbers": {"type": "list", "member": {"shape": "Number"}},
    "Texts": {"type": "list", "member": {"shape": "Text"}},
    "NamedTexts": {"type": "list", "member": {"shape": "Text", "locationName": "entry"}},
    "FlatTexts": {"type": "list", "member": {"shape": "Text"}, "flattened": True},
    "FlatNamed": {"type": "list", "member": {"shape": "Text", "locationName": "Item"}, "flattened": True},
    "TextMap": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}},
    "FlatMap": {
        "type": "map",
        "flattened": True,
        "key": {"shape": "Text", "locationName": "Name"},
        "value": {"shape": "Number", "locationName": "Count"},
    },
    "Tree": {"type": "structure", "members": {"Leaf": {"shape": "Text"}, "Twigs": {"shape": "Trees"}}},
    "Trees": {"type": "list", "member": {"shape": "Tree"}},
}
_MEMBERS: dict[str, Any] = {
    **{name: {"shape": name} for name in _SCALARS if name != "Trees"},
    "Renamed": {"shape": "Text", "locationName": "wireName"},
}


def _service(protocol: str, shapes: dict[str, Any], operations: dict[str, Any]) -> Service:
    metadata = {
        "apiVersion": "2024-01-02",
        "endpointPrefix": "invented",
        "jsonVersion": "1.0",
        "protocol": protocol,
        "serviceId": "Invented",
        "signatureVersion": "v4",
        "targetPrefix": "Invented",
        "xmlNamespace": "https://invented.example/doc/",
    }
    description = {"metadata": metadata, "operations": operations, "shapes": {**_SCALARS, **shapes}}
    return Service.of("invented", description)


def _everything(protocol: str) -> Operation:
    """One operation that takes and answers one of every kind of shape."""
    operation = {
        "name": "Everything",
        "http": {"method": "POST", "requestUri": "/"},
        "input": {"shape": "Everything"},
        "output": {"shape": "Everything", "resultWrapper": "EverythingResult"},
    }
    shapes = {"Everything": {"type": "structure", "members": _MEMBERS}}
    return _service(protocol, shapes, {"Everything": operation}).operations["Everything"]


def _failing() -> Service:
    """A service of the query protocol with an error that tells more than a message.

    It has a member of every kind, but for flat lists and maps, of which nobody can tell an empty one from none.
    """
    told = {name: member for name, member in _MEMBERS.items() if not name.startswith("Flat")}
    trait = {"exception": True, "error": {"code": "Told", "httpStatusCode": 409, "senderFault": True}}
    shapes = {"ToldException": {"type": "structure", "members": {"message": {"shape": "Text"}, **told}, **trait}}
    operation = {
        "name": "Fail",
        "http": {"method": "POST", "requestUri": "/"},
        "errors": [{"shape": "ToldException"}],
    }
    return _service("query", shapes, {"Fail": operation})


def _in_ec2() -> Operation:
    """The same in the form of EC2, which has no maps, and whose names differ in a request and in an answer."""
    kept = ("Text", "Number", "Long", "Ratio", "Flag", "Blob", "Moment", "Iso", "Numbers", "Texts", "Tree", "Renamed")
    members = {name: _MEMBERS[name] for name in kept}
    members["Asked"] = {"shape": "Text", "locationName": "told", "queryName": "AskedOf"}
    operation = {
        "name": "Everything",
        "http": {"method": "POST", "requestUri": "/"},
        "input": {"shape": "Everything"},
        "output": {"shape": "Everything"},
    }
    shapes = {"Everything": {"type": "structure", "members": members}}
    return _service("ec2", shapes, {"Everything": operation}).operations["Everything"]


QUERY_ERRORS = _failing()
QUERY = _everything("query")
EC2 = _in_ec2()
JSON = _everything("json")

_HEAD: dict[str, Any] = {
    "Id": {"shape": "Text", "location": "uri", "locationName": "id"},
    "Since": {"shape": "Moment", "location": "querystring", "locationName": "since"},
    "Deep": {"shape": "Flag", "location": "querystring", "locationName": "deep"},
    "Only": {"shape": "Texts", "location": "querystring", "locationName": "only"},
    "Expires": {"shape": "Moment", "location": "header", "locationName": "X-Expires"},
    "Count": {"shape": "Number", "location": "header", "locationName": "X-Count"},
    "Sizes": {"shape": "Numbers", "location": "header", "locationName": "X-Sizes"},
    "Extra": {"shape": "Text", "location": "header", "locationName": "X-Extra", "jsonvalue": True},
    "Notes": {"shape": "TextMap", "location": "headers", "locationName": "x-note-"},
}
_ANSWERED = {name: member for name, member in _HEAD.items() if member["location"].startswith("header")}


def _rest(name: str, payload: str | None, body: dict[str, Any]) -> Operation:
    trait = {"payload": payload} if payload else {}
    operation = {
        "name": name,
        "http": {"method": "PUT", "requestUri": f"/things/{{id}}/{name}", "responseCode": 201},
        "input": {"shape": "In"},
        "output": {"shape": "Out"},
    }
    shapes = {
        "In": {"type": "structure", "required": ["Id"], "members": {**_HEAD, **body}, **trait},
        "Out": {
            "type": "structure",
            "members": {**_ANSWERED, "Status": {"shape": "Number", "location": "statusCode"}, **body},
            **trait,
        },
        "Inner": {"type": "structure", "members": _MEMBERS},
    }
    return _service("rest-json", shapes, {name: operation}).operations[name]


REST_BODY = _rest("Body", None, _MEMBERS)
REST_STRUCTURE = _rest("Structure", "Content", {"Content": {"shape": "Inner"}})
REST_BLOB = _rest("Blob", "Content", {"Content": {"shape": "Blob"}})
REST_TEXT = _rest("Text", "Content", {"Content": {"shape": "Text"}})
