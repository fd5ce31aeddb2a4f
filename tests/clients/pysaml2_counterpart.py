"""The other side of SAML 2.0, in an environment of its own: pysaml2, with the program xmlsec1.

It reads what it is to do from standard input, as JSON, and tells what came of it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT  # type: ignore[import-not-found]  # of that environment
from saml2.client import Saml2Client  # type: ignore[import-not-found]
from saml2.config import IdPConfig, SPConfig  # type: ignore[import-not-found]
from saml2.metadata import create_metadata_string  # type: ignore[import-not-found]
from saml2.saml import NAMEID_FORMAT_UNSPECIFIED, NameID  # type: ignore[import-not-found]
from saml2.server import Server  # type: ignore[import-not-found]

_SIGNED = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_DIGEST = "http://www.w3.org/2001/04/xmlenc#sha256"
_PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"


def _common(told: dict[str, Any], directory: str) -> dict[str, Any]:
    for name in ("private", "certificate"):
        Path(directory, name).write_text(told[name])
    return {
        "entityid": told["entity_id"],
        "key_file": str(Path(directory, "private")),
        "cert_file": str(Path(directory, "certificate")),
        "xmlsec_binary": told["xmlsec1"],
        "metadata": {"inline": told["metadata"]},
        "accepted_time_diff": 120,
        "allow_unknown_attributes": True,
    }


def _application(told: dict[str, Any], directory: str) -> Any:
    service = {
        "endpoints": {"assertion_consumer_service": [(told["acs"], BINDING_HTTP_POST)]},
        "allow_unsolicited": False,
        "authn_requests_signed": told["signs"],
        "want_assertions_signed": True,
        "want_response_signed": False,
        "signing_algorithm": _SIGNED,
        "digest_algorithm": _DIGEST,
    }
    return Saml2Client(SPConfig().load({**_common(told, directory), "service": {"sp": service}}))


def _provider(told: dict[str, Any], directory: str) -> Any:
    service = {
        "endpoints": {"single_sign_on_service": [(told["sso"], BINDING_HTTP_REDIRECT)]},
        "signing_algorithm": _SIGNED,
        "digest_algorithm": _DIGEST,
    }
    return IdPConfig().load({**_common(told, directory), "service": {"idp": service}})


def ask(told: dict[str, Any], directory: str) -> dict[str, Any]:
    """Where a browser is sent to sign in."""
    client = _application(told, directory)
    request, http = client.prepare_for_authenticate(relay_state=told["relay_state"], sigalg=_SIGNED)
    return {"id": request, "url": dict(http["headers"])["Location"]}


def take(told: dict[str, Any], directory: str) -> dict[str, Any]:
    """Who the application takes a person for by a response."""
    client = _application(told, directory)
    try:
        response = client.parse_authn_request_response(
            told["response"], BINDING_HTTP_POST, outstanding={told["id"]: "/"}
        )
    except Exception as problem:  # it has one for each cause, and plain ones
        return {"refused": type(problem).__name__}
    return {"name": response.name_id.text, "attributes": response.ava}


def describe(told: dict[str, Any], directory: str) -> dict[str, Any]:
    """The metadata of an identity provider."""
    config = _provider(told, directory)
    return {"metadata": create_metadata_string(None, config=config, sign=False).decode()}


def answer(told: dict[str, Any], directory: str) -> dict[str, Any]:
    """What an identity provider answers the request with that a browser has brought, and for whom it was."""
    config = _provider(told, directory)
    server = Server(config=config)
    request = server.parse_authn_request(told["request"], BINDING_HTTP_REDIRECT)
    where = server.response_args(request.message)
    response = server.create_authn_response(
        {"https://aws.amazon.com/SAML/Attributes/AccessControl:team": ["blue"]},
        in_response_to=where["in_response_to"],
        destination=where["destination"],
        sp_entity_id=where["sp_entity_id"],
        name_id=NameID(format=NAMEID_FORMAT_UNSPECIFIED, text=told["name"]),
        authn={"class_ref": _PASSWORD, "authn_auth": told["entity_id"]},
        sign_assertion=told["signs"],
        sign_response=False,
        sign_alg=_SIGNED,
        digest_alg=_DIGEST,
    )
    return {"response": str(response), "destination": where["destination"]}


if __name__ == "__main__":
    told = json.load(sys.stdin)
    known = {"ask": ask, "take": take, "describe": describe, "answer": answer}
    with TemporaryDirectory() as directory:
        json.dump(known[told["do"]](told, directory), sys.stdout)
