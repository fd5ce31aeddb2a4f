"""The attributes of a SAML assertion: those that describe the role session, and those that become condition keys.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml_assertions.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from carnet.identity.caller import VouchedSession
from carnet.policy.context_keys import is_multivalued
from carnet.policy.request import Value
from carnet.saml.refusals import SESSION_NAME_INVALID, SESSION_NAME_MISSING, SOURCE_IDENTITY_INVALID, invalid

if TYPE_CHECKING:
    from carnet.saml.assertion import Assertion

_AWS = "https://aws.amazon.com/SAML/Attributes/"
_TAG = f"{_AWS}PrincipalTag:"
_NAME = re.compile(r"[a-zA-Z_0-9+=,.@-]{2,64}", re.ASCII)
_SECONDS = re.compile(r"[0-9]{3,5}", re.ASCII)
_LEAST_SECONDS, _MOST_SECONDS = 900, 43_200

_EDU_PERSON, _EDU_ORG = "urn:oid:1.3.6.1.4.1.5923.1.1.1", "urn:oid:1.3.6.1.4.1.5923.1.2.1"
_CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"
_KEYS: Mapping[str, str] = {
    f"{_EDU_PERSON}.1": "saml:edupersonaffiliation",
    f"{_EDU_PERSON}.2": "saml:edupersonnickname",
    f"{_EDU_PERSON}.3": "saml:edupersonorgdn",
    f"{_EDU_PERSON}.4": "saml:edupersonorgunitdn",
    f"{_EDU_PERSON}.5": "saml:edupersonprimaryaffiliation",
    f"{_EDU_PERSON}.6": "saml:edupersonprincipalname",
    f"{_EDU_PERSON}.7": "saml:edupersonentitlement",
    f"{_EDU_PERSON}.8": "saml:edupersonprimaryorgunitdn",
    f"{_EDU_PERSON}.9": "saml:edupersonscopedaffiliation",
    f"{_EDU_PERSON}.10": "saml:edupersontargetedid",
    f"{_EDU_PERSON}.11": "saml:edupersonassurance",
    f"{_EDU_ORG}.2": "saml:eduorghomepageuri",
    f"{_EDU_ORG}.3": "saml:eduorgidentityauthnpolicyuri",
    f"{_EDU_ORG}.4": "saml:eduorglegalname",
    f"{_EDU_ORG}.5": "saml:eduorgsuperioruri",
    f"{_EDU_ORG}.6": "saml:eduorgwhitepagesuri",
    "urn:oid:2.5.4.3": "saml:cn",
    f"{_CLAIMS}/name": "saml:name",
    "http://schemas.xmlsoap.org/claims/CommonName": "saml:commonName",
    f"{_CLAIMS}/givenname": "saml:givenName",
    f"{_CLAIMS}/surname": "saml:surname",
    f"{_CLAIMS}/emailaddress": "saml:mail",
    "http://schemas.microsoft.com/ws/2008/06/identity/claims/primarygroupsid": "saml:primaryGroupSID",
    "2.5.4.3": "saml:commonName",
    "2.5.4.4": "saml:surname",
    "2.4.5.42": "saml:givenName",  # as in AWS's table
    "2.5.4.42": "saml:givenName",
    "2.5.4.45": "saml:x500UniqueIdentifier",
    "0.9.2342.19200300.100.1.1": "saml:uid",
    "0.9.2342.19200300.100.1.3": "saml:mail",
    "0.9.2342.19200300.100.1.45": "saml:organizationStatus",
}
"""Name of an attribute to its condition key. If two attributes have the same key, the first one is used."""


def roles_of(assertion: Assertion) -> Iterator[frozenset[str]]:
    """The pairs of a role's and a provider's ARN, which may be in either order."""
    for value in assertion.attributes.get(f"{_AWS}Role", ()):
        first, comma, second = value.partition(",")
        if comma:
            yield frozenset((first.strip(), second.strip()))


def session_of(assertion: Assertion, now_ms: int) -> VouchedSession:
    """The session that an assertion describes; raises Refused, with AWS's sentences."""
    ends = [now_ms + 1000 * seconds for seconds in _seconds(assertion)]
    if assertion.session_end is not None:
        ends.append(int(assertion.session_end.timestamp() * 1000))
    return VouchedSession(
        name=_session_name(assertion),
        tags=_tags(assertion),
        transitive_tag_keys=assertion.attributes.get(f"{_AWS}TransitiveTagKeys", ()),
        source_identity=_source_identity(assertion),
        not_after_ms=min(ends, default=None),
    )


def attribute_keys(assertion: Assertion) -> dict[str, Value]:
    """The condition keys from the attributes of an assertion."""
    keys: dict[str, Value] = {}
    for name, values in assertion.attributes.items():
        key = _KEYS.get(name)
        if key is not None and values and key not in keys:
            keys[key] = values if is_multivalued(key) else values[0]
    return keys


def _session_name(assertion: Assertion) -> str:
    values = assertion.attributes.get(f"{_AWS}RoleSessionName", ())
    if not values:
        raise invalid(SESSION_NAME_MISSING)
    if len(values) > 1 or not _NAME.fullmatch(values[0]):
        raise invalid(SESSION_NAME_INVALID)
    return values[0]


def _source_identity(assertion: Assertion) -> str | None:
    values = assertion.attributes.get(f"{_AWS}SourceIdentity", ())
    if not values:
        return None
    if len(values) > 1 or not _NAME.fullmatch(values[0]):
        raise invalid(SOURCE_IDENTITY_INVALID)
    return values[0]


def _seconds(assertion: Assertion) -> Iterator[int]:
    """SessionDuration, which can only shorten the requested duration."""
    for value in assertion.attributes.get(f"{_AWS}SessionDuration", ()):
        if not _SECONDS.fullmatch(value) or not _LEAST_SECONDS <= int(value) <= _MOST_SECONDS:
            raise invalid(f"SessionDuration in AuthnResponse must be between {_LEAST_SECONDS} and {_MOST_SECONDS}")
        yield int(value)


def _tags(assertion: Assertion) -> dict[str, str]:
    """The session tags: one value each, an empty one if the attribute has none."""
    tags: dict[str, str] = {}
    for name, values in assertion.attributes.items():
        if name.startswith(_TAG):
            if len(values) > 1:
                raise invalid("A PrincipalTag attribute in AuthnResponse must have one value")
            tags[name.removeprefix(_TAG)] = values[0] if values else ""
    return tags
