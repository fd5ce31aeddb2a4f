"""The other side of SAML 2.0, in an environment of its own: OneLogin's python3-saml, and libxmlsec.

It reads what it is to do from standard input, as JSON, and tells what came of it.
"""

from __future__ import annotations

import base64
import json
import sys
from typing import Any
from urllib.parse import unquote_plus

import xmlsec  # type: ignore[import-not-found]  # of the environment that runs it
from lxml import etree
from onelogin.saml2.auth import OneLogin_Saml2_Auth  # type: ignore[import-not-found]
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser  # type: ignore[import-not-found]
from onelogin.saml2.utils import OneLogin_Saml2_Utils  # type: ignore[import-not-found]

_SAML = "urn:oasis:names:tc:SAML:2.0:assertion"


def _application(told: dict[str, Any], posted: dict[str, str]) -> Any:
    """A service provider, as a program that uses python3-saml sets it up: by the metadata of the identity provider."""
    keys = {"x509cert": told["certificate"], "privateKey": told["private"]} if "private" in told else {}
    settings = {
        "strict": True,
        "sp": {"entityId": told["audience"], "assertionConsumerService": {"url": told["acs"]}, **keys},
        "security": {
            "authnRequestsSigned": bool(keys),
            "wantAssertionsSigned": True,
            "wantNameId": True,
            "requestedAuthnContext": False,
            "rejectDeprecatedAlgorithm": True,
            "signatureAlgorithm": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            "digestAlgorithm": "http://www.w3.org/2001/04/xmlenc#sha256",
        },
    }
    read = OneLogin_Saml2_IdPMetadataParser.parse(told["metadata"])
    scheme, _, rest = told["acs"].partition("://")
    host, _, path = rest.partition("/")
    request = {
        "https": "on" if scheme == "https" else "off",
        "http_host": host,
        "script_name": f"/{path}",
        "get_data": {},
        "post_data": posted,
    }
    return OneLogin_Saml2_Auth(request, OneLogin_Saml2_IdPMetadataParser.merge_settings(settings, read))


def ask(told: dict[str, Any]) -> dict[str, Any]:
    """Where a browser is sent to sign in."""
    application = _application(told, {})
    return {"url": application.login(return_to=told["relay_state"]), "id": application.get_last_request_id()}


def take(told: dict[str, Any]) -> dict[str, Any]:
    """Who the application takes a person for by a response."""
    application = _application(told, {"SAMLResponse": told["response"], "RelayState": ""})
    application.process_response(request_id=told["id"])
    return {
        "errors": application.get_errors(),
        "reason": application.get_last_error_reason(),
        "name": application.get_nameid(),
        "attributes": application.get_attributes(),
    }


def answer(told: dict[str, Any]) -> dict[str, Any]:
    """A response whose assertion is signed, and encrypted for a service provider, by libxmlsec."""
    response = etree.fromstring(told["response"].encode())
    (assertion,) = response.findall(f"{{{_SAML}}}Assertion")
    _sign(assertion, told["private"], told["certificate"])
    holder = etree.SubElement(response, f"{{{_SAML}}}EncryptedAssertion")
    holder.append(assertion)
    _encrypt(assertion, told["recipient"], told["cipher"], told["transport"])
    return {"response": base64.b64encode(etree.tostring(response)).decode()}


def verify(told: dict[str, Any]) -> dict[str, Any]:
    """Whether an identity provider finds that the certificate has signed a query string, as it was sent."""
    fields = dict(part.partition("=")[::2] for part in told["query"].split("&"))
    signed = "&".join(f"{name}={fields[name]}" for name in ("SAMLRequest", "RelayState", "SigAlg"))
    signature, algorithm = (unquote_plus(fields[name]) for name in ("Signature", "SigAlg"))
    certificate = OneLogin_Saml2_Utils.format_cert(told["certificate"])
    good = OneLogin_Saml2_Utils.validate_binary_sign(
        signed, OneLogin_Saml2_Utils.b64decode(signature), certificate, algorithm
    )
    return {"good": good}


def verify_posted(told: dict[str, Any]) -> dict[str, Any]:
    """The same of a request that was posted, which is signed within."""
    xml = base64.b64decode(told["request"])
    certificate = OneLogin_Saml2_Utils.format_cert(told["certificate"])
    path = "/samlp:AuthnRequest/ds:Signature"
    return {"good": bool(OneLogin_Saml2_Utils.validate_sign(xml, cert=certificate, xpath=path))}


def _sign(assertion: Any, private: str, certificate: str) -> None:
    template = xmlsec.template.create(assertion, xmlsec.Transform.EXCL_C14N, xmlsec.Transform.RSA_SHA256, ns="ds")
    assertion.insert(1, template)
    reference = xmlsec.template.add_reference(template, xmlsec.Transform.SHA256, uri=f"#{assertion.get('ID')}")
    xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
    xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
    xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(template))
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(private, xmlsec.KeyFormat.PEM)
    context.key.load_cert_from_memory(certificate, xmlsec.KeyFormat.PEM)
    context.register_id(assertion, "ID")
    context.sign(template)


def _encrypt(assertion: Any, recipient: str, cipher: str, transport: str) -> None:
    manager = xmlsec.KeysManager()
    manager.add_key(xmlsec.Key.from_memory(recipient, xmlsec.KeyFormat.PEM))
    data = xmlsec.template.encrypted_data_create(
        assertion, getattr(xmlsec.Transform, cipher), type=xmlsec.EncryptionType.ELEMENT, ns="xenc"
    )
    xmlsec.template.encrypted_data_ensure_cipher_value(data)
    info = xmlsec.template.encrypted_data_ensure_key_info(data, ns="ds")
    key = xmlsec.template.add_encrypted_key(info, getattr(xmlsec.Transform, transport))
    xmlsec.template.encrypted_data_ensure_cipher_value(key)
    context = xmlsec.EncryptionContext(manager)
    bits = int("".join(filter(str.isdigit, cipher)))
    context.key = xmlsec.Key.generate(xmlsec.KeyData.AES, bits, xmlsec.KeyDataType.SESSION)
    context.encrypt_xml(data, assertion)


if __name__ == "__main__":
    told = json.load(sys.stdin)
    known = {"ask": ask, "take": take, "answer": answer, "verify": verify, "verify_posted": verify_posted}
    json.dump(known[told["do"]](told), sys.stdout)
